// `toro size` as a picture beside the sources, with what has changed since it was shown the last time.
import * as vscode from 'vscode';
import { sizeArguments } from './command-line';
import { sizeMap, type SizeReport } from './size-map';
import { projectName, type Workbench } from './workbench';

export async function showSize(workbench: Workbench, state: vscode.Memento, project: string): Promise<void> {
  const name = projectName(project);
  const answer = await workbench.attempt(`Size of ${name}`, (attempt) => workbench.toro(project).query(sizeArguments(project, workbench.board.chosen), attempt));
  if (answer === undefined) {
    return;
  }
  const report = answer.answer as SizeReport;
  const key = `toro.size:${project}:${report.board}:${report.config}`;
  const panel = vscode.window.createWebviewPanel('toro.size', `Size of ${name}`, vscode.ViewColumn.Active);
  panel.webview.html = sizeMap(report, state.get<SizeReport>(key));
  await state.update(key, report);
}

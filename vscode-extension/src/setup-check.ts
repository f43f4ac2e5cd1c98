// One look at what is installed, after the editor's start: says what is missing in one list, installs nothing, blocks nothing.
import * as vscode from 'vscode';
import { missingTools, versionMismatch, type Diagnosis } from './doctor';
import { isProject } from './locate';
import { openedFolders, type Workbench } from './workbench';

/** Where the command is not found, only those are told whose folder needs it; the others asked for nothing yet. */
export async function checkSetup(workbench: Workbench, extensionVersion: string): Promise<void> {
  if (workbench.sdk() === undefined && !openedFolders().some(isProject)) {
    return;
  }
  const location = { location: vscode.ProgressLocation.Window, title: 'Toro: looking at what is installed' };
  const diagnosis = await vscode.window.withProgress(location, async () => (await workbench.toro().query(['doctor', '--json'], undefined, 'any')).answer as Diagnosis);
  const mismatch = versionMismatch(diagnosis, extensionVersion);
  if (mismatch !== undefined) {
    workbench.warn(mismatch, { 'Choose SDK…': 'toro.chooseSdk' });
    return;
  }
  const missing = missingTools(diagnosis);
  if (missing.length > 0) {
    workbench.warn(`Toro needs what is not installed: ${missing.join(', ')}. “toro setup” installs it, in a terminal.`, { 'Run toro setup': 'toro.setup', 'Show All': 'toro.doctor' });
    return;
  }
  await vscode.commands.executeCommand('setContext', 'toro.ready', true);
}

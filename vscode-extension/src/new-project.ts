// A project of the user's own from a sample: `toro new`, then the folder is opened with its main.cpp.
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import * as vscode from 'vscode';
import { newProjectArguments } from './command-line';
import { openedFolders, type Sample, type Workbench } from './workbench';

/** The project that was made a moment ago, in the window that opens it. */
const madeKey = 'toro.madeProject';

export async function newProject(workbench: Workbench, state: vscode.Memento, given?: Sample): Promise<void> {
  const toro = workbench.toro();
  const sample = given?.name ?? (await workbench.pickSample())?.name;
  if (sample === undefined) {
    return;
  }
  const suggestion = join(homedir(), 'toro', sample);
  const folder = await vscode.window.showInputBox({
    title: `Toro: new project from ${sample}`,
    prompt: 'The folder of the project, which must be new or empty; its name becomes the application’s.',
    value: suggestion,
    valueSelection: [suggestion.length - sample.length, suggestion.length],
    validateInput: (value) => (isAbsolute(value) ? undefined : 'An absolute path was expected.'),
  });
  if (folder === undefined) {
    return;
  }
  const made = await workbench.attempt(`New project ${folder}`, (attempt) => toro.query(newProjectArguments(folder, sample), attempt));
  if (made) {
    const { directory } = made.answer as { directory: string };
    await state.update(madeKey, directory);
    await vscode.commands.executeCommand('vscode.openFolder', vscode.Uri.file(directory));
  }
}

/** Shows what F5 will run. */
export async function welcomeProject(state: vscode.Memento): Promise<void> {
  const made = state.get<string>(madeKey);
  if (made === undefined || !openedFolders().includes(made)) {
    return;
  }
  await state.update(madeKey, undefined);
  const main = ['main.cpp', 'main.c'].map((name) => join(made, name)).find((file) => existsSync(file));
  if (main !== undefined) {
    await vscode.window.showTextDocument(vscode.Uri.file(main));
  }
}

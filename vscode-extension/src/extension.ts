// The entry: registers everything and runs nothing, so that the editor's start costs nothing.
import * as vscode from 'vscode';
import { buildArguments } from './command-line';
import { openConsole } from './console';
import { Debugging } from './debugging';
import { ToroError } from './toro';
import { projectName, Workbench } from './workbench';

let debugging: Debugging | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const workbench = new Workbench(context);
  debugging = new Debugging(workbench);
  const guests = debugging;
  const command = (name: string, work: () => Promise<unknown> | void, failure: string): vscode.Disposable =>
    vscode.commands.registerCommand(name, async () => {
      try {
        await work();
      } catch (error) {
        workbench.report(error, failure);
      }
    });
  context.subscriptions.push(
    guests.register(),
    command('toro.build', () => withProject(workbench, (project) => build(workbench, project)), 'Build'),
    command('toro.run', () => withProject(workbench, (project) => run(workbench, guests, project)), 'Run'),
    command('toro.debug', () => withProject(workbench, debug), 'Debug'),
    command('toro.openDump', openDump, 'Open Dump'),
    command('toro.selectBoard', () => workbench.board.select(workbench.toro()), 'Select Board'),
    command('toro.doctor', () => inTerminal(workbench, 'doctor'), 'Doctor'),
    command('toro.setup', () => inTerminal(workbench, 'setup'), 'Set Up'),
    command('toro.showLog', () => workbench.showLog(), 'Show Log'),
  );
}

export function deactivate(): Promise<void> | undefined {
  return debugging?.stop();
}

async function withProject(workbench: Workbench, work: (project: string) => Promise<unknown>): Promise<void> {
  const project = await workbench.project();
  if (project !== undefined) {
    await vscode.workspace.saveAll(false);
    await work(project);
  }
}

async function build(workbench: Workbench, project: string): Promise<void> {
  await workbench.attempt(`Building ${projectName(project)}`, async (attempt) => {
    const toro = workbench.toro(project);
    try {
      const { output } = await toro.query(buildArguments(project, workbench.board.chosen), attempt);
      workbench.showProblems(output, project);
    } catch (error) {
      if (error instanceof ToroError) {
        workbench.showProblems(error.output, project);
      }
      throw error;
    }
    vscode.window.setStatusBarMessage(`$(check) ${projectName(project)} is built`, 5000);
    await workbench.board.learnDefault(toro);
  });
}

async function run(workbench: Workbench, guests: Debugging, project: string): Promise<void> {
  const guest = guests.boot(project, {}, 'run');
  openConsole(`Toro: ${projectName(project)}`, guest);
  const { error } = await guest.ended;
  if (error) {
    throw error;
  }
  await workbench.board.learnDefault(workbench.toro(project));
}

async function debug(project: string): Promise<void> {
  await vscode.debug.startDebugging(vscode.workspace.getWorkspaceFolder(vscode.Uri.file(project)), {
    type: 'toro',
    request: 'launch',
    name: `Debug ${projectName(project)}`,
    sample: project,
  });
}

async function openDump(): Promise<void> {
  const chosen = await vscode.window.showOpenDialog({ title: 'Toro: the memory of a guest that panicked', filters: { 'Memory of a guest': ['dump'], 'All files': ['*'] } });
  const dump = chosen?.[0]?.fsPath;
  if (dump !== undefined) {
    await vscode.debug.startDebugging(undefined, { type: 'toro', request: 'launch', name: `Open ${projectName(dump)}`, dump });
  }
}

/** For people, not for parsing: in a shell, where the command can ask for a password and be called again. */
function inTerminal(workbench: Workbench, word: string): void {
  const command = workbench.toro().commandLine([word]);
  const name = 'Toro';
  const terminal = vscode.window.terminals.find((candidate) => candidate.name === name) ?? vscode.window.createTerminal({ name });
  terminal.show();
  terminal.sendText(command);
}

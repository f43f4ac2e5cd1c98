// The entry: registers everything, and runs nothing before the editor has started.
import * as vscode from 'vscode';
import { buildArguments } from './command-line';
import { openConsole, registerConsoleLinks } from './console';
import { Debugging } from './debugging';
import { registerKernelViews } from './kernel-views';
import { newProject, welcomeProject } from './new-project';
import { registerTestExplorer } from './test-explorer';
import { registerSamplesView } from './samples-view';
import { checkSetup } from './setup-check';
import { showSize } from './size-view';
import { registerTasks } from './tasks';
import { ToroError } from './toro';
import { chooseSdk, projectName, Workbench, type Sample } from './workbench';

let debugging: Debugging | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const workbench = new Workbench(context);
  debugging = new Debugging(workbench, context.extensionPath);
  const guests = debugging;
  const command = (name: string, work: (argument?: unknown) => Promise<unknown> | void, failure: string): vscode.Disposable =>
    vscode.commands.registerCommand(name, async (argument?: unknown) => {
      try {
        await work(argument);
      } catch (error) {
        workbench.report(error, failure);
      }
    });
  /** Of the sample that was clicked at, or of the project at hand. */
  const withProject = async (argument: unknown, work: (project: string) => Promise<unknown>): Promise<void> => {
    const project = (argument as Sample | undefined)?.directory ?? (await workbench.project());
    if (project !== undefined) {
      await vscode.workspace.saveAll(false);
      await work(project);
    }
  };
  context.subscriptions.push(
    guests.register(),
    registerSamplesView(workbench),
    registerTestExplorer(workbench, guests),
    registerTasks(workbench),
    registerKernelViews(guests, workbench.log),
    registerConsoleLinks(),
    command('toro.build', (argument) => withProject(argument, (project) => build(workbench, project)), 'Build'),
    command('toro.run', (argument) => withProject(argument, (project) => run(workbench, guests, project)), 'Run'),
    command('toro.debug', (argument) => withProject(argument, debug), 'Debug'),
    command('toro.size', (argument) => withProject(argument, (project) => showSize(workbench, context.workspaceState, project)), 'Size'),
    command('toro.newProject', (argument) => newProject(workbench, context.globalState, argument as Sample | undefined), 'New Project'),
    command('toro.openDump', (argument) => openDump(argument as string | undefined), 'Open Dump'),
    command('toro.selectBoard', () => workbench.board.select(workbench.toro()), 'Select Board'),
    command('toro.chooseSdk', chooseSdk, 'Choose SDK'),
    command('toro.doctor', () => inTerminal(workbench, 'doctor'), 'Doctor'),
    command('toro.setup', () => inTerminal(workbench, 'setup'), 'Set Up'),
    command('toro.walkthrough', () => openWalkthrough(context.extension.id), 'Get Started'),
    command('toro.showLog', () => workbench.showLog(), 'Show Log'),
  );
  // The editor's start is over by then.
  setImmediate(() => {
    void welcomeProject(context.globalState);
    checkSetup(workbench, (context.extension.packageJSON as { version: string }).version).catch((error: unknown) => workbench.report(error, 'Set-up'));
  });
}

export function deactivate(): Promise<void> | undefined {
  return debugging?.stop();
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

async function openDump(given: string | undefined): Promise<void> {
  const filters = { 'Memory of a guest': ['dump'], 'All files': ['*'] };
  const dump = given ?? (await vscode.window.showOpenDialog({ title: 'Toro: the memory of a guest that panicked', filters }))?.[0]?.fsPath;
  if (dump !== undefined) {
    await vscode.debug.startDebugging(undefined, { type: 'toro', request: 'launch', name: `Open ${projectName(dump)}`, dump });
  }
}

async function openWalkthrough(extension: string): Promise<void> {
  await vscode.commands.executeCommand('workbench.action.openWalkthrough', `${extension}#toro.start`, false);
}

/** For people, not for parsing: in a shell, where the command can ask for a password and be called again. */
function inTerminal(workbench: Workbench, word: string): void {
  const command = workbench.toro().commandLine([word]);
  const name = 'Toro';
  const terminal = vscode.window.terminals.find((candidate) => candidate.name === name) ?? vscode.window.createTerminal({ name });
  terminal.show();
  terminal.sendText(command);
}

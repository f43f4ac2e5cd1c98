// What all commands share: the log, the Problems view, the project at hand, and how a failure is told.
import { basename, dirname } from 'node:path';
import * as vscode from 'vscode';
import { BoardChoice } from './board';
import { hintFor, isAboutBoard } from './hints';
import { findProject, findToro, isProject } from './locate';
import { parseProblems, type Severity } from './problems';
import { Toro, ToroError, type Log } from './toro';

const severities: Record<Severity, vscode.DiagnosticSeverity> = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  note: vscode.DiagnosticSeverity.Information,
};

/** As `toro samples --json` lists them. */
export interface Sample {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly directory: string;
  readonly boards: readonly string[];
  readonly expect: readonly string[];
  readonly exit_status: number;
}

const lastCommandKey = 'toro.lastCommand';

/** A message that comes and goes within a moment only startles. */
const patienceMilliseconds = 1500;

/** What a running attempt listens to, and where it shows the tool's latest words. */
export interface Attempt {
  readonly cancellation: vscode.CancellationToken;
  readonly onOutput: Log;
}

/** A failure before there is a command line to show. */
export class SetupError extends Error {}

export class Workbench {
  readonly board: BoardChoice;
  private readonly channel = vscode.window.createOutputChannel('Toro', { log: true });
  private readonly diagnostics = vscode.languages.createDiagnosticCollection('toro');

  readonly log: Log = (line) => this.channel.info(line);

  constructor(private readonly context: vscode.ExtensionContext) {
    this.board = new BoardChoice(context.workspaceState);
    context.subscriptions.push(this.board, this.channel, this.diagnostics);
  }

  showLog(): void {
    this.channel.show();
  }

  /** The command for a project or the opened folders. */
  toro(project?: string): Toro {
    const setting = vscode.workspace.getConfiguration('toro').get<string>('path', '');
    const last = this.context.globalState.get(lastCommandKey, '');
    const command = findToro(setting, [...(project === undefined ? [] : [project]), ...openedFolders()], last);
    if (command === undefined) {
      const found = setting === '' ? 'neither above the opened folder nor in PATH' : `not at “${setting}” (setting toro.path)`;
      throw new SetupError(`The toro command was not found: ${found}. Choose the SDK’s folder.`);
    }
    if (command !== last) {
      void this.context.globalState.update(lastCommandKey, command);
    }
    return new Toro(command, this.log);
  }

  /** The folder of the SDK that the command belongs to, if there is one. */
  sdk(project?: string): string | undefined {
    try {
      return dirname(this.toro(project).command);
    } catch {
      return undefined;
    }
  }

  async samples(toro: Toro): Promise<Sample[]> {
    return (await toro.query(['samples', '--json'])).answer as Sample[];
  }

  /** The project of the file in the editor, then of the opened folder, then what the user picks; undefined when that is nothing. */
  async project(): Promise<string | undefined> {
    return this.projectAtHand() ?? (await this.pickSample())?.directory;
  }

  projectAtHand(): string | undefined {
    const document = vscode.window.activeTextEditor?.document.uri;
    const folders = openedFolders();
    if (document?.scheme === 'file') {
      const top = vscode.workspace.getWorkspaceFolder(document)?.uri.fsPath ?? dirname(document.fsPath);
      const project = findProject(dirname(document.fsPath), top);
      if (project !== undefined) {
        return project;
      }
    }
    return folders.find(isProject);
  }

  async pickSample(): Promise<Sample | undefined> {
    const samples = (await this.samples(this.toro())).map((sample) => ({
      label: sample.name,
      description: sample.title,
      detail: sample.description,
      sample,
    }));
    return (await vscode.window.showQuickPick(samples, { title: 'Toro: sample', matchOnDescription: true, matchOnDetail: true }))?.sample;
  }

  /** Replaces what a former build of the project left in the Problems view. */
  showProblems(output: string, project: string): void {
    const byFile = new Map<string, vscode.Diagnostic[]>();
    for (const problem of parseProblems(output, project)) {
      const start = new vscode.Position(problem.line - 1, problem.column - 1);
      const diagnostic = new vscode.Diagnostic(new vscode.Range(start, start), problem.message, severities[problem.severity]);
      const hint = hintFor(problem.message);
      diagnostic.source = problem.source;
      diagnostic.message = hint === undefined ? problem.message : `${problem.message}\n${hint}`;
      byFile.set(problem.file, [...(byFile.get(problem.file) ?? []), diagnostic]);
    }
    this.diagnostics.clear();
    byFile.forEach((diagnostics, file) => this.diagnostics.set(vscode.Uri.file(file), diagnostics));
  }

  /** Tells a failure in the tool's own words, with the command line; returns at once. */
  report(error: unknown, intention: string): void {
    const told = error instanceof ToroError ? `${error.words} — ${error.commandLine}` : error instanceof Error ? error.message : String(error);
    const hint = hintFor(error instanceof ToroError ? `${error.words}\n${error.output}` : told);
    const words = hint === undefined ? told : `${told} — ${hint}`;
    this.channel.error(`${intention}: ${words}`);
    const compilerErrors = error instanceof ToroError && parseProblems(error.output, '/').some((problem) => problem.severity === 'error');
    this.offer(vscode.window.showErrorMessage, `${intention}: ${words}`, {
      'Show Log': 'toro.showLog',
      ...(compilerErrors && { 'Show Problems': 'workbench.actions.view.problems' }),
      ...(words.includes('toro setup') && { 'Set Up…': 'toro.setup' }),
      ...(error instanceof SetupError && { 'Choose SDK…': 'toro.chooseSdk' }),
      ...(isAboutBoard(told) && { 'Select Board': 'toro.selectBoard' }),
    });
  }

  /** Tells what is no failure of something the user asked for; a button's command is what it does. */
  warn(words: string, buttons: Readonly<Record<string, string>>): void {
    this.channel.warn(words);
    this.offer(vscode.window.showWarningMessage, words, buttons);
  }

  private offer(show: (words: string, ...buttons: string[]) => Thenable<string | undefined>, words: string, buttons: Readonly<Record<string, string>>): void {
    void show(words, ...Object.keys(buttons)).then((button) => {
      const command = buttons[button ?? ''];
      if (command !== undefined) {
        void vscode.commands.executeCommand(command);
      }
    });
  }

  /** Runs `work`, with a cancellable progress message once it takes long. A cancelled failure is not told; undefined after any failure. */
  async attempt<T>(intention: string, work: (attempt: Attempt) => Promise<T>): Promise<T | undefined> {
    const cancellation = new vscode.CancellationTokenSource();
    let tell: Log = () => undefined;
    const working = work({ cancellation: cancellation.token, onOutput: (line) => tell(line) });
    const slow = setTimeout(() => {
      const options = { location: vscode.ProgressLocation.Notification, title: intention, cancellable: true };
      void vscode.window.withProgress(options, (progress, token) => {
        token.onCancellationRequested(() => cancellation.cancel());
        tell = (message) => progress.report({ message });
        return working.catch(() => undefined);
      });
    }, patienceMilliseconds);
    try {
      return await working;
    } catch (error) {
      if (!cancellation.token.isCancellationRequested) {
        this.report(error, `${intention} failed`);
      }
      return undefined;
    } finally {
      clearTimeout(slow);
      cancellation.dispose();
    }
  }
}

/** Where the user says the SDK is: kept in the settings of the user. */
export async function chooseSdk(): Promise<void> {
  const chosen = await vscode.window.showOpenDialog({ title: 'Toro: the folder of the SDK', canSelectFolders: true, canSelectFiles: false });
  if (chosen?.[0]) {
    await vscode.workspace.getConfiguration('toro').update('path', chosen[0].fsPath, vscode.ConfigurationTarget.Global);
  }
}

export function projectName(project: string): string {
  return basename(project);
}

export function openedFolders(): string[] {
  return (vscode.workspace.workspaceFolders ?? []).filter((folder) => folder.uri.scheme === 'file').map((folder) => folder.uri.fsPath);
}

// F5: completes the configuration, and gives each session its own guest.
import * as vscode from 'vscode';
import { basename, dirname } from 'node:path';
import { dumpArguments, runArguments, type GuestPurpose, type LaunchOptions } from './command-line';
import { openConsole } from './console';
import { checkDebugAdapter, LldbDap } from './lldb-dap';
import { findDebugAdapter } from './locate';
import type { Guest } from './toro';
import { projectName, SetupError, type Attempt, type Workbench } from './workbench';

interface LaunchConfiguration extends vscode.DebugConfiguration, LaunchOptions {
  readonly sample?: string;
  /** Instead of booting a guest. */
  readonly dump?: string;
}

export class Debugging implements vscode.DebugConfigurationProvider, vscode.DebugAdapterDescriptorFactory {
  private readonly guests = new Set<Guest>();

  constructor(private readonly workbench: Workbench) {}

  register(): vscode.Disposable {
    const everySample = { provideDebugConfigurations: () => this.provideAll() };
    return vscode.Disposable.from(
      vscode.debug.registerDebugConfigurationProvider('toro', this),
      vscode.debug.registerDebugConfigurationProvider('toro', everySample, vscode.DebugConfigurationProviderTriggerKind.Dynamic),
      vscode.debug.registerDebugAdapterDescriptorFactory('toro', this),
    );
  }

  /** Ends every guest; resolves when the last is gone. */
  async stop(): Promise<void> {
    await Promise.all([...this.guests].map((guest) => guest.stop()));
  }

  /** Builds and boots a project. The guest ends with its console, its session or the editor, whichever is first. */
  boot(project: string, options: LaunchOptions, purpose: GuestPurpose, attempt?: Attempt): Guest {
    const words = runArguments(project, { ...this.workbench.board.chosen, ...options }, purpose);
    const guest = this.start(project, words, attempt);
    const built = (): void => this.workbench.showProblems(guest.output.join('\n'), project);
    void guest.listening.then(built, built);
    return guest;
  }

  private start(project: string, words: readonly string[], attempt?: Attempt): Guest {
    const guest = this.workbench.toro(project).startGuest(words, attempt);
    this.guests.add(guest);
    void guest.ended.then(() => this.guests.delete(guest));
    return guest;
  }

  /** What a new launch.json starts with. */
  provideDebugConfigurations(): vscode.DebugConfiguration[] {
    return [{ type: 'toro', request: 'launch', name: 'Debug' }];
  }

  resolveDebugConfiguration(_folder: vscode.WorkspaceFolder | undefined, configuration: vscode.DebugConfiguration): vscode.DebugConfiguration {
    return { ...configuration, type: 'toro', request: configuration.request || 'launch', name: configuration.name || 'Debug' };
  }

  /** undefined when the user would not choose a sample: nothing starts. */
  async resolveDebugConfigurationWithSubstitutedVariables(
    _folder: vscode.WorkspaceFolder | undefined,
    configuration: vscode.DebugConfiguration,
  ): Promise<vscode.DebugConfiguration | undefined> {
    if (configuration.request === 'attach') {
      return { ...configuration, 'gdb-remote-port': configuration['port'], 'gdb-remote-hostname': configuration['host'] ?? '127.0.0.1' };
    }
    if (configuration['dump'] !== undefined) {
      return { internalConsoleOptions: 'neverOpen', ...configuration, stopOnEntry: true }; // nothing in it can run
    }
    try {
      const sample: string | undefined = configuration['sample'] ?? (await this.workbench.project());
      return sample === undefined ? undefined : { internalConsoleOptions: 'neverOpen', ...configuration, sample };
    } catch (error) {
      this.workbench.report(error, 'Debug');
      return undefined;
    }
  }

  createDebugAdapterDescriptor(session: vscode.DebugSession): vscode.DebugAdapterDescriptor {
    const command = debugAdapter();
    const configuration = session.configuration as LaunchConfiguration;
    const adapter = new LldbDap({
      command,
      log: this.workbench.log,
      boot: () => this.guestFor(configuration, command),
      report: (words) => this.workbench.report(new Error(words), `${command} could not connect to the guest`),
    });
    return new vscode.DebugAdapterInlineImplementation(adapter);
  }

  private async provideAll(): Promise<vscode.DebugConfiguration[]> {
    const samples = await this.workbench.samples(this.workbench.toro());
    return samples.map((sample) => ({ type: 'toro', request: 'launch', name: `Debug ${sample.name}`, sample: sample.directory }));
  }

  private guestFor(configuration: LaunchConfiguration, adapter: string): Promise<Guest | undefined> {
    const { dump, sample } = configuration;
    if (dump !== undefined) {
      const serve = (attempt: Attempt): Guest => this.start(sample ?? dirname(dump), dumpArguments(dump, sample), attempt);
      return this.workbench.attempt(`Open ${basename(dump)}`, (attempt) => listening(serve(attempt), adapter));
    }
    const project = sample ?? '';
    const name = projectName(project);
    return this.workbench.attempt(`Debug ${name}`, async (attempt) => {
      const guest = await listening(this.boot(project, configuration, 'debug', attempt), adapter);
      openConsole(`Toro: ${name}`, guest);
      void this.workbench.board.learnDefault(this.workbench.toro(project));
      return guest;
    });
  }
}

/** The guest, once a debugger can connect and there is one; else it ends. */
async function listening(guest: Guest, adapter: string): Promise<Guest> {
  try {
    await Promise.all([checkDebugAdapter(adapter), guest.listening]);
    return guest;
  } catch (error) {
    void guest.stop();
    throw error;
  }
}

function debugAdapter(): string {
  const setting = vscode.workspace.getConfiguration('toro').get('lldbDap', '');
  const path = findDebugAdapter(setting);
  if (path === undefined) {
    throw new SetupError(
      setting === ''
        ? 'No lldb-dap was found in PATH. “toro setup” installs it (Debian package lldb-22), or set toro.lldbDap.'
        : `The setting toro.lldbDap names “${setting}”, which is not a program.`,
    );
  }
  return path;
}

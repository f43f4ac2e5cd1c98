// F5: completes the configuration, and gives each session its own guest.
import * as vscode from 'vscode';
import { runArguments, type GuestPurpose, type LaunchOptions } from './command-line';
import { openConsole } from './console';
import { checkDebugAdapter, LldbDap } from './lldb-dap';
import { findDebugAdapter } from './locate';
import type { Guest } from './toro';
import { projectName, SetupError, type Attempt, type Workbench } from './workbench';

interface LaunchConfiguration extends vscode.DebugConfiguration, LaunchOptions {
  readonly sample: string;
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
    const toro = this.workbench.toro(project);
    const guest = toro.startGuest(runArguments(project, { ...this.workbench.board.chosen, ...options }, purpose), attempt);
    this.guests.add(guest);
    void guest.ended.then(() => this.guests.delete(guest));
    const built = (): void => this.workbench.showProblems(guest.output.join('\n'), project);
    void guest.listening.then(built, built);
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
      boot: () => this.bootForDebugger(configuration, command),
      report: (words) => this.workbench.report(new Error(words), `${command} could not connect to the guest`),
    });
    return new vscode.DebugAdapterInlineImplementation(adapter);
  }

  private async provideAll(): Promise<vscode.DebugConfiguration[]> {
    const samples = await this.workbench.samples(this.workbench.toro());
    return samples.map((sample) => ({ type: 'toro', request: 'launch', name: `Debug ${sample.name}`, sample: sample.directory }));
  }

  private bootForDebugger(configuration: LaunchConfiguration, adapter: string): Promise<Guest | undefined> {
    const project = configuration.sample;
    const name = projectName(project);
    return this.workbench.attempt(`Debug ${name}`, async (attempt) => {
      const adapterWorks = checkDebugAdapter(adapter);
      const guest = this.boot(project, configuration, 'debug', attempt);
      try {
        await Promise.all([adapterWorks, guest.listening]);
      } catch (error) {
        void guest.stop();
        throw error;
      }
      openConsole(`Toro: ${name}`, guest);
      void this.workbench.board.learnDefault(this.workbench.toro(project));
      return guest;
    });
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

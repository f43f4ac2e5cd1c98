// F5: completes the configuration, boots the guest, and tells lldb-dap where it listens.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import * as vscode from 'vscode';
import { runArguments, type GuestPurpose, type LaunchOptions } from './command-line';
import { openConsole } from './console';
import { LldbDap } from './lldb-dap';
import { findDebugAdapter } from './locate';
import type { Guest } from './toro';
import { projectName, SetupError, type Workbench } from './workbench';

interface LaunchConfiguration extends vscode.DebugConfiguration, LaunchOptions {
  readonly sample?: string;
  readonly stopOnEntry?: boolean;
}

interface AttachConfiguration extends vscode.DebugConfiguration {
  readonly program: string;
  readonly port: number;
  readonly host?: string;
  readonly stopOnEntry?: boolean;
}

/** The key that ties a session to the guest that was booted for it. */
const guestKey = '__toroGuest';

export class Debugging implements vscode.DebugConfigurationProvider, vscode.DebugAdapterDescriptorFactory {
  private readonly guests = new Map<string, Guest>();
  private count = 0;

  constructor(private readonly workbench: Workbench) {}

  register(): vscode.Disposable {
    return vscode.Disposable.from(
      vscode.debug.registerDebugConfigurationProvider('toro', this),
      vscode.debug.registerDebugConfigurationProvider('toro', { provideDebugConfigurations: () => this.provideAll() }, vscode.DebugConfigurationProviderTriggerKind.Dynamic),
      vscode.debug.registerDebugAdapterDescriptorFactory('toro', this),
      vscode.debug.onDidStartDebugSession((session) => this.endWithGuest(session)),
      vscode.debug.onDidTerminateDebugSession((session) => void this.guests.get(String(session.configuration[guestKey]))?.stop()),
    );
  }

  /** Ends every guest; resolves when the last is gone. */
  async stop(): Promise<void> {
    await Promise.all([...this.guests.values()].map((guest) => guest.stop()));
  }

  /** Builds and boots a project. The guest ends with its console, its session or the editor, whichever is first. */
  boot(project: string, options: LaunchOptions, purpose: GuestPurpose, cancellation?: vscode.CancellationToken): { guest: Guest; id: string } {
    const toro = this.workbench.toro(project);
    const guest = toro.startGuest(runArguments(project, { ...this.workbench.board.chosen, ...options }, purpose), cancellation);
    const id = String(++this.count);
    this.guests.set(id, guest);
    void guest.ended.then(() => this.guests.delete(id));
    const built = (): void => this.workbench.showProblems(guest.output.join('\n'), project);
    void guest.listening.then(built, built);
    return { guest, id };
  }

  provideDebugConfigurations(): vscode.DebugConfiguration[] {
    return [{ type: 'toro', request: 'launch', name: 'Toro: Debug' }];
  }

  private async provideAll(): Promise<vscode.DebugConfiguration[]> {
    const samples = await this.workbench.samples(this.workbench.toro());
    return samples.map((sample) => ({ type: 'toro', request: 'launch', name: `Debug ${sample.name}`, sample: sample.path }));
  }

  resolveDebugConfiguration(_folder: vscode.WorkspaceFolder | undefined, configuration: vscode.DebugConfiguration): vscode.DebugConfiguration {
    return { ...configuration, type: 'toro', request: configuration.request || 'launch', name: configuration.name || 'Toro: Debug' };
  }

  async resolveDebugConfigurationWithSubstitutedVariables(
    _folder: vscode.WorkspaceFolder | undefined,
    configuration: vscode.DebugConfiguration,
  ): Promise<vscode.DebugConfiguration | undefined> {
    if (configuration.request === 'attach') {
      const attach = configuration as AttachConfiguration;
      return { ...attach, 'gdb-remote-port': attach.port, 'gdb-remote-hostname': attach.host ?? '127.0.0.1' };
    }
    return this.launch(configuration as LaunchConfiguration);
  }

  async createDebugAdapterDescriptor(): Promise<vscode.DebugAdapterDescriptor> {
    return new vscode.DebugAdapterInlineImplementation(new LldbDap(debugAdapter(), this.workbench.log));
  }

  private async launch(configuration: LaunchConfiguration): Promise<vscode.DebugConfiguration | undefined> {
    const { name, sample, stopOnEntry = false } = configuration;
    const project = sample ?? (await this.workbench.project());
    if (project === undefined) {
      return undefined;
    }
    const title = projectName(project);
    return this.workbench.attempt(`Debugging ${title}`, async (cancellation) => {
      const adapterWorks = checkDebugAdapter();
      const { guest, id } = this.boot(project, configuration, 'debug', cancellation);
      try {
        await adapterWorks;
        const { host, port, elf } = await guest.listening;
        openConsole(`Toro: ${title}`, guest);
        void this.workbench.board.learnDefault(this.workbench.toro(project));
        return {
          type: 'toro',
          request: 'launch', // to the editor: Stop ends the guest; to lldb-dap: these commands make the process
          name,
          program: elf,
          launchCommands: [`?!gdb-remote ${host}:${port}`], // quiet, and a failure ends the session
          stopOnEntry,
          internalConsoleOptions: configuration.internalConsoleOptions ?? 'neverOpen',
          [guestKey]: id,
        };
      } catch (error) {
        await guest.stop();
        throw error;
      }
    });
  }

  /** A guest that ends takes its session along, also when the debugger has not noticed. */
  private endWithGuest(session: vscode.DebugSession): void {
    void this.guests.get(String(session.configuration[guestKey]))?.ended.then(() => vscode.debug.stopDebugging(session));
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

/** A debugger with a missing library says so here, in its own words, and not by a silent session. */
async function checkDebugAdapter(): Promise<void> {
  await promisify(execFile)(debugAdapter(), ['--version']);
}

// F5: completes the configuration, and gives each session its own guest.
import { basename, dirname, join } from 'node:path';
import * as vscode from 'vscode';
import { findAdapter, type Adapter, type DebuggerName } from './adapters';
import { dumpArguments, recordingArguments, runArguments, type GuestPurpose, type LaunchOptions } from './command-line';
import { openConsole } from './console';
import { checkDebugger, DebugSession } from './debug-session';
import type { Guest } from './toro';
import { projectName, type Attempt, type Workbench } from './workbench';

interface LaunchConfiguration extends vscode.DebugConfiguration, LaunchOptions {
  readonly sample?: string;
  readonly debugger?: DebuggerName;
  /** Instead of booting a guest. */
  readonly dump?: string;
  readonly record?: string;
  readonly replay?: string;
}

/** Where the tables of kernel objects are served. */
export interface TablesPlace {
  readonly host: string;
  readonly port: number;
}

export class Debugging implements vscode.DebugConfigurationProvider, vscode.DebugAdapterDescriptorFactory {
  private readonly guests = new Set<Guest>();
  private readonly sessions = new Map<string, { readonly adapter: DebugSession; readonly guest: Promise<Guest | undefined> }>();

  constructor(
    private readonly workbench: Workbench,
    private readonly extensionFolder: string,
  ) {}

  register(): vscode.Disposable {
    const everySample = { provideDebugConfigurations: () => this.provideAll() };
    return vscode.Disposable.from(
      vscode.debug.registerDebugConfigurationProvider('toro', this),
      vscode.debug.registerDebugConfigurationProvider('toro', everySample, vscode.DebugConfigurationProviderTriggerKind.Dynamic),
      vscode.debug.registerDebugAdapterDescriptorFactory('toro', this),
      vscode.debug.onDidTerminateDebugSession(({ id }) => this.sessions.delete(id)),
    );
  }

  /** Ends every guest; resolves when the last is gone. */
  async stop(): Promise<void> {
    await Promise.all([...this.guests].map((guest) => guest.stop()));
  }

  adapterOf(session: vscode.DebugSession): DebugSession | undefined {
    return this.sessions.get(session.id)?.adapter;
  }

  /** Nothing where the guest's command is not the extension's and its port was not said, and for QEMU's stub. */
  async tablesOf(session: vscode.DebugSession): Promise<TablesPlace | undefined> {
    const { configuration } = session;
    if (configuration.request === 'attach') {
      const port = configuration['tables'] as number | undefined;
      return port === undefined ? undefined : { host: (configuration['host'] as string | undefined) ?? '127.0.0.1', port };
    }
    const guest = await this.sessions.get(session.id)?.guest;
    const listening = await guest?.listening.catch(() => undefined);
    return listening?.tables === undefined ? undefined : { host: listening.host, port: listening.tables };
  }

  /** Builds and boots a project. The guest ends with its console, its session or the editor, whichever is first. */
  boot(project: string, options: LaunchOptions, purpose: GuestPurpose, attempt?: Attempt): Guest {
    return this.build(project, runArguments(project, this.completed(options), purpose), attempt);
  }

  private completed(options: LaunchOptions): LaunchOptions {
    return { ...this.workbench.board.chosen, ...options };
  }

  private build(project: string, words: readonly string[], attempt?: Attempt): Guest {
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
    try {
      this.adapterFor(configuration);
      if (configuration.request === 'attach') {
        return configuration;
      }
      if (configuration['dump'] !== undefined) {
        return { internalConsoleOptions: 'neverOpen', ...configuration, stopOnEntry: true }; // nothing in it can run
      }
      const sample = (configuration['sample'] as string | undefined) ?? (await this.workbench.project());
      return sample === undefined ? undefined : { internalConsoleOptions: 'neverOpen', ...configuration, sample };
    } catch (error) {
      this.workbench.report(error, 'Debug');
      return undefined;
    }
  }

  createDebugAdapterDescriptor(session: vscode.DebugSession): vscode.DebugAdapterDescriptor {
    const configuration = session.configuration as LaunchConfiguration;
    const program = this.adapterFor(configuration);
    let booted: (guest: Guest | undefined) => void = () => undefined;
    const guest = new Promise<Guest | undefined>((resolve) => (booted = resolve));
    const adapter = new DebugSession({
      adapter: program,
      log: this.workbench.log,
      boot: async () => {
        const started = await this.guestFor(configuration, program);
        booted(started);
        return started;
      },
      sdk: this.workbench.sdk(configuration.sample),
      report: (words) => this.workbench.report(new Error(`${words}${wayOut(configuration)}`), `${program.debugger} could not connect to the guest`),
    });
    this.sessions.set(session.id, { adapter, guest });
    return new vscode.DebugAdapterInlineImplementation(adapter);
  }

  private async provideAll(): Promise<vscode.DebugConfiguration[]> {
    const samples = await this.workbench.samples(this.workbench.toro());
    return samples.map((sample) => ({ type: 'toro', request: 'launch', name: `Debug ${sample.name}`, sample: sample.directory }));
  }

  private adapterFor(configuration: vscode.DebugConfiguration): Adapter {
    const settings = vscode.workspace.getConfiguration('toro');
    const name = (configuration['debugger'] as DebuggerName | undefined) ?? settings.get<DebuggerName>('debugger', 'lldb');
    const paths = { lldbDap: settings.get('lldbDap', ''), gdb: settings.get('gdb', '') };
    return findAdapter(name, paths, join(this.extensionFolder, 'dist/gdb-adapter.js'));
  }

  private guestFor(configuration: LaunchConfiguration, { debugger: program }: Adapter): Promise<Guest | undefined> {
    const { dump } = configuration;
    if (dump !== undefined) {
      return this.workbench.attempt(`Open ${basename(dump)}`, async (attempt) =>
        listening(this.start(dirname(dump), dumpArguments(dump, configuration.sample), attempt), program),
      );
    }
    const project = configuration.sample ?? '';
    const name = projectName(project);
    return this.workbench.attempt(`Debug ${name}`, async (attempt) => {
      const guest = await listening(this.guestOf(project, configuration, attempt), program);
      openConsole(`Toro: ${name}`, guest);
      void guest.ended.then(({ error }) => error && this.workbench.report(error, `The guest ${name} ended`));
      void this.workbench.board.learnDefault(this.workbench.toro(project));
      return guest;
    });
  }

  private guestOf(project: string, configuration: LaunchConfiguration, attempt: Attempt): Guest {
    for (const purpose of ['record', 'replay'] as const) {
      const file = configuration[purpose];
      if (file !== undefined) {
        return this.build(project, recordingArguments(project, this.completed(configuration), purpose, file), attempt);
      }
    }
    return this.boot(project, configuration, 'debug', attempt);
  }
}

function wayOut({ request, port }: vscode.DebugConfiguration): string {
  return request === 'attach' ? ` — A guest that “toro run --listen ${port as number}” started was expected there, without another debugger.` : '';
}

/** The guest, once a debugger can connect and there is one; else it ends. */
async function listening(guest: Guest, debuggerProgram: string): Promise<Guest> {
  try {
    await Promise.all([checkDebugger(debuggerProgram), guest.listening]);
    return guest;
  } catch (error) {
    void guest.stop();
    throw error;
  }
}

// The two debug adapters: LLVM's own lldb-dap, and GDB behind an adapter that comes with the extension.
import { join } from 'node:path';
import { findDebugAdapter, findGdb } from './locate';

export type DebuggerName = 'lldb' | 'gdb';

/** Where a debugger finds the guest, and what it runs. */
export interface Place {
  readonly host: string;
  readonly port: number;
  readonly elf: string;
}

export interface Start {
  /** The request that the adapter gets, whatever the editor's was. */
  readonly command: 'launch' | 'attach';
  readonly arguments: object;
}

export interface Wishes {
  /** The guest is the session's own, and ends with it. */
  readonly launched: boolean;
  readonly stopOnEntry: boolean;
  /** A recorded run, in which one can go back. */
  readonly replayed?: boolean;
  /** Where the debuggers' scripts are, if that is known. */
  readonly sdk?: string | undefined;
}

export interface Adapter {
  readonly name: DebuggerName;
  /** What the user knows it by, and what is asked for its version before anything is started. */
  readonly debugger: string;
  readonly command: string;
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly start: (place: Place, wishes: Wishes) => Start;
}

/** A guest on a busy host may be slow to answer. */
const answerSeconds = 60;

function lldbAdapter(lldbDap: string): Adapter {
  return {
    name: 'lldb',
    debugger: lldbDap,
    command: lldbDap,
    words: [],
    environment: {},
    start: ({ host, port, elf }, { launched, stopOnEntry }) => {
      const patience = `?settings set plugin.process.gdb-remote.packet-timeout ${answerSeconds}`; // ? is quiet
      return launched
        ? {
            command: 'launch',
            // With ! a failure ends the session.
            arguments: { program: elf, launchCommands: [patience, `?!gdb-remote ${host}:${port}`], stopOnEntry, enableAutoVariableSummaries: true },
          }
        : {
            command: 'attach',
            arguments: {
              program: elf, initCommands: [patience], stopOnEntry, enableAutoVariableSummaries: true,
              'gdb-remote-hostname': host, 'gdb-remote-port': port,
            },
          };
    },
  };
}

/**
 * What `toro debug` tells GDB too [sdk/debug/toro.gdb]; a step into a line goes past the C++ library, as LLDB's does; and the port is
 * there before GDB is: where nobody listens, nobody will.
 */
const gdbSettings = [
  'set debuginfod enabled off', 'set confirm off', 'set pagination off', `set remotetimeout ${answerSeconds}`, 'skip -rfunction ^std::',
  'set tcp auto-retry off',
];

function gdbAdapter(gdb: string, script: string): Adapter {
  return {
    name: 'gdb',
    debugger: gdb,
    command: process.execPath,
    words: [script],
    environment: { ELECTRON_RUN_AS_NODE: '1' },
    // To GDB every guest is one that runs already; the session's own is ended by the extension.
    start: ({ host, port, elf }, { stopOnEntry, replayed = false, sdk }) => ({
      command: 'attach',
      arguments: {
        program: elf, gdb, gdbAsync: true, stopOnEntry, replayed, target: { type: 'remote', host, port: String(port) },
        preConnectCommands: [...gdbSettings, ...(sdk === undefined ? [] : [`source ${join(sdk, 'sdk/debug/toro_gdb.py')}`])],
      },
    }),
  };
}

export interface AdapterSettings {
  readonly lldbDap: string;
  readonly gdb: string;
}

/** `script` is the extension's adapter for GDB. Throws a sentence when the debugger is not there. */
export function findAdapter(name: DebuggerName, settings: AdapterSettings, script: string): Adapter {
  const [setting, value, found] =
    name === 'lldb' ? ['toro.lldbDap', settings.lldbDap, findDebugAdapter(settings.lldbDap)] : ['toro.gdb', settings.gdb, findGdb(settings.gdb)];
  if (found === undefined) {
    const [program, debian] = name === 'lldb' ? ['lldb-dap', 'lldb-22'] : ['gdb', 'gdb'];
    throw new Error(
      value === ''
        ? `No ${program} was found in PATH. “toro setup” installs it (Debian package ${debian}), or set ${setting}.`
        : `The setting ${setting} names “${value}”, which is not a program.`,
    );
  }
  return name === 'lldb' ? lldbAdapter(found) : gdbAdapter(found, script);
}

// The debug adapters: how each is started, how it comes to a guest, and the few words in which they differ.
import { createRequire } from 'node:module';
import { readdirSync } from 'node:fs';

const require = createRequire(import.meta.url);

const newestLldbDap = () => readdirSync('/usr/bin').filter((name) => /^lldb-dap-\d+$/.test(name)).sort().at(-1);

export const backends = {
  lldb: {
    runtime: `/usr/bin/${newestLldbDap()}`,
    // The test client starts a program with one argument; this one changes nothing that is tested.
    executable: '--repl-mode=auto',
    launch: ({ host, port, elf }) => ({ program: elf, launchCommands: [`?!gdb-remote ${host}:${port}`] }),
    attach: ({ host, port, elf }) => ({ program: elf, 'gdb-remote-port': port, 'gdb-remote-hostname': host }),
    // A name alone is the expression of an address to it; so the variable is named as it is listed.
    watchable: async (session, name) => {
      const { reference, variables } = await session.scope(/^globals$/i);
      return { name: variables.find((one) => one.name === `::${name}`).name, variablesReference: reference };
    },
    dataBreakpointReason: /^(data breakpoint|breakpoint|watchpoint|exception)$/,
  },
  gdb: {
    runtime: process.execPath,
    executable: require.resolve('cdt-gdb-adapter/dist/debugTargetAdapter.js'),
    // It starts the command that boots the guest, and reads the port from its words.
    boots: true,
    launch: ({ toro, elf, words }) => ({
      program: elf,
      target: {
        server: toro,
        serverParameters: ['run', elf, '--listen', '0', '--wait', '--', ...words],
        serverPortRegExp: 'a debugger can connect to 127\\.0\\.0\\.1:([0-9]+)',
        portDetectionTimeout: 60_000,
      },
    }),
    attach: ({ host, port, elf }) => ({ program: elf, target: { type: 'remote', host, port: String(port) } }),
    watchable: async (session, name) => ({ name, frameId: (await session.frames())[0].id }),
    dataBreakpointReason: /^(data breakpoint|generic)$/, // a variable that is read
  },
};

// The sockets of a server that runs, over the network and over vsock, and the keys of a launch.json that lead to it.
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scenario, sdk } from './editor.mjs';

const view = 'Files and Sockets';
const folder = mkdtempSync(join(tmpdir(), 'toro-e2e-sockets-'));

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** A connection that has an answer, and stays. */
async function ask(port) {
  const connection = connect(port, '127.0.0.1');
  connection.write('GET / HTTP/1.1\r\nHost: toro\r\n\r\n');
  const [answer] = await once(connection, 'data');
  if (!answer.toString().startsWith('HTTP/1.1 200')) {
    throw new Error(`expected a page, found: ${answer}`);
  }
  return connection;
}

const kinds = [
  { name: 'Network', place: '80', prefix: '', listens: /TCP 0\.0\.0\.0:80\s*LISTEN · 0 of \d+ waiting · descriptor \d+/, established: /TCP 10\.0\.2\.15:80\s*ESTABLISHED · with 10\.0\.2\.2:\d+ · descriptor \d+/ },
  { name: 'Vsock', place: 'vsock:80', prefix: 'vsock:', listens: /vsock 3:80\s*LISTEN · 0 of \d+ waiting · descriptor \d+/, established: /vsock 3:80\s*ESTABLISHED · with 2:\d+ · descriptor \d+/ },
];

for (const debuggerName of ['lldb', 'gdb']) {
  const ports = await Promise.all(kinds.map(freePort));
  const configurations = kinds.map(({ name, place, prefix }, i) => ({
    type: 'toro', request: 'launch', name, sample: join(sdk, 'samples/static-web-server'), forward: [`${prefix}${ports[i]}:80`], arguments: [place],
  }));
  mkdirSync(join(folder, '.vscode'), { recursive: true });
  writeFileSync(join(folder, '.vscode/launch.json'), JSON.stringify({ version: '0.2.0', configurations }));
  await scenario(`sockets-${debuggerName}`, folder, kinds.map(({ name, place, listens, established }, i) => [`${name}: what listens, and who is connected`, async (editor) => {
    await editor.startDebugging(name);
    await editor.terminalShows(`serving at port ${place}`);
    const connection = await ask(ports[i]);
    await editor.pause();
    await editor.command('View: Show Run and Debug');
    await editor.openView(view);
    await editor.expandRow(view, 'Sockets');
    await editor.viewShows(view, listens);
    await editor.viewShows(view, established);
    await editor.screenshot(`sockets-${name.toLowerCase()}`);
    await editor.debugButton('stop');
    await editor.sessionEnded();
    await editor.noGuests();
    connection.destroy();
  }]), { 'toro.path': sdk, 'toro.debugger': debuggerName });
}
rmSync(folder, { recursive: true, force: true });

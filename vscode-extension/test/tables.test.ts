// The tables' port, with a server in the command's place.
import assert from 'node:assert/strict';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { test } from 'node:test';
import { TableClient } from '../src/tables';

async function serve(answer: (socket: Socket, question: string) => void): Promise<{ client: TableClient; connections: () => number; close: () => void }> {
  let connections = 0;
  const server = createServer((socket) => {
    ++connections;
    socket.on('data', (bytes) => bytes.toString().split('\n').slice(0, -1).forEach((question) => answer(socket, question)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { client: new TableClient('127.0.0.1', (server.address() as AddressInfo).port), connections: () => connections, close: () => server.close() };
}

test('all questions of a session go by one connection, answers come in their order', async () => {
  const { client, connections, close } = await serve((socket, name) => socket.write(`{"table":"${name}","rows":[{"is":"${name}"}]}\n`));
  const tables = await client.ask(['a', 'b']);
  assert.deepEqual([...tables].map(([name, { rows }]) => [name, rows[0]?.['is']]), [['a', 'a'], ['b', 'b']]);
  assert.equal((await client.ask([''])).get('')?.rows[0]?.['is'], '');
  assert.equal(connections(), 1);
  client.dispose();
  close();
});

test('a refusal is the command’s own sentence; what is no JSON is shown', async () => {
  const { client, close } = await serve((socket, name) => socket.write(name === 'x' ? '{"table":"x","error":"this one runs"}\n' : 'hello\n'));
  assert.equal((await client.ask(['x'])).get('x')?.error, 'this one runs');
  assert.match((await client.ask(['y'])).get('y')?.error ?? '', /JSON was expected: “hello”/);
  client.dispose();
  close();
});

test('a guest that ends leaves no question open', async () => {
  const { client, close } = await serve((socket) => socket.destroy());
  assert.match((await client.ask(['a'])).get('a')?.error ?? '', /ended|ECONNRESET/);
  close();
});

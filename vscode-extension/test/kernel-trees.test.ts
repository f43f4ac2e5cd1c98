import assert from 'node:assert/strict';
import { test } from 'node:test';
import { devicesTree, filesTree, genericRows, inBytes, memoryTree, otherTables, sameThread, threadsTree, type TreeNode } from '../src/kernel-trees';
import type { Row, Table } from '../src/tables';

const table = (...rows: Row[]): Table => ({ rows });
const words = (nodes: readonly TreeNode[]): string[] => nodes.map(({ label, description }) => `${label}: ${description ?? ''}`);

test('each core with its threads, the running one first', () => {
  const tables = new Map([
    ['cores', table({ core: '0', name: 'main', halted: 'no' }, { core: '1', name: 'idle/1', halted: 'yes' })],
    ['counters', table({ core: '0', interrupts: '42' })],
    [
      'threads',
      table(
        { id: '1', name: 'idle/0', core: '0', state: 'ready', 'waits for': '', 'stack size': '1000', 'stack used': '950' },
        { id: '2', name: 'main', core: '0', state: 'running', 'waits for': '', 'stack size': '1000', 'stack used': '31' },
        { id: '3', name: 'net', core: '1', state: 'blocked', 'waits for': 'a futex', 'stack size': '0', 'stack used': '0' },
      ),
    ],
  ]);
  const cores = threadsTree(tables);
  assert.deepEqual(words(cores), ['Core 0: runs main · 42 interrupts', 'Core 1: halted']);
  const own = cores[0]?.children ?? [];
  assert.deepEqual(words(own), ['main: running · stack 3 %', 'idle/0: ready · stack 95 %']);
  assert.deepEqual(words(cores[1]?.children ?? []), ['net: blocked, waits for a futex · stack 0 bytes']);
  assert.deepEqual(own.map(({ warning }) => warning), [false, true]);
  assert.deepEqual(own[0]?.thread, { id: 2, name: 'main' });
});

test('a guest that runs says so, once', () => {
  const error = { rows: [], error: 'a guest that stands was expected' };
  assert.deepEqual(words(threadsTree(new Map([['threads', error], ['cores', error]]))), ['a guest that stands was expected: ']);
});

test('a queue that contradicts itself is marked', () => {
  const row = { device: 'console', queue: '0', descriptors: '16', free: '12', 'in flight': '4', disagreement: '' };
  const queues = devicesTree(new Map([['virtqueues', table(row, { ...row, queue: '1', disagreement: 'the device used more than it was given' })], ['interrupts', table()]]))[0];
  assert.deepEqual(words(queues?.children ?? []), ['console queue 0: 4 in flight, 12 of 16 free', 'console queue 1: the device used more than it was given']);
  assert.deepEqual(queues?.children?.map(({ warning }) => warning), [false, true]);
});

test('heaps in the units of people, and what is both written and executed is marked', () => {
  const [heaps, mappings] = memoryTree(
    new Map([
      ['heaps', table({ core: '0', 'bytes used or kept': '1536', 'region bytes': '2097152', blocks: '3', 'peak bytes': '2048' })],
      ['mappings', table({ start: '0x1000', end: '0x2000', KiB: '4', rights: 'rwx' })],
    ]),
  );
  assert.deepEqual(words(heaps?.children ?? []), ['Core 0: 1.5 KiB of 2 MiB, 3 blocks, peak 2 KiB']);
  assert.deepEqual(words(mappings?.children ?? []), ['0x1000 – 0x2000: rwx 4 KiB']);
  assert.equal(mappings?.children?.[0]?.warning, true);
  assert.equal(inBytes(0), '0 bytes');
});

test('sockets by what one looks for; an image without any has no such group', () => {
  const mounts = table();
  const files = table({ descriptor: '0', kind: 'console' }, { descriptor: '3', kind: 'stream' }, { descriptor: '4', kind: 'file', type: 'regular', node: '12', mount: '/data', position: '5' });
  const listens = { protocol: 'TCP', state: 'LISTEN', 'local address': '0.0.0.0', 'local port': '80', 'remote address': '', 'remote port': '', descriptor: '3', 'receive queue': '', 'send queue': '', waiting: '1', backlog: '8' };
  const connected = { ...listens, state: 'ESTABLISHED', 'local address': '10.0.2.15', 'remote address': '10.0.2.2', 'remote port': '40112', descriptor: '', 'receive queue': '12', 'send queue': '0', retransmissions: '2' };
  const bound = { ...listens, protocol: 'UDP', state: '', 'remote address': '0.0.0.0', 'remote port': '0', 'local port': '53', descriptor: '4' };
  const [, open, sockets] = filesTree(new Map([['mounts', mounts], ['files', files], ['sockets', table(listens, connected, bound)]]));
  assert.deepEqual(words(open?.children ?? []), ['0: console', '3: stream', '4: regular 12 on /data, at 5']);
  assert.deepEqual(words(sockets?.children ?? []), [
    'TCP 0.0.0.0:80: LISTEN · 1 of 8 waiting · descriptor 3',
    'TCP 10.0.2.15:80: ESTABLISHED · with 10.0.2.2:40112 · 12 bytes to read · 2 sent again',
    'UDP 0.0.0.0:53: descriptor 4',
  ]);
  const none = { rows: [], error: 'the name of a table was expected' };
  assert.deepEqual(filesTree(new Map([['mounts', mounts], ['files', files], ['sockets', none]])).map(({ label }) => label), ['Mounts', 'Open Files']);
});

test('what a kernel serves beside that is listed by its own words', () => {
  const list = table({ Type: 'threads', Title: 'Threads' }, { Type: 'sockets', Title: 'Sockets', Description: 'Every socket' });
  assert.deepEqual(otherTables(list, ['threads']), [{ name: 'sockets', title: 'Sockets', about: 'Every socket' }]);
  assert.deepEqual(words(genericRows(table({ port: '80', state: 'open', peer: 'x' }))), ['port 80: state open, peer x']);
  assert.deepEqual(words(genericRows({ rows: [], error: 'no' })), ['no: ']);
});

test('a thread of the kernel is found among those of the debugger', () => {
  const wanted = { id: 2, name: 'main' };
  assert.deepEqual(sameThread(wanted, [{ id: 1, name: 'main' }, { id: 2, name: 'x' }], true), { id: 2, name: 'x' });
  assert.deepEqual(sameThread(wanted, [{ id: 2, name: 'idle/0' }, { id: 5, name: 'main (running)' }], false), { id: 5, name: 'main (running)' });
  assert.equal(sameThread(wanted, [{ id: 1, name: 'maintenance' }], false), undefined);
});

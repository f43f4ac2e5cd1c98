import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LineSplitter, parseEvent } from '../src/events';

test('events of toro run, and lines that are none', () => {
  assert.deepEqual(parseEvent('{"event":"listening","host":"127.0.0.1","port":4711,"elf":"/e","stub":"kernel"}'), {
    event: 'listening', host: '127.0.0.1', port: 4711, elf: '/e',
  });
  assert.deepEqual(parseEvent('{"event":"listening","host":"h","port":1,"elf":"/e","tables":2}'), { event: 'listening', host: 'h', port: 1, elf: '/e', tables: 2 });
  assert.deepEqual(parseEvent('{"event":"dump","file":"/d","elf":"/e"}'), { event: 'dump', file: '/d', elf: '/e' });
  assert.deepEqual(parseEvent('{"event":"exited","status":7}'), { event: 'exited', status: 7 });
  assert.deepEqual(parseEvent('{"event":"error","message":"no"}'), { event: 'error', message: 'no' });
  assert.deepEqual(parseEvent('{"event":"started","pid":1}'), { event: 'other' });
  assert.equal(parseEvent('{"event":'), undefined);
  assert.equal(parseEvent('{ "name": "x" }'), undefined);
  assert.equal(parseEvent('main.cpp:1:1: error: x'), undefined);
});

test('lines come whole, whatever the pieces, also when a piece ends within a letter', () => {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  const bytes = Buffer.from('grün\r\nzwei\nrest');
  bytes.forEach((byte) => splitter.push(Uint8Array.of(byte)));
  splitter.end();
  assert.deepEqual(lines, ['grün', 'zwei', 'rest']);
});

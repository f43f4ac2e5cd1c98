import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findAdapter } from '../src/adapters';

const place = { host: '127.0.0.1', port: 4711, elf: '/e' };
const program = '/bin/sh'; // any program stands in for a debugger

test('LLDB makes the session’s own guest its process, and attaches to another’s', () => {
  const adapter = findAdapter('lldb', { lldbDap: program, gdb: '' }, '/s');
  const own = adapter.start(place, { launched: true, stopOnEntry: true });
  assert.equal(own.command, 'launch');
  assert.match(JSON.stringify(own.arguments), /gdb-remote 127\.0\.0\.1:4711.*"stopOnEntry":true/);
  const another = adapter.start(place, { launched: false, stopOnEntry: false });
  assert.equal(another.command, 'attach');
  assert.match(JSON.stringify(another.arguments), /"gdb-remote-port":4711/);
});

test('GDB attaches to either, by the adapter that comes along', () => {
  const adapter = findAdapter('gdb', { lldbDap: '', gdb: program }, '/s');
  assert.deepEqual([adapter.command, adapter.words, adapter.debugger], [process.execPath, ['/s'], program]);
  for (const launched of [true, false]) {
    const start = adapter.start(place, { launched, stopOnEntry: false });
    assert.equal(start.command, 'attach');
    assert.match(JSON.stringify(start.arguments), /"gdb":"\/bin\/sh".*"target":\{"type":"remote","host":"127\.0\.0\.1","port":"4711"\}/);
  }
});

test('a debugger that is not there is a sentence and a way out', () => {
  assert.throws(() => findAdapter('gdb', { lldbDap: '', gdb: '/nowhere' }, ''), /toro\.gdb names “\/nowhere”, which is not a program/);
  const path = process.env['PATH'];
  process.env['PATH'] = '/nowhere';
  assert.throws(() => findAdapter('lldb', { lldbDap: '', gdb: '' }, ''), /No lldb-dap was found in PATH\. “toro setup” installs it/);
  process.env['PATH'] = path;
});

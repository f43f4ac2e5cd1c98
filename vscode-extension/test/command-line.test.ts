import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildArguments, dumpArguments, newProjectArguments, quoteCommand, recordingArguments, runArguments } from '../src/command-line';

test('build says only what was chosen', () => {
  assert.deepEqual(buildArguments('/s', {}), ['build', '/s', '--json']);
  assert.deepEqual(buildArguments('/s', { board: 'b', config: 'release' }), ['build', '/s', '--board', 'b', '--config', 'release', '--json']);
});

test('a debugger makes the guest listen and wait', () => {
  assert.deepEqual(runArguments('/s', {}, 'run'), ['run', '/s', '--json']);
  assert.deepEqual(runArguments('/s', {}, 'debug'), ['run', '/s', '--listen', '0', '--wait', '--json']);
  assert.deepEqual(runArguments('/s', { wait: false }, 'debug'), ['run', '/s', '--listen', '0', '--json']);
});

test('a dump is served for the debugger that the editor brings', () => {
  assert.deepEqual(dumpArguments('/d', undefined), ['debug', '--dump', '/d', '--debugger', 'none', '--json']);
  assert.deepEqual(dumpArguments('/d', 's'), ['debug', 's', '--dump', '/d', '--debugger', 'none', '--json']);
});

test('a list repeats its option; a stub is only for a debugger', () => {
  const options = { disks: ['64M', 'a.img:ro'], network: 'user', forward: ['8080:80', 'vsock:8081:80'], vsock: ['5432:/run/db', '7:7000'], share: ['/d:/data'], stub: 'qemu', accelerator: 'tcg', application: 'b', protocolLog: '/l' };
  const boot = ['--disk', '64M', '--disk', 'a.img:ro', '--net', 'user', '--forward', '8080:80', '--forward', 'vsock:8081:80', '--vsock', '5432:/run/db', '--vsock', '7:7000', '--share', '/d:/data'];
  assert.deepEqual(runArguments('/s', options, 'run'), ['run', '/s', '--application', 'b', ...boot, '--accel', 'tcg', '--protocol-log', '/l', '--json']);
  assert.deepEqual(runArguments('/s', { stub: 'qemu' }, 'debug'), ['run', '/s', '--stub', 'qemu', '--listen', '0', '--wait', '--json']);
});

test('a recording is made and run again by QEMU’s stub, for the debugger that the editor brings', () => {
  assert.deepEqual(recordingArguments('/s', { stub: 'kernel', arguments: ['5'] }, 'replay', '/r'), [
    'debug', '/s', '--replay', '/r', '--debugger', 'none', '--json', '--', '5',
  ]);
});

test('a new project', () => {
  assert.deepEqual(newProjectArguments('/n', 's'), ['new', '/n', '--from', 's', '--json']);
});

test('the arguments of main come last', () => {
  assert.deepEqual(runArguments('/s', { cores: 2, memory: '64M', arguments: ['-v', 'a b'] }, 'run'), [
    'run', '/s', '--cores', '2', '--memory', '64M', '--json', '--', '-v', 'a b',
  ]);
});

test('a command line can be pasted into a shell', () => {
  assert.equal(quoteCommand(['/a b/toro', 'run', "it's"]), "'/a b/toro' run 'it'\\''s'");
});

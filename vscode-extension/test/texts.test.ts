// Small readers of text: the console's lines, a logpoint's message, the doctor's answer, hints.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PanicFinder, sourceLinks } from '../src/console-text';
import { missingTools, versionMismatch, type Diagnosis } from '../src/doctor';
import { hintFor } from '../src/hints';
import { expressionsIn, filledIn } from '../src/log-message';
import { verdict } from '../src/sample-verdict';

test('places in a backtrace are links', () => {
  const line = '  #1 0x000000000010d2c7 inner at kernel/a.hpp:3, inlined into main at /work/own/main.cpp:14';
  assert.deepEqual(
    sourceLinks(line, '/sdk').map(({ start, length, file, line: row }) => [line.slice(start, start + length), file, row]),
    [['kernel/a.hpp:3', '/sdk/kernel/a.hpp', 3], ['/work/own/main.cpp:14', '/work/own/main.cpp', 14]],
  );
  assert.deepEqual(sourceLinks('round 1: Ada has 90 at noon', '/sdk'), []);
});

test('the words of a panic, whatever the pieces', () => {
  const finder = new PanicFinder();
  'hello\r\nPANIC: page fault reading 0x0: nothing is mapped there\r\nPANIC: another\n'.split('').forEach((letter) => finder.push(letter));
  assert.equal(finder.words, 'page fault reading 0x0: nothing is mapped there');
});

test('a logpoint’s expressions', () => {
  assert.deepEqual(expressionsIn('{amount} of {from.owner}, {}'), ['amount', 'from.owner']);
  assert.equal(filledIn('{amount} of {x}', new Map([['amount', '10']])), '10 of {x}');
});

const diagnosis: Diagnosis = {
  version: '0.1.3',
  sdk: '/sdk',
  tools: [
    { name: 'clang++-22', group: 'build', ok: true, package: 'clang-22', found: '22', wanted: 'any' },
    { name: 'qemu-system-x86_64', group: 'run', ok: false, package: 'qemu-system-x86', found: 'missing', wanted: '>= 7.2' },
    { name: 'gdb', group: 'debug', ok: false, package: 'gdb', found: '9.2', wanted: '>= 13.1' },
    { name: 'chromium', group: 'extension', ok: false, package: 'chromium', found: 'missing', wanted: 'any' },
  ],
};

test('what is missing for applications is one list', () => {
  assert.deepEqual(missingTools(diagnosis), ['qemu-system-x86', 'gdb (9.2 found, >= 13.1 wanted)']);
});

test('a command of another version says so', () => {
  assert.equal(versionMismatch(diagnosis, '0.1.0'), undefined);
  assert.match(versionMismatch(diagnosis, '0.2.0') ?? '', /\/sdk has version 0\.1\.3, this extension is for 0\.2/);
  const { version: _none, ...older } = diagnosis;
  assert.match(versionMismatch(older, '0.1.0') ?? '', /older than 0\.1/);
});

test('hints: the first rule that fits', () => {
  assert.match(hintFor('ld.lld: error: undefined symbol: main') ?? '', /needs a main/);
  assert.match(hintFor('ld.lld: error: undefined symbol: area(Shape)') ?? '', /toro_add_application/);
  assert.match(hintFor("fatal error: 'x.h' file not found") ?? '', /target_include_directories/);
  assert.match(hintFor('port 127.0.0.1:4711 was expected to be free: it is in use by another program') ?? '', /choose another in "forward"/);
  assert.match(hintFor('/ro/build was expected to be writable: Read-only file system') ?? '', /copy of the project/);
  assert.equal(hintFor('all is well'), undefined);
});

test('a sample is judged by its lines, in their order, and its status', () => {
  const expected = { expect: ['one', 'two'], exit_status: 7 };
  assert.equal(verdict(expected, 'one\ntwo\n', 7), undefined);
  assert.equal(verdict(expected, 'two\none\n', 7), 'the console was expected to say: two');
  assert.equal(verdict(expected, 'one two', 0), 'exit status 7 was expected, 0 was found');
  assert.equal(verdict(expected, 'one two', undefined), 'exit status 7 was expected, none was found');
});

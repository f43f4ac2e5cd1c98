import assert from 'node:assert/strict';
import { test } from 'node:test';
import { complaintIn, DapReader, fitToAdapter, fitToGuest, frame, refusal, StandingGuard, withoutDialog, type DapMessage } from '../src/dap-messages';

test('messages come whole, whatever the pieces', () => {
  const found: DapMessage[] = [];
  const reader = new DapReader((message) => found.push(message));
  const bytes = Buffer.concat([frame({ type: 'event', event: 'größe' }), frame({ type: 'request', command: 'next' })]);
  bytes.forEach((_, at) => reader.push(bytes.subarray(at, at + 1)));
  assert.deepEqual(found, [{ type: 'event', event: 'größe' }, { type: 'request', command: 'next' }]);
  reader.push(bytes);
  assert.equal(found.length, 4);
});

test('restart is the editor’s', () => {
  const capabilities = fitToGuest({ type: 'event', event: 'capabilities', body: { capabilities: { supportsRestartRequest: true, supportsModules: true } } });
  assert.deepEqual(capabilities.body, { capabilities: { supportsModules: true } });
});

test('no exceptions of a language that a guest does not have', () => {
  const body = { supportsStepBack: false, exceptionBreakpointFilters: [{ filter: 'cpp_throw' }, { filter: 'objc_throw' }] };
  assert.deepEqual(fitToGuest({ type: 'response', command: 'initialize', body }).body?.['exceptionBreakpointFilters'], [{ filter: 'cpp_throw' }]);
});

test('a breakpoint is on a line', () => {
  const request = fitToAdapter({ type: 'request', command: 'setBreakpoints', arguments: { source: { path: 'a' }, breakpoints: [{ line: 4, column: 1, logMessage: 'x' }] } });
  assert.deepEqual(request.arguments, { source: { path: 'a' }, breakpoints: [{ line: 4, logMessage: 'x' }] });
  const response = fitToGuest({ type: 'response', command: 'setBreakpoints', body: { breakpoints: [{ id: 1, line: 4, column: 9 }] } });
  assert.deepEqual(response.body, { breakpoints: [{ id: 1, line: 4 }] });
  const event = fitToGuest({ type: 'event', event: 'breakpoint', body: { reason: 'changed', breakpoint: { id: 1, line: 4, column: 9 } } });
  assert.deepEqual(event.body, { reason: 'changed', breakpoint: { id: 1, line: 4 } });
});

test('a register says which bits are set, a variable of its name does not', () => {
  const variables = [{ name: 'cr3', value: '0x18', evaluateName: '$cr3' }, { name: 'cr3', value: '0x18', evaluateName: 'cr3' }];
  const { body } = fitToGuest({ type: 'response', command: 'variables', success: true, body: { variables } });
  assert.deepEqual((body?.['variables'] as { value: string }[]).map(({ value }) => value), ['0x18 [PWT PCD]', '0x18']);
});

test('a pause is one, and no exception', () => {
  const stopped = (body: object): object => fitToGuest({ type: 'event', event: 'stopped', body: { threadId: 1, ...body } }).body ?? {};
  const paused = { threadId: 1, reason: 'pause', description: 'Paused' };
  assert.deepEqual(stopped({ reason: 'exception', description: 'signal SIGINT', text: 'signal SIGINT' }), paused);
  assert.deepEqual(stopped({ reason: 'SIGINT' }), paused);
  assert.deepEqual(stopped({ reason: 'exception', description: 'signal SIGSEGV' }), { threadId: 1, reason: 'exception', description: 'signal SIGSEGV' });
});

test('a guest that runs is asked for variables when it stands', () => {
  const passed: string[] = [];
  const guard = new StandingGuard(({ command }) => passed.push(command ?? ''));
  const ask = (command: string): void => guard.ask({ type: 'request', command });
  ask('scopes');
  ask('stepIn');
  ask('scopes');
  ask('threads');
  guard.told({ type: 'event', event: 'continued' });
  guard.told({ type: 'response', command: 'stepIn', success: true });
  ask('variables');
  assert.deepEqual(passed, ['scopes', 'stepIn', 'threads']);
  guard.told({ type: 'event', event: 'stopped' });
  assert.deepEqual(passed, ['scopes', 'stepIn', 'threads', 'scopes', 'variables']);
  ask('next');
  ask('scopes');
  guard.told({ type: 'response', command: 'next', success: false });
  assert.deepEqual(passed.slice(5), ['next', 'scopes']);
});

test('a guest that is about to run is paused when it does', () => {
  const passed: string[] = [];
  const guard = new StandingGuard(({ command }) => passed.push(command ?? ''));
  const ask = (command: string): void => guard.ask({ type: 'request', command });
  ask('pause'); // its first run is not one that the editor asked for
  ask('continue');
  ask('pause');
  guard.told({ type: 'response', command: 'continue', success: true });
  assert.deepEqual(passed, ['pause', 'continue']);
  guard.told({ type: 'event', event: 'continued' });
  ask('pause');
  assert.deepEqual(passed, ['pause', 'continue', 'pause', 'pause']);
});

test('a guest that stands need not be paused', () => {
  const refused = (format: string): DapMessage => ({ type: 'response', request_seq: 7, command: 'pause', success: false, body: { error: { format } } });
  assert.deepEqual(fitToGuest(refused('Process is not running.')), { type: 'response', request_seq: 7, command: 'pause', success: true });
  assert.equal(fitToGuest(refused('Halt timed out.')).success, false);
});

test('a failure has no body and is left alone', () => {
  const failure = { type: 'response', command: 'stackTrace', success: false };
  assert.equal(fitToGuest(failure), failure);
});

test('why a request was refused', () => {
  const failure = { type: 'response', success: false };
  assert.equal(refusal({ ...failure, body: { error: { format: 'no {what}', variables: { what: 'port' } } } }), 'no port');
  assert.equal(refusal({ ...failure, message: 'refused' }), 'refused');
  assert.equal(refusal(failure), 'no reason was given');
});

test('the debugger’s own words for a failed connection, and no dialog', () => {
  const output = '(lldb) gdb-remote 127.0.0.1:1\nerror: Failed to connect port\n';
  assert.equal(complaintIn({ type: 'event', event: 'output', body: { output } }), 'Failed to connect port');
  assert.equal(complaintIn({ type: 'event', event: 'output', body: { output: 'hello' } }), undefined);
  assert.deepEqual(withoutDialog({ type: 'response', success: false, message: 'no' }).body, { error: { id: 1, format: 'no', showUser: false } });
});

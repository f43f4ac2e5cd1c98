// Below the editor: the messages that the extension sends, to both debuggers' adapters and the same guest.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DapClient } from './dap-client.mjs';

const sdk = process.env.TORO_E2E_SDK;
const extension = join(import.meta.dirname, '../../vscode-extension');
const { findAdapter } = await import(join(extension, '../build/extension/adapters.mjs'));
const source = join(sdk, 'samples/debug-me/main.cpp');
const line = readFileSync(source, 'utf8').split('\n').findIndex((text) => text.includes('from.balance -= amount;')) + 1;

const guests = [];

/** Boots debug-me; `outcome` is the tool's exit status and what the console showed. */
async function boot(...options) {
  const guest = spawn(join(sdk, 'toro'), ['run', 'debug-me', '--listen', '0', '--json', ...options], { cwd: sdk });
  guests.push(guest);
  let console = '';
  guest.stdout.on('data', (bytes) => (console += bytes));
  const outcome = new Promise((resolve) => guest.once('close', (status) => resolve({ status, console })));
  const listening = new Promise((resolve, reject) => {
    createInterface(guest.stderr).on('line', (text) => text.startsWith('{"event":"listening"') && resolve(JSON.parse(text)));
    void outcome.then(({ status }) => reject(new Error(`toro run ended with status ${status} before it listened`)));
  });
  return { ...(await listening), outcome };
}

/** Initialises, starts and sets the breakpoint; resolves at the stop there. */
async function start(adapter, guest, wishes, breakpoint = {}) {
  const client = new DapClient(adapter);
  const initialized = client.event('initialized');
  await client.request('initialize', { adapterID: 'toro', pathFormat: 'path', linesStartAt1: true, columnsStartAt1: true });
  const { command, arguments: parameters } = adapter.start(guest, { stopOnEntry: false, ...wishes });
  const started = client.request(command, parameters);
  await Promise.race([initialized, started]);
  await initialized;
  const { breakpoints } = await client.request('setBreakpoints', { source: { path: source }, breakpoints: [{ line, ...breakpoint }] });
  assert.deepEqual(breakpoints.map((found) => [found.verified, found.line]), [[true, line]]);
  const stopped = client.event('stopped');
  await Promise.all([client.request('configurationDone'), started]);
  return { client, stop: await stopped };
}

async function locals(client, frameId) {
  const { scopes } = await client.request('scopes', { frameId });
  const { variables } = await client.request('variables', { variablesReference: scopes[0].variablesReference });
  return Object.fromEntries(variables.map(({ name, value }) => [name, value]));
}

/** Either adapter's word for it. */
const over = (client) => Promise.race([client.event('exited'), client.event('terminated')]);

const tests = {
  async 'launch: breakpoint, stack, locals, step, and the exit of main'(adapter) {
    const guest = await boot('--wait');
    const { client, stop } = await start(adapter, guest, { launched: true });
    assert.equal(stop.reason, 'breakpoint');
    const { stackFrames } = await client.request('stackTrace', { threadId: stop.threadId });
    assert.match(stackFrames[0].name, /^transfer/);
    assert.match(stackFrames[1].name, /^main/);
    assert.equal((await locals(client, stackFrames[0].id)).amount, '10');
    const { threads } = await client.request('threads');
    assert.ok(threads.some(({ name }) => name.includes('main')), `a thread named main in: ${threads.map(({ name }) => name)}`);

    const stepped = client.event('stopped');
    await client.request('next', { threadId: stop.threadId });
    assert.equal((await stepped).reason, 'step');
    const after = await client.request('stackTrace', { threadId: stop.threadId });
    assert.equal(after.stackFrames[0].line, line + 1);

    await client.request('setBreakpoints', { source: { path: source }, breakpoints: [] });
    const ended = over(client);
    await client.request('continue', { threadId: stop.threadId });
    await ended;
    await client.end();
    const { status, console } = await guest.outcome;
    assert.equal(status, 0);
    assert.match(console, /3 transfers, 150 in all/);
  },

  async 'a condition, and a logpoint that says a value'(adapter) {
    const guest = await boot('--wait');
    const { client, stop } = await start(adapter, guest, { launched: true }, { condition: 'amount == 30' });
    const { stackFrames } = await client.request('stackTrace', { threadId: stop.threadId });
    assert.equal((await locals(client, stackFrames[0].id)).amount, '30');
    await client.request('disconnect', { terminateDebuggee: true });
    await client.end();

    const second = await boot('--wait', '--', '2');
    const logger = new DapClient(adapter);
    const initialized = logger.event('initialized');
    await logger.request('initialize', { adapterID: 'toro', pathFormat: 'path', linesStartAt1: true, columnsStartAt1: true });
    const { command, arguments: parameters } = adapter.start(second, { launched: true, stopOnEntry: false });
    const started = logger.request(command, parameters);
    await initialized;
    await logger.request('setBreakpoints', { source: { path: source }, breakpoints: [{ line, logMessage: 'moves {amount}' }] });
    const ended = over(logger);
    await Promise.all([logger.request('configurationDone'), started]);
    await ended;
    await logger.end();
    const said = logger.events.filter(({ event }) => event === 'output').map(({ body }) => body.output).join('');
    assert.match(said, /moves 10\s[^]*moves 20\s/);
    assert.equal((await second.outcome).status, 0);
  },

  async 'attach and detach: the guest goes on to its end'(adapter) {
    const guest = await boot('--wait');
    const { client } = await start(adapter, guest, { launched: false });
    await client.request('disconnect', { terminateDebuggee: false });
    await client.end();
    const { status, console } = await guest.outcome;
    assert.equal(status, 0);
    assert.match(console, /3 transfers, 150 in all/);
  },
};

for (const name of ['lldb', 'gdb']) {
  const adapter = findAdapter(name, { lldbDap: '', gdb: '' }, join(extension, 'dist/gdb-adapter.js'));
  for (const [title, test] of Object.entries(tests)) {
    const begin = Date.now();
    try {
      await test(adapter);
      console.log(`  ok  ${name}: ${title} (${Date.now() - begin} ms)`);
    } catch (error) {
      console.error(`not ok dap: ${name}: ${title}\n${error.stack}`);
      guests.forEach((guest) => guest.kill('SIGTERM'));
      process.exit(1); // the adapter ends with its pipe
    }
  }
}
console.log('ok dap');

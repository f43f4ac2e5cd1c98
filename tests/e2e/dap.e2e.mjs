// Below the editor: the messages that the extension sends, to the same lldb-dap and the same guest.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DapClient } from './dap-client.mjs';

const sdk = process.env.TORO_E2E_SDK;
const source = join(sdk, 'samples/debug-me/main.cpp');
const line = readFileSync(source, 'utf8').split('\n').findIndex((text) => text.includes('from.balance -= amount;')) + 1;
const adapter = readdirSync('/usr/bin').filter((name) => /^lldb-dap-\d+$/.test(name)).sort().at(-1);

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
async function start(request, parameters) {
  const client = new DapClient(join('/usr/bin', adapter));
  const initialized = client.event('initialized');
  await client.request('initialize', { adapterID: 'toro', pathFormat: 'path' });
  const started = client.request(request, parameters);
  await initialized;
  const { breakpoints } = await client.request('setBreakpoints', { source: { path: source }, breakpoints: [{ line }] });
  assert.deepEqual(breakpoints.map((breakpoint) => [breakpoint.verified, breakpoint.line]), [[true, line]]);
  const stopped = client.event('stopped');
  await Promise.all([client.request('configurationDone'), started]);
  return { client, stop: await stopped };
}

async function locals(client, frameId) {
  const { scopes } = await client.request('scopes', { frameId });
  const { variables } = await client.request('variables', { variablesReference: scopes[0].variablesReference });
  return Object.fromEntries(variables.map(({ name, value }) => [name, value]));
}

const tests = {
  async 'launch: breakpoint, stack, locals, step, and the exit of main'() {
    const guest = await boot('--wait');
    const { client, stop } = await start('launch', { program: guest.elf, launchCommands: [`?!gdb-remote ${guest.host}:${guest.port}`] });
    assert.equal(stop.reason, 'breakpoint');
    const { stackFrames } = await client.request('stackTrace', { threadId: stop.threadId });
    assert.match(stackFrames[0].name, /^transfer\(/);
    assert.equal(stackFrames[1].name, 'main');
    assert.equal((await locals(client, stackFrames[0].id)).amount, '10');
    const { threads } = await client.request('threads');
    assert.ok(threads.some(({ name }) => name.includes('main')), `a thread named main in: ${threads.map(({ name }) => name)}`);

    const stepped = client.event('stopped');
    await client.request('next', { threadId: stop.threadId });
    assert.equal((await stepped).reason, 'step');
    const after = await client.request('stackTrace', { threadId: stop.threadId });
    assert.equal(after.stackFrames[0].line, line + 1);

    await client.request('setBreakpoints', { source: { path: source }, breakpoints: [] });
    const exited = client.event('exited');
    await client.request('continue', { threadId: stop.threadId });
    assert.equal((await exited).exitCode, 0);
    await client.end();
    const { status, console } = await guest.outcome;
    assert.equal(status, 0);
    assert.match(console, /3 transfers, 150 in all/);
  },

  async 'attach and detach: the guest goes on to its end'() {
    const guest = await boot('--wait');
    const { client } = await start('attach', { program: guest.elf, 'gdb-remote-port': guest.port, 'gdb-remote-hostname': guest.host });
    await client.request('disconnect', { terminateDebuggee: false });
    await client.end();
    const { status, console } = await guest.outcome;
    assert.equal(status, 0);
    assert.match(console, /3 transfers, 150 in all/);
  },

  async 'disconnect with terminateDebuggee ends the guest'() {
    const guest = await boot('--wait');
    const { client } = await start('launch', { program: guest.elf, launchCommands: [`?!gdb-remote ${guest.host}:${guest.port}`] });
    await client.request('disconnect', { terminateDebuggee: true });
    await client.end();
    assert.doesNotMatch((await guest.outcome).console, /3 transfers/);
  },
};

for (const [name, test] of Object.entries(tests)) {
  const begin = Date.now();
  try {
    await test();
    console.log(`  ok  ${name} (${Date.now() - begin} ms)`);
  } catch (error) {
    console.error(`not ok dap: ${name}\n${error.stack}`);
    guests.forEach((guest) => guest.kill('SIGTERM'));
    process.exit(1); // the adapter ends with its pipe
  }
}
console.log('ok dap');

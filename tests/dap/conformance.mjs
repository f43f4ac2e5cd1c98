// What the Debug Adapter Protocol offers, on a guest, by lldb-dap and by GDB: conformance.mjs [BACKEND...]
import assert from 'node:assert/strict';
import { backends } from './backends.mjs';
import { endAll, lineOf } from './guest.mjs';
import { left, mark } from './processes.mjs';
import { attached, launched } from './session.mjs';

const atFunction = (name) => (session) => session.ask('setFunctionBreakpoints', { breakpoints: [{ name }] });
const noFunctions = (session) => session.ask('setFunctionBreakpoints', { breakpoints: [] });
const atLine = (line, more = {}) => async (session) => {
  const { breakpoints } = await session.setLines({ line: lineOf(line), ...more });
  assert.equal(breakpoints.length, 1);
};

/** Where it stands: the function and the line. */
async function place(session) {
  const [frame] = await session.frames();
  return { name: (await session.functions())[0], line: frame.line, pc: frame.instructionPointerReference };
}

const numberOf = (variable) => Number(/-?(0x[0-9a-f]+|\d+)/i.exec(variable.value ?? variable.result)[0]);

/** Lets it run to its end; the end is told to the client. */
async function toTheEnd(session) {
  const ended = new Promise((done) => session.client.once('terminated', done));
  await session.ask('continue', { threadId: session.stop.threadId });
  await ended;
}

const tests = {
  async 'launch: breakpoint at a line, stack, exit'(backend) {
    const session = await launched(backend, ['walk'], atLine('first call'));
    assert.equal(session.stop.reason, 'breakpoint');
    assert.equal((await place(session)).line, lineOf('first call'));
    assert.match((await session.functions()).join(' '), /^outer .*walk.* main/);
    await session.setLines();
    await toTheEnd(session);
    return session;
  },

  async 'breakpoints: condition, hit count, log, function, instruction'(backend) {
    const session = await launched(backend, ['walk'], atLine('first call', { condition: 'number == 2' }));
    assert.equal(numberOf(await session.local('number')), 2);
    await atLine('return of outer', { hitCondition: '3' })(session);
    await session.step('continue');
    assert.equal(numberOf(await session.local('number')), 4);

    await session.setLines({ line: lineOf('second call'), logMessage: 'the log is written' });
    await atFunction('factorial')(session);
    await session.step('continue');
    assert.equal((await place(session)).name, 'factorial');
    assert.equal(session.output.match(/the log is written/g)?.length, 5, session.output);

    await session.setLines();
    await noFunctions(session);
    const { instructions } = await session.ask('disassemble', { memoryReference: (await place(session)).pc, instructionCount: 4 });
    const { breakpoints } = await session.ask('setInstructionBreakpoints', { breakpoints: [{ instructionReference: instructions[1].address }] });
    assert.equal(breakpoints[0].verified, true);
    await session.step('continue');
    assert.equal(BigInt((await place(session)).pc), BigInt(instructions[1].address));
    return session;
  },

  async 'steps: over, into, out, by instruction'(backend) {
    const session = await launched(backend, ['walk'], atLine('first call'));
    await session.setLines();
    await session.step('next');
    assert.equal((await place(session)).line, lineOf('second call'));
    await session.step('stepIn');
    assert.equal((await place(session)).name, 'inner');
    assert.equal(session.stop.reason, 'step');
    await session.step('stepOut');
    assert.equal((await place(session)).name, 'outer');
    const before = (await place(session)).pc;
    await session.step('next', { granularity: 'instruction' });
    const after = (await place(session)).pc;
    assert.ok(BigInt(after) > BigInt(before) && BigInt(after) - BigInt(before) < 16n, `${before} to ${after} was expected to be one instruction`);
    return session;
  },

  async 'threads: all by name, each with a stack'(backend) {
    const session = await launched(backend, ['threads', '3'], atFunction('all_are_waiting'));
    const { threads } = await session.ask('threads');
    for (const name of ['main', 'worker-0', 'worker-1', 'worker-2']) {
      const thread = threads.find((one) => one.name.includes(name));
      assert.ok(thread, `a thread named ${name} was expected in: ${threads.map((one) => one.name)}`);
      assert.ok((await session.frames(thread.id)).length > 1);
    }
    return session;
  },

  async 'scopes and variables: read, set, registers; evaluate'(backend) {
    const session = await launched(backend, ['walk'], atLine('first call', { condition: 'number == 3' }));
    const { reference, variables } = await session.scope(/^local/i);
    assert.deepEqual(variables.map(({ name }) => name).sort(), ['first', 'number', 'second']);
    await session.ask('setVariable', { variablesReference: reference, name: 'number', value: '7' });
    assert.equal(numberOf(await session.local('number')), 7);
    assert.equal(numberOf(await session.evaluate('number * 2 + 1')), 15);
    await session.evaluate('number = 9');
    assert.equal(numberOf(await session.evaluate('number')), 9);
    await session.step('next');
    assert.equal(numberOf(await session.local('first')), 19);
    assert.ok((await session.scopes()).some(({ name }) => /^registers$/i.test(name)));
    const refused = await session.evaluate('no_such_variable').then(({ result }) => /error|no symbol/i.test(result), () => true);
    assert.ok(refused);
    return session;
  },

  async 'memory and disassembly; pause'(backend) {
    const session = await launched(backend, ['beat'], atFunction('beat'));
    await noFunctions(session);
    await session.resume();
    await session.says(/beat 3/);
    await session.stopAfter(() => session.ask('pause', { threadId: session.stop.threadId }));
    const { pc } = await place(session);
    const { instructions } = await session.ask('disassemble', { memoryReference: pc, instructionOffset: 0, instructionCount: 8 });
    assert.equal(instructions.length, 8);
    assert.equal(BigInt(instructions[0].address), BigInt(pc));

    const address = /0x[0-9a-f]+/i.exec((await session.evaluate('&released')).result)[0];
    const read = async () => Buffer.from((await session.ask('readMemory', { memoryReference: address, count: 4 })).data, 'base64').readInt32LE();
    assert.equal(await read(), 0);
    await session.ask('writeMemory', { memoryReference: address, data: Buffer.from([1, 0, 0, 0]).toString('base64') });
    assert.equal(await read(), 1);
    await toTheEnd(session); // the guest sees what was written: it beats no more
    return session;
  },

  async 'data breakpoints: write and read'(backend) {
    const session = await launched(backend, ['touch'], atFunction('write_1'));
    await noFunctions(session);
    const watch = async (name, accessType) => {
      const { dataId } = await session.ask('dataBreakpointInfo', await backend.watchable(session, name));
      assert.ok(dataId, `${name} was expected to be watchable`);
      const { breakpoints } = await session.ask('setDataBreakpoints', { breakpoints: [{ dataId, accessType }] });
      assert.equal(breakpoints[0].verified, true);
      await session.step('continue');
      assert.match(session.stop.reason, backend.dataBreakpointReason);
      return (await place(session)).name;
    };
    assert.equal(await watch('watched_4', 'write'), 'write_4');
    assert.equal(numberOf(await session.evaluate('watched_4')), 1);
    assert.equal(await watch('watched_8', 'read'), 'write_8'); // which adds to it
    await session.ask('setDataBreakpoints', { breakpoints: [] });
    await toTheEnd(session);
    return session;
  },

  async 'attach, and disconnect: the guest goes on to its end'(backend) {
    const session = await attached(backend, ['walk'], atLine('first call'));
    await session.ask('disconnect', { terminateDebuggee: false });
    assert.equal(await session.guest.outcome, 0, session.output);
    assert.match(session.output, /debuggee: end/);
    return session;
  },

  async 'disconnect with terminateDebuggee: the guest ends'(backend) {
    const session = await launched(backend, ['spin'], atFunction('spin'));
    await session.ask('disconnect', { terminateDebuggee: true });
    assert.match(session.output, /debuggee: spin/); // without end: that nothing of it is left is seen as for every test
    return session;
  },
};

process.env[mark.name] = mark.value;
const chosen = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(backends);
const only = process.env.TORO_DAP_TEST;
let failed = 0;
for (const name of chosen) {
  for (const [what, test] of Object.entries(tests)) {
    if (only && !what.includes(only)) {
      continue;
    }
    const begin = Date.now();
    try {
      const session = await test(backends[name]);
      await session.end();
      await endAll();
      assert.deepEqual(await left(), [], 'processes outlived the session');
      console.log(`  ok  ${name}: ${what} (${Date.now() - begin} ms)`);
    } catch (error) {
      failed += 1;
      console.error(`not ok dap ${name}: ${what}\n${error.stack}`);
      await endAll();
      await left({ end: true });
    }
  }
}
console.log(failed === 0 ? 'ok dap' : `not ok dap: ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

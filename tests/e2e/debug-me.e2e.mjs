// From the gutter to the kernel, by both debuggers: breakpoints of every kind, F5, variables, call stack, steps, console, restart, stop.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { scenario, sdk } from './editor.mjs';

const file = 'samples/debug-me/main.cpp';
const source = readFileSync(join(sdk, file), 'utf8').split('\n');
const lineOf = (text) => source.findIndex((line) => line.includes(text)) + 1;
const inTransfer = lineOf('from.balance -= amount;');
const callsTransfer = lineOf('transfer(accounts[0]');

for (const debuggerName of ['lldb', 'gdb']) {
  await scenario(`debug-me-${debuggerName}`, sdk, [
    ['open main.cpp from the explorer', (editor) => editor.openFile(file)],
    ['click the gutter', (editor) => editor.clickGutter(inTransfer)],
    ['F5 stands on the breakpoint', async (editor) => {
      const begin = Date.now();
      await editor.page.keyboard.press('F5');
      await editor.stoppedAt('transfer', inTransfer);
      console.log(`      F5 to the breakpoint: ${Date.now() - begin} ms`);
    }],
    ['variables', async (editor) => {
      await editor.variable('amount', '10');
      await editor.expandVariable('from');
      await editor.variable('owner', '"Ada"');
      await editor.variable('balance', '100');
    }],
    ['a variable is set', async (editor) => {
      await editor.setVariable('amount', '11');
      await editor.setVariable('amount', '10');
    }],
    ['a watched expression', (editor) => editor.watch('from.balance - amount', '90')],
    ['call stack', async (editor) => {
      const frames = await editor.callStack();
      if (!frames[0]?.startsWith('transfer') || !frames.some((frame) => frame.startsWith('main'))) {
        throw new Error(`expected transfer above main, found: ${frames.join(' | ')}`);
      }
    }],
    ['step over', async (editor) => {
      await editor.debugButton('step-over');
      await editor.stoppedAt('transfer', inTransfer + 1);
      await editor.variable('balance', '90');
    }],
    ['step out', async (editor) => {
      await editor.debugButton('step-out');
      await editor.stoppedAt('main', '[0-9]+');
    }],
    ['step into', async (editor) => {
      await editor.removeBreakpoints(); // the step itself must stop there
      await editor.debugButton('step-over');
      await editor.stoppedAt('main', callsTransfer + 1);
      await editor.clickGutter(callsTransfer);
      await editor.debugButton('continue');
      await editor.stoppedAt('main', callsTransfer);
      await editor.debugButton('step-into');
      await editor.stoppedAt('transfer', inTransfer);
      await editor.variable('amount', '20');
      await editor.watched('from.balance - amount', '70');
    }],
    ['the console is in a terminal', (editor) => editor.terminalShows('round 1: Ada has 90, Barbara has 10')],
    ['the board is in the status bar', (editor) => editor.statusBarShows('qemu-microvm debug')],
    ['restart boots anew', async (editor) => {
      const [before] = editor.guests();
      await editor.debugButton('restart');
      await editor.until('another QEMU', () => {
        const guests = editor.guests();
        return guests.length === 1 && guests[0].pid !== before.pid;
      });
      await editor.stoppedAt('main', callsTransfer);
    }],
    ['stop ends QEMU', async (editor) => {
      await editor.debugButton('stop');
      await editor.sessionEnded();
      await editor.noGuests();
      await editor.terminalShows('stopped');
    }],
    ['a condition is waited for', async (editor) => {
      await editor.removeBreakpoints();
      await editor.specialBreakpoint(inTransfer, 'Add Conditional Breakpoint', 'amount == 30');
      await editor.page.keyboard.press('F5');
      await editor.stoppedAt('transfer', inTransfer);
      await editor.variable('amount', '30');
      await editor.debugButton('stop');
      await editor.sessionEnded();
    }],
    ['a logpoint says a value, and the guest runs to its end', async (editor) => {
      await editor.removeBreakpoints();
      await editor.specialBreakpoint(inTransfer, 'Add Logpoint', 'moves {amount}');
      await editor.page.keyboard.press('F5');
      await editor.terminalShows('3 transfers, 150 in all');
      await editor.terminalShows('exit status 0');
      await editor.sessionEnded();
      await editor.noGuests();
      await editor.debugConsoleShows('moves 30');
    }],
  ], { 'toro.debugger': debuggerName });
}

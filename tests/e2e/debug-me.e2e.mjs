// From the gutter to the kernel: breakpoint, F5, variables, call stack, step, continue, console, restart, stop.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { scenario, sdk } from './editor.mjs';

const file = 'samples/debug-me/main.cpp';
const source = readFileSync(join(sdk, file), 'utf8').split('\n');
const lineOf = (text) => source.findIndex((line) => line.includes(text)) + 1;
const inTransfer = lineOf('from.balance -= amount;');

await scenario('debug-me', sdk, [
  ['open main.cpp from the explorer', (editor) => editor.openFile(file)],
  ['click the gutter', (editor) => editor.clickGutter(inTransfer)],
  ['F5 stands on the breakpoint', async (editor) => {
    await editor.page.keyboard.press('F5');
    await editor.stoppedAt('transfer', inTransfer);
  }],
  ['variables', async (editor) => {
    await editor.variable('amount', '10');
    await editor.expandVariable('from');
    await editor.variable('owner', '"Ada"');
    await editor.variable('balance', '100');
  }],
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
  ['continue to the next round', async (editor) => {
    await editor.debugButton('continue');
    await editor.stoppedAt('transfer', inTransfer);
    await editor.variable('amount', '20');
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
    await editor.stoppedAt('transfer', inTransfer);
    await editor.variable('amount', '10');
  }],
  ['stop ends QEMU', async (editor) => {
    await editor.debugButton('stop');
    await editor.sessionEnded();
    await editor.noGuests();
    await editor.terminalShows('stopped');
  }],
  ['without the breakpoint it runs to its end', async (editor) => {
    await editor.clickGutter(inTransfer);
    await editor.page.keyboard.press('F5');
    await editor.terminalShows('3 transfers, 150 in all');
    await editor.terminalShows('exit status 0');
    await editor.sessionEnded();
    await editor.noGuests();
  }],
]);

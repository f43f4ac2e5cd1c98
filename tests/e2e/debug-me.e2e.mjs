// From the gutter to the kernel: breakpoint, F5, variables, call stack, step, continue, console, stop.
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
  ['variables', (editor) => editor.variable('amount', '10')],
  ['call stack', async (editor) => {
    const frames = await editor.callStack();
    if (!frames[0]?.startsWith('transfer') || !frames.some((frame) => frame.startsWith('main'))) {
      throw new Error(`expected transfer above main, found: ${frames.join(' | ')}`);
    }
  }],
]);

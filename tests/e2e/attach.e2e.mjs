// Guests that are not the session's own, and more than one: one that `toro run` started, one that panicked before main, two at once, one that was recorded.
import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { buildProject, scenario, sdk } from './editor.mjs';

const temporary = mkdtempSync(join(tmpdir(), 'toro-e2e-attach-'));
const toro = join(sdk, 'toro');
await promisify(execFile)(toro, ['new', join(temporary, 'early'), '--from', 'debug-me']);
const project = join(temporary, 'early');
const main = join(project, 'main.cpp');
const ticker = `#include <chrono>
#include <cstdio>
#include <thread>

int main() {
  for (int tick = 0;; ++tick) {
    std::printf("tick %d\\n", tick);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}
`;
const turner = `#include <cstdio>

int main() {
  volatile int turns = 1;
  turns = turns + 2;
  turns = turns + 4;
  std::printf("turned %d times\\n", turns);
}
`;
const panics = `#include <cstdio>

struct Early {
  Early() { *reinterpret_cast<volatile int*>(0x10) = 1; }
};
static Early early;

int main() { std::puts("never reached"); }
`;
writeFileSync(main, ticker);
await buildProject(project);

let guest;
const said = [];
/** `toro run --listen`, as a user would in a terminal of their own. */
async function listen() {
  guest = spawn(toro, ['run', project, '--listen', '0', '--json'], { stdio: ['ignore', 'pipe', 'pipe'] });
  createInterface(guest.stdout).on('line', (line) => said.push(line));
  return new Promise((resolve) => createInterface(guest.stderr).on('line', (line) => line.startsWith('{"event":"listening"') && resolve(JSON.parse(line))));
}

const launch = (...configurations) => {
  mkdirSync(join(project, '.vscode'), { recursive: true });
  writeFileSync(join(project, '.vscode/launch.json'), JSON.stringify({ version: '0.2.0', configurations: configurations.map((one) => ({ type: 'toro', ...one })) }));
};

for (const debuggerName of ['lldb', 'gdb']) {
  await scenario(`attach-${debuggerName}`, project, [
    ['a guest that toro run started', async (editor) => {
      writeFileSync(main, ticker);
      const { host, port, tables, elf } = await listen();
      launch({ request: 'attach', name: 'Attach', host, port, tables, program: elf, stopOnEntry: true });
      await editor.openFile('main.cpp');
      await editor.clickGutter(7);
      await editor.page.keyboard.press('F5');
      await editor.page.locator('.debug-toolbar .codicon-debug-continue').waitFor();
      await editor.debugButton('continue');
      await editor.stoppedAt('main', 7);
      await editor.openView('Cores and Threads');
      await editor.viewShows('Cores and Threads', 'runs main');
    }],
    ['disconnect lets it go on', async (editor) => {
      await editor.debugButton('disconnect');
      await editor.sessionEnded();
      const before = said.length;
      await editor.until('the guest to go on', () => said.length > before);
      const ended = new Promise((resolve) => guest.once('close', resolve));
      guest.kill('SIGTERM');
      await ended;
      await editor.removeBreakpoints();
    }],
    ['a guest that panics before main keeps its memory', async (editor) => {
      writeFileSync(main, panics);
      rmSync(join(project, '.vscode'), { recursive: true });
      await editor.command('Toro: Run');
      await editor.notificationShows('The guest panicked: page fault');
      await editor.terminalShows('Early::Early');
      await editor.noGuests();
    }],
    ['its memory opens as a session', async (editor) => {
      await editor.notificationButton('Open Dump');
      await editor.page.locator('.debug-call-stack .stack-frame', { hasText: 'Early' }).first().waitFor();
      await editor.viewShows('Cores and Threads', 'Core 0');
      await editor.debugButton('stop');
      await editor.sessionEnded();
      await editor.noGuests();
      await editor.clearNotifications();
    }],
    ['in a debugger it stands where it failed', async (editor) => {
      await editor.page.locator('.tab', { hasText: 'main.cpp' }).first().click();
      await editor.page.keyboard.press('F5');
      await editor.stoppedAt('Early', 4);
      await editor.debugButton('stop');
      await editor.sessionEnded();
      await editor.noGuests();
    }],
    ['two guests at once, by both debuggers and both stubs', async (editor) => {
      await editor.rewrite(main, ticker, 'this_thread::sleep_for');
      const other = debuggerName === 'lldb' ? 'gdb' : 'lldb';
      launch(
        { request: 'launch', name: 'Kernel stub', sample: '${workspaceFolder}' },
        { request: 'launch', name: 'QEMU stub', sample: '${workspaceFolder}', stub: 'qemu', debugger: other },
      );
      await editor.clickGutter(7);
      await editor.startDebugging('Kernel stub');
      await editor.stoppedAt('main', 7);
      await editor.startDebugging('QEMU stub');
      const session = (name) => editor.page.locator('.debug-call-stack .session', { hasText: name });
      await session('Kernel stub').waitFor();
      await session('QEMU stub').locator('.state', { hasText: /paused|breakpoint/i }).waitFor();
      if (editor.guests().length !== 2) {
        throw new Error(`expected two guests, found ${editor.guests().length}`);
      }
      await editor.screenshot('two-guests');
      await editor.debugButton('stop');
      await session('Kernel stub').waitFor({ state: 'detached' });
      await editor.stoppedAt('main', 7); // the other one's turn to be looked at
      await editor.until('one guest', () => editor.guests().length === 1);
      await editor.debugButton('stop');
      await editor.sessionEnded();
      await editor.noGuests();
    }],
    ['a run that was recorded is the same again', async (editor) => {
      await editor.removeBreakpoints();
      await editor.rewrite(main, turner, 'volatile int turns');
      const recording = join(temporary, `${debuggerName}.rec`);
      launch(
        { request: 'launch', name: 'Record', sample: '${workspaceFolder}', record: recording },
        { request: 'launch', name: 'Replay', sample: '${workspaceFolder}', replay: recording },
      );
      await editor.startDebugging('Record');
      await editor.terminalShows('turned 7 times');
      await editor.sessionEnded();
      await editor.noGuests();
      await editor.clickGutter(6);
      await editor.startDebugging('Replay');
      await editor.stoppedAt('main', 6);
      await editor.variable('turns', '3');
      if (debuggerName === 'gdb') {
        await editor.debugButton('step-back');
        await editor.stoppedAt('main', 5);
      }
      await editor.screenshot('replay');
      await editor.debugButton('stop');
      await editor.sessionEnded();
      await editor.noGuests();
    }],
  ], { 'toro.path': sdk, 'toro.debugger': debuggerName });
}
guest?.kill('SIGTERM');
rmSync(temporary, { recursive: true, force: true });

// Whatever is wrong: a sentence and a way out, nothing left running. What the unit tests cannot see of it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { scenario, sdk } from './editor.mjs';

const temporary = mkdtempSync(join(tmpdir(), 'toro-e2e-bad-'));
const empty = join(temporary, 'empty');
mkdirSync(empty);
writeFileSync(join(empty, 'note.txt'), 'no sample is here\n');

const project = join(empty, 'locked');
mkdirSync(project);
writeFileSync(join(project, 'CMakeLists.txt'), 'cmake_minimum_required(VERSION 3.25)\nproject(locked)\nfind_package(Toro REQUIRED)\ntoro_add_application(locked main.cpp)\n');
writeFileSync(join(project, 'main.cpp'), 'int main() {}\n');
writeFileSync(join(project, 'build'), 'a file where the folder of the build would be: it cannot be made, as in a folder that is read-only\n');

/** A command of another age. */
const older = join(temporary, 'older');
writeFileSync(older, `#!/bin/sh\necho '{"ok":true,"version":"9.9.0","sdk":"/older","tools":[]}'\n`, { mode: 0o755 });
/** One that finds nothing installed. */
const bare = join(temporary, 'bare');
writeFileSync(bare, `#!/bin/sh
case $1 in
  doctor) echo '{"ok":false,"version":"0.1.0","sdk":"/bare","tools":[{"name":"qemu-system-x86_64","group":"run","ok":false,"package":"qemu-system-x86","found":"missing","wanted":">= 7.2"}]}'; exit 1 ;;
  *) echo "this is toro $*" ;;
esac
`, { mode: 0o755 });

const debugMe = join(sdk, 'build/qemu-microvm-debug/samples/debug-me/debug-me.elf');
const launch = (configuration) => {
  mkdirSync(join(empty, '.vscode'), { recursive: true });
  writeFileSync(join(empty, '.vscode/launch.json'), JSON.stringify({ version: '0.2.0', configurations: [{ type: 'toro', name: 'Bad', ...configuration }] }));
};

await scenario('bad-input', empty, [
  ['no toro command', async (editor) => {
    await editor.command('Toro: Run');
    await editor.notificationShows('not at “/nowhere” (setting toro.path)');
    await editor.notificationShows('Choose SDK…');
    await editor.clearNotifications();
  }],
  ['a debugger that is none', async (editor) => {
    await editor.settings({ 'toro.path': sdk, 'toro.lldbDap': '/nowhere/lldb-dap' });
    launch({ request: 'launch', sample: 'debug-me' });
    await editor.command('Debug: Start Debugging');
    await editor.notificationShows('The setting toro.lldbDap names “/nowhere/lldb-dap”, which is not a program');
    await editor.clearNotifications();
    await editor.settings({ 'toro.path': sdk });
  }],
  ['an unknown board of a launch.json', async (editor) => {
    launch({ request: 'launch', sample: 'debug-me', board: 'qemu-mircovm' });
    await editor.command('Debug: Start Debugging');
    await editor.notificationShows('did you mean qemu-microvm?');
    await editor.sessionEnded();
    await editor.clearNotifications();
  }],
  ['a board of another SDK', async (editor) => {
    launch({ request: 'launch', sample: 'debug-me', board: '/another/sdk/boards/theirs' });
    await editor.command('Debug: Start Debugging');
    await editor.notificationShows('/another/sdk/boards/theirs/board.json was expected');
    await editor.sessionEnded();
    await editor.notificationButton('Select Board');
    await editor.page.locator('.quick-input-list .monaco-list-row', { hasText: 'qemu-microvm' }).first().waitFor();
    await editor.page.keyboard.press('Escape');
    await editor.clearNotifications();
  }],
  ['a port that is taken', async (editor) => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    for (const network of ['', 'vsock:']) {
      launch({ request: 'launch', sample: 'debug-me', forward: [`${network}${server.address().port}:80`] });
      await editor.command('Debug: Start Debugging');
      await editor.notificationShows('Something else listens on that port of this machine');
      await editor.sessionEnded();
      await editor.noGuests();
      await editor.clearNotifications();
    }
    server.close();
  }],
  ['nobody listens where a configuration attaches', async (editor) => {
    for (const debuggerName of ['lldb', 'gdb']) {
      launch({ request: 'attach', program: debugMe, port: 1, debugger: debuggerName });
      await editor.command('Debug: Start Debugging');
      await editor.notificationShows(/could not connect to the guest: .*(refused|failed).*toro run --listen 1/i);
      await editor.sessionEnded();
      await editor.clearNotifications();
    }
  }],
  ['another debugger is there already', async (editor) => {
    const guest = spawn(join(sdk, 'toro'), ['run', debugMe, '--listen', '0', '--wait', '--json'], { stdio: ['ignore', 'ignore', 'pipe'] });
    const { port } = await new Promise((resolve) => createInterface(guest.stderr).on('line', (line) => line.startsWith('{"event":"listening"') && resolve(JSON.parse(line))));
    const other = connect(port, '127.0.0.1');
    await once(other, 'connect');
    launch({ request: 'attach', program: debugMe, port });
    await editor.command('Debug: Start Debugging');
    await editor.notificationShows('without another debugger');
    await editor.sessionEnded();
    await editor.clearNotifications();
    other.destroy();
    guest.kill('SIGTERM');
    await once(guest, 'close');
  }],
  ['a workspace without a sample offers the SDK’s', async (editor) => {
    await editor.openFile('note.txt');
    await editor.command('Toro: Run');
    await editor.page.locator('.quick-input-list .monaco-list-row', { hasText: 'inter-core-comm' }).waitFor();
    await editor.page.keyboard.press('Escape');
  }],
  ['a folder where nothing can be built', async (editor) => {
    await editor.openFile('locked/main.cpp');
    await editor.command('Toro: Build');
    await editor.notificationShows('was expected to be writable');
    await editor.notificationShows('New Project from Sample');
    await editor.clearNotifications();
  }],
  ['QEMU is killed from outside', async (editor) => {
    launch({ request: 'launch', sample: join(sdk, 'samples/debug-me'), stopOnEntry: true });
    await editor.command('Debug: Start Debugging');
    await editor.page.locator('.debug-toolbar .codicon-debug-continue').waitFor();
    editor.guests().forEach(({ pid }) => process.kill(pid, 'SIGKILL'));
    await editor.notificationShows('The guest debug-me ended');
    await editor.sessionEnded();
    await editor.noGuests();
    await editor.clearNotifications();
  }],
  ['a command of another version', async (editor) => {
    await editor.settings({ 'toro.path': older });
    await editor.reload();
    await editor.command('Toro: Show Log');
    await editor.notificationShows('has version 9.9.0, this extension is for 0.1');
  }],
  ['what is missing is one list, with one button', async (editor) => {
    await editor.settings({ 'toro.path': bare });
    await editor.reload();
    // With the first terminal the editor opens a shell of its own, and may show it after the extension's.
    await editor.command('Terminal: Focus Terminal');
    await editor.page.locator('.xterm-screen:visible').first().waitFor();
    await editor.command('Toro: Show Log');
    await editor.notificationShows('qemu-system-x86');
    await editor.notificationButton('Run toro setup');
    await editor.terminalShows('this is toro setup');
  }],
], { 'toro.path': '/nowhere' });
rmSync(temporary, { recursive: true, force: true });

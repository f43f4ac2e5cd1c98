// A project of one's own, opened by itself: board, build errors, run, input to the guest, and an editor that dies.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scenario, sdk } from './editor.mjs';

const temporary = mkdtempSync(join(tmpdir(), 'toro-e2e-project-'));
const project = join(temporary, 'greeter');
cpSync(join(sdk, 'samples/debug-me'), project, { recursive: true });

const greeter = `#include <cstdio>

int main(int argc, char** argv) {
  std::puts(argc > 1 ? argv[1] : "Who is there?");
  char name[32] = "";
  std::fgets(name, sizeof name, stdin);
  std::printf("Good day, %s", name);
  return 7;
}
`;
writeFileSync(join(project, 'main.cpp'), greeter);
execFileSync(join(sdk, 'toro'), ['build', project], { stdio: 'ignore' }); // the kernel too: minutes that are not the editor's
writeFileSync(join(project, 'main.cpp'), greeter.replace('"Who is there?"', 'question'));

await scenario('project', project, [
  ['open main.cpp', (editor) => editor.openFile('main.cpp')],
  ['choose a board', async (editor) => {
    await editor.page.locator('.statusbar-item', { hasText: 'Toro' }).first().click();
    await editor.pick('qemu-microvm');
    await editor.statusBarShows('qemu-microvm debug');
  }],
  ['a build error is told in the words of the compiler', async (editor) => {
    await editor.command('Toro: Build');
    await editor.notificationShows("use of undeclared identifier 'question'");
    await editor.notificationShows('toro build');
    await editor.page.locator('.notification-toast .monaco-button', { hasText: 'Show Problems' }).click();
    await editor.page.locator('.markers-panel .monaco-list-row', { hasText: "use of undeclared identifier 'question'" }).waitFor();
  }],
  ['a mended file builds', async (editor) => {
    writeFileSync(join(project, 'main.cpp'), greeter);
    await editor.command('Toro: Build');
    await editor.page.locator('.markers-panel', { hasText: 'No problems have been detected' }).waitFor();
  }],
  ['run, and answer the guest', async (editor) => {
    await editor.command('Toro: Run');
    await editor.terminalShows('Who is there?');
    await editor.page.locator('.xterm-screen').first().click();
    await editor.page.keyboard.type('Ada\n');
    await editor.terminalShows('Good day, Ada');
    await editor.terminalShows('exit status 7');
    await editor.noGuests();
  }],
  ['the doctor answers in a terminal', async (editor) => {
    await editor.command('Toro: Doctor');
    await editor.terminalShows('KVM: ');
  }],
  ['a launch.json with arguments and stopOnEntry', async (editor) => {
    mkdirSync(join(project, '.vscode'));
    const configuration = { type: 'toro', request: 'launch', name: 'Greet', sample: '${workspaceFolder}', arguments: ['Your name, please?'], stopOnEntry: true };
    writeFileSync(join(project, '.vscode/launch.json'), JSON.stringify({ version: '0.2.0', configurations: [configuration] }));
    await editor.page.locator('.tab', { hasText: 'main.cpp' }).click();
    await editor.page.keyboard.press('F5');
    await editor.page.locator('.debug-toolbar .codicon-debug-continue').waitFor();
    await editor.debugButton('continue');
    await editor.terminalShows('Your name, please?');
  }],
  ['the extension started in less than 200 ms', async (editor) => {
    await editor.command('Developer: Show Running Extensions');
    const text = await editor.page.locator('.runtime-extensions-editor .monaco-list-row', { hasText: 'Toro SDK' }).innerText();
    const milliseconds = Number(/Activation: (\d+)ms/.exec(text)?.[1]);
    console.log(`      activation: ${milliseconds} ms`);
    if (!(milliseconds < 200)) {
      throw new Error(`expected less than 200 ms, found: ${text}`);
    }
  }],
  ['an editor that dies leaves no QEMU', async (editor) => {
    editor.killExtensionHost();
    await editor.noGuests();
  }],
], { 'toro.path': sdk });
rmSync(temporary, { recursive: true, force: true });

// A VS Code of our own in a browser: started with fresh settings, driven through what a user sees, ended with all it started.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { cpSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const setting = (name) => {
  const value = process.env[name];
  if (!value) {
    throw new Error(`${name} is not set: start the scenarios by tests/e2e/run`);
  }
  return value;
};

const editorFolder = setting('TORO_E2E_EDITOR');
const out = setting('TORO_E2E_OUT');
export const sdk = setting('TORO_E2E_SDK');

const { chromium } = createRequire(join(editorFolder, 'package.json'))('playwright-core');
const codeServer = join(editorFolder, 'node_modules/code-server/out/node/entry.js');

/** For one event of the user interface; a boot under a loaded machine is among them. */
const patience = 1000 * Number(process.env.TORO_E2E_PATIENCE ?? 60);

const userSettings = {
  'editor.minimap.enabled': false,
  'extensions.ignoreRecommendations': true,
  'files.autoSave': 'off',
  'git.enabled': false,
  'remote.autoForwardPorts': false,
  'security.workspace.trust.enabled': false,
  'telemetry.telemetryLevel': 'off',
  'terminal.integrated.gpuAcceleration': 'off',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
};

const chromiumArguments = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];

/**
 * Builds a project before the editor does: its kernel takes minutes that are not the editor's, and less where the compiler's
 * answers of the SDK's own build are kept.
 */
export async function buildProject(folder) {
  const environment = { ...process.env };
  if (existsSync('/usr/bin/ccache')) {
    const kept = { CCACHE_DIR: join(sdk, 'build/.ccache'), CCACHE_NOHASHDIR: '1' };
    Object.assign(environment, kept, { CMAKE_C_COMPILER_LAUNCHER: 'ccache', CMAKE_CXX_COMPILER_LAUNCHER: 'ccache' });
    delete environment.XDG_RUNTIME_DIR; // ccache's, and it may be anywhere
  }
  await promisify(execFile)(join(sdk, 'toro'), ['build', folder], { env: environment });
}

/**
 * How much longer work takes than on a machine that has nothing else to do: 1 or more. Limits in seconds are multiplied by it.
 * The processes of the editor and the guest share the processors with whatever else runs.
 */
export function slowdown() {
  const begin = performance.now();
  const before = process.cpuUsage();
  while (performance.now() - begin < 300);
  const { user, system } = process.cpuUsage(before);
  return Math.max(1, (1000 * (performance.now() - begin)) / (user + system));
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** The process ids whose environment carries the mark, with their command lines. */
function processesMarked(mark) {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(mark)
        ? [{ pid: Number(pid), command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim() }]
        : [];
    } catch {
      return []; // ended meanwhile
    }
  });
}

export class Editor {
  /** `folder` is opened, with `settings` for the machine; nothing of the user's own editor is read or written. */
  static async start(name, folder, settings) {
    const editor = new Editor(name);
    try {
      await editor.#open(folder, settings);
    } catch (error) {
      await editor.close();
      throw error;
    }
    return editor;
  }

  constructor(name) {
    this.name = name;
    this.shots = join(out, 'screenshots');
    this.temporary = mkdtempSync(join(tmpdir(), 'toro-e2e-'));
    this.mark = `TORO_E2E_SESSION=${this.temporary}`;
    this.log = join(out, `${name}.log`);
    this.count = 0;
    this.settled = 0;
    mkdirSync(this.shots, { recursive: true });
    readdirSync(this.shots).filter((file) => file.startsWith(`${name}-`)).forEach((file) => rmSync(join(this.shots, file)));
  }

  async #open(folder, settings) {
    const userData = join(this.temporary, 'user-data');
    const extensions = join(this.temporary, 'extensions');
    for (const [scope, content] of Object.entries({ User: userSettings, Machine: settings })) {
      mkdirSync(join(userData, scope), { recursive: true });
      writeFileSync(join(userData, scope, 'settings.json'), JSON.stringify(content));
    }
    this.runs = join(this.temporary, 'run');
    mkdirSync(this.runs);
    const environment = { ...process.env, TORO_E2E_SESSION: this.temporary, HOME: this.temporary, XDG_RUNTIME_DIR: this.runs };
    const folders = ['--user-data-dir', userData, '--extensions-dir', extensions];
    execFileSync(process.execPath, [codeServer, ...folders, '--install-extension', setting('TORO_E2E_VSIX')], { env: environment });

    const port = await freePort();
    const log = openSync(this.log, 'w');
    const words = ['--auth', 'none', '--bind-addr', `127.0.0.1:${port}`, '--disable-telemetry', '--disable-update-check', ...folders];
    this.server = spawn(process.execPath, [codeServer, ...words], { env: environment, stdio: ['ignore', log, log], detached: true });
    const died = new Promise((_, reject) => this.server.once('exit', (status) => reject(new Error(`code-server ended with status ${status}`))));
    died.catch(() => undefined);
    const url = `http://127.0.0.1:${port}/`;
    await Promise.race([died, this.until(`${url} answers`, () => fetch(`${url}healthz`).then((answer) => answer.ok, () => false))]);

    this.browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: chromiumArguments });
    this.page = await this.browser.newPage({ viewport: { width: 1440, height: 900 } });
    this.page.setDefaultTimeout(patience);
    await this.page.goto(`${url}?folder=${encodeURIComponent(folder)}`);
    await this.page.locator('.monaco-workbench').waitFor();
    await this.page.locator('.explorer-folders-view .monaco-list-row').first().waitFor();
  }

  /** Polls what no event of the page tells. */
  async until(what, condition) {
    const end = Date.now() + patience;
    for (;;) {
      const value = await condition();
      if (value) {
        return value;
      }
      if (Date.now() > end) {
        throw new Error(`waited ${patience / 1000} s for: ${what}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async screenshot(step) {
    await this.page.mouse.move(1200, 520); // no hover in the picture
    const file = join(this.shots, `${this.name}-${String(++this.count).padStart(2, '0')}-${step}.png`);
    await this.page.screenshot({ path: file });
    return file;
  }

  /** Opens a file by its path from the opened folder, through the explorer. */
  async openFile(path) {
    const names = path.split('/');
    const explorer = this.page.locator('.explorer-folders-view');
    if (!(await explorer.isVisible())) {
      await this.page.keyboard.press('Control+Shift+E');
      await explorer.waitFor();
    }
    for (const [level, name] of names.entries()) {
      const row = this.page.locator(`.explorer-folders-view .monaco-list-row[aria-level="${level + 1}"]`, {
        hasText: new RegExp(`^\\s*${name.replaceAll('.', '\\.')}\\s*$`),
      }).last();
      if (level === names.length - 1) {
        await row.dblclick();
      } else if ((await row.getAttribute('aria-expanded')) !== 'true') {
        await row.click();
        await this.page.locator(`.explorer-folders-view .monaco-list-row[aria-level="${level + 2}"]`).first().waitFor();
      }
    }
    await this.page.locator('.tab.active', { hasText: names.at(-1) }).waitFor();
    if (names.length > 1) { // another file of that name may be open
      await this.page.locator('.breadcrumbs-control .monaco-breadcrumb-item', { hasText: names.at(-2) }).waitFor();
    }
    await this.page.locator('.editor-instance .view-lines').first().waitFor();
  }

  async goToLine(line) {
    await this.page.keyboard.press('Control+G');
    await this.page.locator('.quick-input-widget input').fill(`:${line}`);
    await this.page.keyboard.press('Enter');
    await this.page.locator('.quick-input-widget').waitFor({ state: 'hidden' });
  }

  /** A click of the mouse on the glyph margin, left of the line's number, which has no breakpoint yet. */
  async clickGutter(line) {
    const breakpoints = this.page.locator('.editor-instance .codicon-debug-breakpoint, .editor-instance .codicon-debug-stackframe-dot');
    const before = await breakpoints.count();
    await this.goToLine(line);
    const number = this.page.locator('.editor-instance .margin-view-overlays .line-numbers', { hasText: new RegExp(`^${line}$`) });
    const margin = await this.page.locator('.editor-instance .margin').first().boundingBox();
    const box = await this.until(`line ${line} to be drawn`, () => number.boundingBox());
    // A click before the editor knows that the language has breakpoints is lost. From then on it draws a dot beneath the mouse.
    const dot = this.page.locator('.editor-instance .codicon-debug-hint');
    await this.until(`line ${line} to take a breakpoint`, async () => {
      await this.page.mouse.move(margin.x + 60, box.y + box.height / 2);
      await this.page.mouse.move(margin.x + 9, box.y + box.height / 2);
      return dot.waitFor({ timeout: 500 }).then(() => true, () => false);
    });
    await this.page.mouse.click(margin.x + 9, box.y + box.height / 2);
    await this.until('the breakpoint to be drawn', async () => (await breakpoints.count()) > before);
  }

  /** Writes the file that the editor shows, and waits until it has read it again, as `words` of it say: a breakpoint set before would move. */
  async rewrite(file, content, words) {
    writeFileSync(file, content);
    await this.page.locator('.editor-instance .view-lines', { hasText: words }).waitFor();
  }

  async command(title) {
    // An extension's commands are not there before the editor has read what it contributes.
    await this.#choose(`the command ${title}`, this.page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first(), async () => {
      await this.page.keyboard.press('Control+Shift+P');
      await this.page.locator('.quick-input-widget input').fill(`>${title}`);
    });
  }

  /** A row of a list that is made when it opens: opens it again until the row is there. */
  async #choose(what, row, open) {
    await this.until(what, async () => {
      await open();
      const there = await row.waitFor({ timeout: 3000 }).then(() => true, () => false);
      if (!there) {
        await this.page.keyboard.press('Escape');
      }
      return there;
    });
    await row.click();
  }

  /** By how the row's label begins: labels and details of others name it too. */
  #choice(text) {
    const label = this.page.locator('.quick-input-list-row .label-name', { hasText: new RegExp(`^\\W*${text}`) });
    return this.page.locator('.quick-input-list .monaco-list-row', { has: label }).first();
  }

  async pick(text) {
    await this.#choice(text).click();
  }

  /** A configuration of a launch.json, which the editor may not have read yet. */
  async startDebugging(name) {
    await this.#choose(`the configuration ${name}`, this.#choice(name), () => this.command('Debug: Select and Start Debugging'));
  }

  /** Waits until the session has stopped in that function at that line: the first frame of the call stack that has the line. */
  async stoppedAt(name, line) {
    const frame = this.page.locator('.debug-call-stack .stack-frame', { has: this.page.locator(`.file .line-number:text-matches("^${line}(:|$)")`) }).first();
    await frame.filter({ has: this.page.locator('.label', { hasText: name }) }).waitFor();
    await this.page.locator('.editor-instance .debug-top-stack-frame-line').first().waitFor();
  }

  async callStack() {
    return this.page.locator('.debug-call-stack .stack-frame .expression .label, .debug-call-stack .stack-frame > .label').allInnerTexts();
  }

  #variable(name) {
    return this.page.locator('.debug-variables .monaco-list-row', { has: this.page.locator('.name', { hasText: new RegExp(`^${name}\\s*[:=]?\\s*$`) }) }).first();
  }

  /** Waits for a value in the Variables view. */
  async variable(name, value) {
    const scope = (expanded) => this.page.locator(`.debug-variables .monaco-list-row[aria-expanded="${expanded}"]`, { hasText: /^\s*Locals?\s*$/ });
    await this.until(`${name} to be ${value}`, async () => {
      if (await scope(false).isVisible()) {
        await scope(false).click();
        await scope(true).waitFor();
      }
      return this.#variable(name).locator('.value', { hasText: value }).isVisible();
    });
  }

  async expandVariable(name) {
    const row = this.#variable(name);
    if ((await row.getAttribute('aria-expanded')) !== 'true') {
      await row.click();
      await this.page.locator('.debug-variables .monaco-list-row[aria-expanded="true"]', { hasText: name }).first().waitFor();
    }
  }

  /** Waits for a register's value in the Variables view, which may go back to what was expanded before while it is filled. */
  async register(group, name, value) {
    const row = (text) => this.page.locator('.debug-variables .monaco-list-row', { hasText: new RegExp(`^\\s*${text}`) }).first();
    await this.until(`${name} to be ${value}`, async () => {
      for (const one of [row('Registers'), row(group)]) {
        if ((await one.count()) > 0 && (await one.getAttribute('aria-expanded')) === 'false') {
          await one.click();
        }
      }
      return this.#variable(name).locator('.value', { hasText: value }).waitFor({ timeout: 2000 }).then(() => true, () => false);
    });
  }

  /** A button of the debug toolbar, by its icon: continue, step-over, stop, restart, pause. */
  async debugButton(icon) {
    await this.page.locator(`.debug-toolbar .codicon-debug-${icon}`).first().click();
  }

  /** The editor asks nobody to pause before it knows of a thread, and shows nowhere when that is. */
  async pause() {
    const goOn = this.page.locator('.debug-toolbar .codicon-debug-continue');
    await this.until('the guest to be paused', async () => {
      await this.page.locator('.debug-toolbar .codicon-debug-pause').click({ timeout: 1000 }).catch(() => undefined);
      return goOn.waitFor({ timeout: 2000 }).then(() => true, () => false);
    });
  }

  /** Waits for the value of an expression that is watched already. */
  async watched(expression, value) {
    await this.page.locator('.debug-watch .monaco-list-row', { hasText: expression }).locator('.value', { hasText: value }).waitFor();
  }

  async setVariable(name, value) {
    await this.#variable(name).locator('.value').dblclick();
    const input = this.page.locator('.debug-variables .monaco-inputbox input');
    await input.fill(value);
    await input.press('Enter');
    await this.variable(name, value);
  }

  async watch(expression, value) {
    await this.paneButton('Watch', 'Add Expression');
    const input = this.page.locator('.debug-watch .monaco-inputbox input');
    await input.fill(expression);
    await input.press('Enter');
    await this.watched(expression, value);
  }

  /** `kind` as the command's title has it: Add Conditional Breakpoint, Add Logpoint. */
  async specialBreakpoint(line, kind, text) {
    await this.goToLine(line);
    await this.command(`Debug: ${kind}`);
    await this.page.locator('.breakpoint-widget .monaco-editor.focused').waitFor(); // else the words would go into the source
    await this.page.keyboard.type(text);
    await this.page.keyboard.press('Enter');
    await this.page.locator('.breakpoint-widget').waitFor({ state: 'detached' });
  }

  async removeBreakpoints() {
    await this.openView('Breakpoints');
    await this.paneButton('Breakpoints', 'Remove All Breakpoints');
    await this.page.locator('.debug-breakpoints .monaco-list-row', { hasText: 'main.cpp' }).first().waitFor({ state: 'detached' });
  }

  #pane(title) {
    return this.page.locator('.pane', { has: this.page.locator('.pane-header .title', { hasText: new RegExp(`^${title}$`) }) });
  }

  /** A button beside a view's title, which is there while the mouse is. */
  async paneButton(title, button) {
    const header = this.#pane(title).locator('.pane-header');
    await header.hover();
    await header.locator(`.action-label[aria-label^="${button}"]`).click();
  }

  /** A view of a side bar, by its title; its rows. */
  async openView(title) {
    const header = this.#pane(title).locator('.pane-header').first();
    if ((await header.getAttribute('aria-expanded')) !== 'true') {
      await header.click();
    }
  }

  async closeView(title) {
    const header = this.#pane(title).locator('.pane-header').first();
    if ((await header.getAttribute('aria-expanded')) === 'true') {
      await header.click();
    }
  }

  viewRow(title, text) {
    return this.#pane(title).locator('.monaco-list-row', { hasText: text }).first();
  }

  async viewShows(title, text) {
    await this.viewRow(title, text).waitFor();
  }

  async expandRow(title, text) {
    const row = this.viewRow(title, text);
    await row.waitFor();
    if ((await row.getAttribute('aria-expanded')) !== 'true') {
      await row.locator('.monaco-tl-twistie').click();
    }
  }

  /** A button in a row of a view, which is there while the mouse is. */
  async rowButton(title, text, button) {
    const row = this.viewRow(title, text);
    await row.hover();
    await row.locator(`.action-label[aria-label^="${button}"]`).click();
  }

  #test(name) {
    return this.page.locator('.test-explorer .monaco-list-row', { has: this.page.locator('.label', { hasText: new RegExp(`^${name}`) }) }).first();
  }

  /** A test of the Test Explorer; `state` as its row says it: Passed, Failed. */
  async testShows(name, state = '') {
    await this.#test(name).and(this.page.locator(state ? `[aria-label*="${state}"]` : '*')).waitFor();
  }

  async expandTest(name) {
    await this.#test(name).waitFor();
    if ((await this.#test(name).getAttribute('aria-expanded')) === 'false') {
      await this.#test(name).locator('.monaco-tl-twistie').click();
    }
  }

  async runTest(name) {
    await this.#test(name).hover();
    await this.#test(name).locator('.action-label[aria-label^="Run Test"]').click();
  }

  async panel(title) {
    await this.page.locator('.panel .action-label', { hasText: new RegExp(`^${title}$`, 'i') }).first().click();
  }

  /** What a webview shows. */
  async webviewShows(text) {
    await this.page.frameLocator('iframe.webview').frameLocator('#active-frame').getByText(text).first().waitFor();
  }

  async debugConsoleShows(text) {
    await this.panel('Debug Console');
    await this.page.locator('.repl .monaco-list-row', { hasText: text }).first().waitFor();
  }

  /** What the extension wrote into its output channel. */
  extensionLog() {
    const folder = join(this.temporary, 'user-data/logs');
    const file = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('/Toro.log')).sort().at(-1);
    return file === undefined ? '' : readFileSync(join(folder, file), 'utf8');
  }

  /** The milliseconds from each stop, or from when it was opened, until a view was filled. */
  viewTimes() {
    return [...this.extensionLog().matchAll(/view (toro\.\w+): filled after (\d+) ms/g)].map(([, view, milliseconds]) => ({ view, milliseconds: Number(milliseconds) }));
  }

  async notificationButton(text) {
    await this.page.locator('.notification-toast .monaco-button', { hasText: text }).first().click();
  }

  async clearNotifications() {
    await this.screenshot('message');
    await this.command('Notifications: Clear All Notifications');
    await this.page.locator('.notification-toast').first().waitFor({ state: 'detached' });
  }

  async statusBarShows(text) {
    await this.page.locator('.statusbar-item', { hasText: text }).first().waitFor();
  }

  async notificationShows(text) {
    await this.page.locator('.notification-toast', { hasText: text }).first().waitFor();
  }

  async sessionEnded() {
    await this.page.locator('.monaco-workbench .debug-toolbar').waitFor({ state: 'hidden' });
  }

  async terminalShows(text) {
    const screen = this.page.locator('.xterm-rows:visible').first();
    await this.until(`“${text}” in the terminal`, async () => (await screen.innerText().catch(() => '')).replaceAll('\u00a0', ' ').includes(text));
  }

  /** The QEMU processes that this editor has started, through whatever parents. */
  guests() {
    return processesMarked(this.mark).filter(({ command }) => /qemu-system/.test(command));
  }

  /** Nor anything else of them: no process, no socket, no temporary file. */
  async noGuests() {
    await this.until('QEMU ends', () => this.guests().length === 0);
    const others = () => processesMarked(this.mark).filter(({ command }) => /lldb-dap|gdb|toro (run|debug)/.test(command));
    await this.until('debuggers and the command end', () => others().length === 0);
    await this.until('the folders of the runs to go', () => readdirSync(this.runs).filter((name) => name.startsWith('toro-')).length === 0);
  }

  /** The ports of the loopback that processes of this editor's guests listen on. [proc(5), net/tcp] */
  listeningPorts() {
    const sockets = new Map(readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1).map((line) => line.trim().split(/\s+/))
      .filter((columns) => columns[3] === '0A').map((columns) => [columns[9], Number.parseInt(columns[1].split(':')[1], 16)]));
    const own = processesMarked(this.mark).filter(({ command }) => /toro|qemu|lldb|gdb/.test(command) && !/code-server/.test(command));
    return own.flatMap(({ pid }) => readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return sockets.get(/^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1]) ?? [];
      } catch {
        return []; // closed meanwhile
      }
    }));
  }

  /** Changes the machine's settings while the editor runs, and waits until it has read them: the window's title is one of them. */
  async settings(content) {
    const title = `settings ${++this.settled}`;
    writeFileSync(join(this.temporary, 'user-data/Machine/settings.json'), JSON.stringify({ ...content, 'window.title': title }));
    await this.until('the settings to be read', async () => (await this.page.title()).includes(title));
  }

  /** The editor opens another folder, in the same window. */
  async reopened(folderName) {
    await this.page.waitForURL((url) => decodeURIComponent(url.search).includes(folderName));
    await this.#ready();
  }

  /** As when the editor is started again: nothing of the extension is active. */
  async reload() {
    await this.page.reload();
    await this.#ready();
  }

  async #ready() {
    await this.page.locator('.monaco-workbench').waitFor();
    await this.page.locator('.part.statusbar .statusbar-item').first().waitFor();
  }

  /** As a crash would: nothing of the extension gets to run any more. */
  killExtensionHost() {
    processesMarked(this.mark).filter(({ command }) => command.includes('--type=extensionHost')).forEach(({ pid }) => process.kill(pid, 'SIGKILL'));
  }

  async close() {
    await this.browser?.close();
    if (this.server?.pid) {
      try {
        process.kill(-this.server.pid, 'SIGTERM');
      } catch {
        // ended before
      }
    }
    const strangers = () => processesMarked(this.mark).filter(({ pid }) => pid !== process.pid);
    await this.until('all processes of the editor end', () => strangers().length === 0).catch((error) => {
      for (const { pid, command } of strangers()) {
        console.error(`left running, ended now: ${pid} ${command}`);
        process.kill(pid, 'SIGKILL');
      }
      throw error;
    }).finally(() => {
      const logs = join(this.temporary, 'user-data/logs');
      if (existsSync(logs)) {
        cpSync(logs, join(out, `${this.name}-logs`), { recursive: true, force: true });
      }
      rmSync(this.temporary, { recursive: true, force: true });
    });
  }
}

/** What differs from what was committed, of all that an editor could think of writing. */
function ownFiles(folder) {
  return execFileSync('git', ['-C', folder, 'status', '--porcelain', '--', '.vscode', 'boards', 'samples', 'CMakePresets.json', 'CMakeUserPresets.json'], { encoding: 'utf8' });
}

/** Runs the steps of a scenario in order; at the first failure tells the log's end and where the picture is. */
export async function scenario(name, folder, steps, settings = {}) {
  const started = Date.now();
  const own = folder === sdk ? ownFiles(folder) : undefined;
  let editor;
  let step = 'start the editor';
  const interrupted = () => void Promise.resolve(editor?.close()).finally(() => process.exit(1));
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  try {
    editor = await Editor.start(name, folder, settings);
    for (const [title, work] of steps) {
      step = title;
      const begin = Date.now();
      await work(editor);
      await editor.screenshot(title.replace(/[^a-z0-9]+/gi, '-').toLowerCase());
      console.log(`  ok  ${title} (${Date.now() - begin} ms)`);
    }
    step = 'end the editor and all it started';
    await editor.close();
    step = 'the user’s files are as they were';
    if (own !== undefined && ownFiles(folder) !== own) {
      throw new Error(`git status was\n${own}and is\n${ownFiles(folder)}`);
    }
    console.log(`ok ${name} (${((Date.now() - started) / 1000).toFixed(1)} s), screenshots in ${editor.shots}`);
  } catch (error) {
    console.error(`not ok ${name}: ${step}\n${error.stack ?? error}`);
    const picture = editor?.page && (await editor.screenshot('failure').catch(() => undefined));
    if (editor) {
      console.error(readFileSync(editor.log, 'utf8').split('\n').slice(-15).join('\n'));
      console.error(`log: ${editor.log}\nscreenshot: ${picture ?? 'none'}`);
      await editor.close().catch((failure) => console.error(failure.message));
    }
    process.exitCode = 1;
  } finally {
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
  }
}

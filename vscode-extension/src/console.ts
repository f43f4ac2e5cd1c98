// The guest's console as a terminal of the editor.
import { dirname } from 'node:path';
import * as vscode from 'vscode';
import { PanicFinder, sourceLinks, type SourceLink } from './console-text';
import { LineEditor } from './line-editor';
import type { Guest } from './toro';

const controlC = '\x03';

class GuestTerminal implements vscode.Pseudoterminal {
  private readonly writer = new vscode.EventEmitter<string>();
  private readonly decoder = new TextDecoder();
  private readonly editor = new LineEditor();
  private readonly panic = new PanicFinder();
  private guest: Guest | undefined;
  /** Where places in its lines are relative to. */
  readonly folder: string;
  readonly onDidWrite = this.writer.event;

  constructor(guest: Guest) {
    this.guest = guest;
    this.folder = dirname(guest.command);
    void guest.ended.then(({ dump }) => dump && offerDump(this.panic.words, dump.file));
  }

  get finished(): boolean {
    return this.guest === undefined;
  }

  open(): void {
    const guest = this.guest;
    this.writer.fire(`\x1b[2m${guest?.commandLine}\x1b[0m\r\n`);
    let lineIsOpen = false;
    guest?.onConsole((bytes) => {
      const text = this.decoder.decode(bytes, { stream: true });
      this.panic.push(text);
      lineIsOpen = !text.endsWith('\n');
      this.writer.fire(text.replace(/\r?\n/g, '\r\n'));
    });
    void guest?.ended.then(({ words }) => {
      this.guest = undefined;
      this.writer.fire(`${lineIsOpen ? '\r\n' : ''}\x1b[2m${words}\x1b[0m\r\n`);
    });
  }

  close(): void {
    void this.guest?.stop();
  }

  handleInput(keys: string): void {
    if (keys === controlC) {
      void this.guest?.stop();
    } else if (this.guest) {
      const { echo, input } = this.editor.type(keys);
      this.writer.fire(echo);
      this.guest.type(input);
    }
  }
}

function offerDump(words: string | undefined, dump: string): void {
  const openDump = 'Open Dump';
  void vscode.window.showWarningMessage(`The guest panicked: ${words ?? 'its console says why'}. Its memory was kept.`, openDump).then((button) => {
    if (button === openDump) {
      void vscode.commands.executeCommand('toro.openDump', dump);
    }
  });
}

const consoles = new Map<string, { terminal: vscode.Terminal; content: GuestTerminal }>();

/** Shows the console beside the editor, which keeps the focus; replaces the finished one of the same name. */
export function openConsole(name: string, guest: Guest): void {
  const former = consoles.get(name);
  const content = new GuestTerminal(guest);
  const terminal = vscode.window.createTerminal({ name, pty: content, iconPath: new vscode.ThemeIcon('vm-running') });
  consoles.set(name, { terminal, content });
  terminal.show(true);
  if (former?.content.finished === true) {
    former.terminal.dispose();
  }
}

class ConsoleLink extends vscode.TerminalLink {
  constructor(readonly place: SourceLink) {
    super(place.start, place.length, 'Open the source');
  }
}

/** A click on a line of a backtrace opens the source there. */
export function registerConsoleLinks(): vscode.Disposable {
  return vscode.window.registerTerminalLinkProvider({
    provideTerminalLinks: ({ terminal, line }) => {
      const content = [...consoles.values()].find((candidate) => candidate.terminal === terminal)?.content;
      return content === undefined ? [] : sourceLinks(line, content.folder).map((place) => new ConsoleLink(place));
    },
    handleTerminalLink: async ({ place }: ConsoleLink) => {
      const at = new vscode.Position(place.line - 1, 0);
      await vscode.window.showTextDocument(vscode.Uri.file(place.file), { selection: new vscode.Range(at, at) });
    },
  });
}

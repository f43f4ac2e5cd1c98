// The guest's console as a terminal of the editor.
import * as vscode from 'vscode';
import { LineEditor } from './line-editor';
import type { Guest } from './toro';

const controlC = '\x03';

class GuestTerminal implements vscode.Pseudoterminal {
  private readonly writer = new vscode.EventEmitter<string>();
  private readonly decoder = new TextDecoder();
  private readonly editor = new LineEditor();
  private guest: Guest | undefined;
  readonly onDidWrite = this.writer.event;

  constructor(guest: Guest) {
    this.guest = guest;
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

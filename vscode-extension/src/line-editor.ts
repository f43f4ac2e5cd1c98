// What a host's terminal does in its line mode, for the console: echoes, edits, and hands over whole lines.

export interface Edit {
  /** What the screen shows for the keys. */
  readonly echo: string;
  /** What the guest gets. */
  readonly input: string;
}

export class LineEditor {
  private line = '';

  /** `keys` is what the terminal sends: one key, or pasted text. */
  type(keys: string): Edit {
    let echo = '';
    let input = '';
    for (const key of keys.replace(/\x1b\[[0-9;]*[A-Za-z~]/g, '')) {
      if (key === '\r' || key === '\n') {
        echo += '\r\n';
        input += `${this.line}\n`;
        this.line = '';
      } else if (key === '\x7f' || key === '\b') {
        const shorter = [...this.line].slice(0, -1).join('');
        echo += shorter === this.line ? '' : '\b \b';
        this.line = shorter;
      } else if (key >= ' ' || key === '\t') {
        echo += key;
        this.line += key;
      }
    }
    return { echo, input };
  }
}

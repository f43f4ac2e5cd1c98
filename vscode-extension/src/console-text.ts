// What the console's lines tell the editor: places in sources, and that the guest panicked.
import { isAbsolute, join } from 'node:path';

export interface SourceLink {
  readonly start: number;
  readonly length: number;
  readonly file: string;
  readonly line: number;
}

const place = /\bat ((?:[\w.+@~-]*\/)*[\w.+@~-]+\.(?:c|cc|cpp|cxx|h|hh|hpp|S)):(\d+)/g;

/** `toro run` writes places relative to its own folder where it can. */
export function sourceLinks(line: string, folder: string): SourceLink[] {
  return [...line.matchAll(place)].map((match) => {
    const [whole, file = '', row = '1'] = match;
    const start = match.index + whole.indexOf(file);
    return { start, length: file.length + 1 + row.length, file: isAbsolute(file) ? file : join(folder, file), line: Number(row) };
  });
}

/** Finds the first line of a panic in a stream of text, whatever the pieces. */
export class PanicFinder {
  private rest = '';
  /** In the guest's words. */
  words: string | undefined;

  push(text: string): void {
    const lines = (this.rest + text).split(/\r?\n/);
    this.rest = (lines.pop() ?? '').slice(-1000);
    this.words ??= lines.map((line) => /PANIC: (.+)/.exec(line)?.[1]).find((words) => words !== undefined);
  }
}

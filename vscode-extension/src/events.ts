// What `toro run --json` says on its standard error: one JSON object for each event, between the words of the compiler.

export type GuestEvent =
  | { readonly event: 'listening'; readonly host: string; readonly port: number; readonly elf: string; readonly tables?: number }
  | { readonly event: 'dump'; readonly file: string; readonly elf: string }
  | { readonly event: 'exited'; readonly status: number }
  | { readonly event: 'error'; readonly message: string }
  | { readonly event: 'other' };

/** The event in a line, or undefined when the line is meant for people. An event that this version does not know is `other`. */
export function parseEvent(line: string): GuestEvent | undefined {
  if (!line.startsWith('{')) {
    return undefined;
  }
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const { event, host, port, elf, tables, file, status, message } = value;
  if (event === 'listening' && typeof host === 'string' && typeof port === 'number' && typeof elf === 'string') {
    return { event, host, port, elf, ...(typeof tables === 'number' ? { tables } : {}) };
  }
  if (event === 'dump' && typeof file === 'string' && typeof elf === 'string') {
    return { event, file, elf };
  }
  if (event === 'exited' && typeof status === 'number') {
    return { event, status };
  }
  if (event === 'error' && typeof message === 'string') {
    return { event, message };
  }
  return typeof event === 'string' ? { event: 'other' } : undefined;
}

/** Cuts a stream of bytes into lines; `end` gives the last one that had no newline. */
export class LineSplitter {
  private readonly decoder = new TextDecoder();
  private rest = '';

  constructor(private readonly onLine: (line: string) => void) {}

  push(bytes: Uint8Array): void {
    const lines = (this.rest + this.decoder.decode(bytes, { stream: true })).split('\n');
    this.rest = lines.pop() ?? '';
    lines.forEach((line) => this.onLine(line.replace(/\r$/, '')));
  }

  end(): void {
    if (this.rest !== '') {
      this.onLine(this.rest);
      this.rest = '';
    }
  }
}

// What `toro run --json` says on its standard error: one JSON object for each event, between the words of the compiler.

export type GuestEvent =
  | { readonly event: 'listening'; readonly host: string; readonly port: number; readonly elf: string }
  | { readonly event: 'exited'; readonly status: number }
  | { readonly event: 'error'; readonly message: string };

/** The event in a line, or undefined when the line is meant for people. */
export function parseEvent(line: string): GuestEvent | undefined {
  if (!line.startsWith('{')) {
    return undefined;
  }
  try {
    const value = JSON.parse(line) as Record<string, unknown>;
    const known =
      (value['event'] === 'listening' && typeof value['port'] === 'number' && typeof value['elf'] === 'string') ||
      (value['event'] === 'exited' && typeof value['status'] === 'number') ||
      (value['event'] === 'error' && typeof value['message'] === 'string');
    return known ? ({ host: '127.0.0.1', ...value } as unknown as GuestEvent) : undefined;
  } catch {
    return undefined;
  }
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

// The Debug Adapter Protocol between the editor and lldb-dap: framing, and the few words of lldb-dap that do not fit a guest.

export interface DapMessage {
  readonly type: string;
  readonly event?: string;
  readonly command?: string;
  readonly body?: Readonly<Record<string, unknown>>;
}

export function frame(message: object): Buffer {
  const body = Buffer.from(JSON.stringify(message));
  return Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]);
}

/** Takes messages out of a stream of bytes. */
export class DapReader {
  private bytes = Buffer.alloc(0);

  constructor(private readonly onMessage: (message: DapMessage) => void) {}

  push(bytes: Buffer): void {
    this.bytes = Buffer.concat([this.bytes, bytes]);
    for (;;) {
      const start = this.bytes.indexOf('\r\n\r\n') + 4;
      const length = /Content-Length: (\d+)/i.exec(this.bytes.toString('latin1', 0, Math.max(start, 0)))?.[1];
      const end = start + Number(length);
      if (start < 4 || length === undefined || this.bytes.length < end) {
        return;
      }
      const body = this.bytes.toString('utf8', start, end);
      this.bytes = this.bytes.subarray(end);
      this.onMessage(JSON.parse(body) as DapMessage);
    }
  }
}

/**
 * Restart is the editor's: it boots a new guest, which lldb-dap cannot.
 * Objective-C has no place in the list of exceptions to break on.
 */
export function fitToGuest(message: DapMessage): DapMessage {
  const { body } = message;
  if (message.event === 'capabilities') {
    const { supportsRestartRequest: _, ...capabilities } = (body?.['capabilities'] ?? {}) as Record<string, unknown>;
    return { ...message, body: { ...body, capabilities } };
  }
  if (message.command === 'initialize') {
    const filters = (body?.['exceptionBreakpointFilters'] ?? []) as { filter: string }[];
    return { ...message, body: { ...body, supportsRestartRequest: false, exceptionBreakpointFilters: filters.filter(({ filter }) => !filter.startsWith('objc_')) } };
  }
  return message;
}

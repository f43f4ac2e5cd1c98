// The Debug Adapter Protocol between the editor and lldb-dap: framing, and the few words of lldb-dap that do not fit a guest.
import { withBits } from './registers';

type Fields = Readonly<Record<string, unknown>>;

interface Variable {
  readonly name: string;
  readonly value: string;
  readonly evaluateName?: string;
}

export interface DapMessage {
  readonly type: string;
  readonly seq?: number;
  readonly event?: string;
  readonly command?: string;
  readonly arguments?: Fields;
  readonly request_seq?: number | undefined;
  readonly success?: boolean;
  readonly message?: string;
  readonly body?: Fields;
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

function without(fields: Fields | undefined, ...names: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(fields ?? {}).filter(([name]) => !names.includes(name)));
}

/**
 * A breakpoint is on a line: with a logpoint the editor sends the cursor's column, where LLDB finds no statement that begins there.
 */
export function fitToAdapter(request: DapMessage): DapMessage {
  if (request.command !== 'setBreakpoints') {
    return request;
  }
  const breakpoints = (request.arguments?.['breakpoints'] ?? []) as Fields[];
  return { ...request, arguments: { ...request.arguments, breakpoints: breakpoints.map((breakpoint) => without(breakpoint, 'column')) } };
}

/**
 * Restart is the editor's: it boots a new guest, which no adapter can. Stop is a disconnect, after which the guest ends.
 * A click in the gutter means the line: unoptimised code has many places on each, which the editor would draw as dots between the words.
 * Objective-C has no place in the list of exceptions to break on. Registers, which are evaluated as `$name`, say which bits are set.
 * A guest that has stopped by itself before a pause reached it stands, as was asked for: lldb-dap makes it an error.
 */
export function fitToGuest(message: DapMessage): DapMessage {
  const { body } = message;
  if (message.success === false) {
    const stands = message.command === 'pause' && refusal(message) === 'Process is not running.';
    return stands ? { type: 'response', request_seq: message.request_seq, command: 'pause', success: true } : message;
  }
  const fitted = (changes: Fields): DapMessage => ({ ...message, body: { ...body, ...changes } });
  switch (message.event ?? message.command) {
    case 'initialize': {
      const filters = (body?.['exceptionBreakpointFilters'] ?? []) as { filter: string }[];
      return fitted({
        supportsRestartRequest: false,
        supportsTerminateRequest: false,
        supportsBreakpointLocationsRequest: false,
        exceptionBreakpointFilters: filters.filter(({ filter }) => !filter.startsWith('objc_')),
      });
    }
    case 'capabilities':
      return fitted({ capabilities: without(body?.['capabilities'] as Fields, 'supportsRestartRequest') });
    case 'setBreakpoints':
      return fitted({ breakpoints: ((body?.['breakpoints'] ?? []) as Fields[]).map((breakpoint) => without(breakpoint, 'column', 'endColumn')) });
    case 'variables': {
      const variables = (body?.['variables'] ?? []) as Variable[];
      return fitted({ variables: variables.map((one) => (one.evaluateName === `$${one.name}` ? { ...one, value: withBits(one.name, one.value) } : one)) });
    }
    case 'stopped':
      // Ctrl-C, which is an exception to LLDB and a signal to GDB.
      return body?.['description'] === 'signal SIGINT' || body?.['reason'] === 'SIGINT'
        ? { ...message, body: { ...without(body, 'text'), reason: 'pause', description: 'Paused' } }
        : message;
    case 'breakpoint':
      return fitted({ breakpoint: without(body?.['breakpoint'] as Fields, 'column', 'endColumn') });
    default:
      return message;
  }
}

const resumes = /^(continue|next|step(In|Out|Back)|reverseContinue)$/;

/**
 * Keeps back what the adapter could not answer yet. What only a guest that stands can, until it does: the editor asks for variables a
 * while after a stop, when the user may have stepped on; lldb-dap answers that a frame has none, and says so again at the next stop.
 * And a pause until the adapter says that the guest goes on: before, lldb-dap refuses it, as of a process that does not run.
 */
export class StandingGuard {
  private state: 'standing' | 'resuming' | 'running' = 'standing';
  private held: DapMessage[] = [];

  constructor(private readonly pass: (request: DapMessage) => void) {}

  /** On its way to the adapter. */
  ask(request: DapMessage): void {
    if (resumes.test(request.command ?? '')) {
      this.state = 'resuming';
    }
    this.held.push(request);
    this.release();
  }

  /** What the editor was told. */
  told(message: DapMessage): void {
    const refused = message.success === false && resumes.test(message.command ?? '');
    if (message.event === 'continued') {
      this.state = 'running';
    } else if (message.event === 'stopped' || refused) {
      this.state = 'standing';
    }
    this.release();
  }

  private release(): void {
    const early = ({ command = '' }: DapMessage): boolean =>
      (this.state !== 'standing' && /^(scopes|variables)$/.test(command)) || (this.state === 'resuming' && command === 'pause');
    const ready = this.held.filter((request) => !early(request));
    this.held = this.held.filter(early);
    ready.forEach(this.pass);
  }
}

export function isStart(message: DapMessage): boolean {
  return message.type === 'response' && (message.command === 'launch' || message.command === 'attach');
}

/** What lldb says went wrong, from the text it prints. */
export function complaintIn(message: DapMessage): string | undefined {
  const output = message.event === 'output' ? (message.body?.['output'] as string | undefined) ?? '' : '';
  return /^error: (.+)$/m.exec(output)?.[1];
}

/** Why a request was refused, in the words that are there. [DAP, ErrorResponse] */
export function refusal({ message, body }: DapMessage): string {
  const { format, variables = {} } = (body?.['error'] ?? {}) as { format?: string; variables?: Readonly<Record<string, string>> };
  return format?.replace(/\{(\w+)\}/g, (whole, name: string) => variables[name] ?? whole) ?? message ?? 'no reason was given';
}

/** A failure that was told already: the editor would put it into a modal dialog. */
export function withoutDialog(failure: DapMessage): DapMessage {
  return { ...failure, body: { error: { id: 1, format: failure.message ?? '', showUser: false } } };
}

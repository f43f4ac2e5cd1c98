// The `toro` command: the extension's only source of boards, samples and state.
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { dirname } from 'node:path';
import { quoteCommand } from './command-line';
import { LineSplitter, parseEvent, type GuestEvent } from './events';
import { firstError, lastLine } from './problems';
import { endTool, graceMilliseconds, startTool } from './tool-process';

/** A command that failed: its own words, the command line, and all that it said. */
export class ToroError extends Error {
  constructor(
    readonly words: string,
    readonly commandLine: string,
    readonly output: string,
  ) {
    super(`${words} (${commandLine})`);
  }
}

export type Log = (line: string) => void;

/** Whoever waits for a command: may cancel it, and sees what it says meanwhile. */
export interface Waiting {
  readonly cancellation: { readonly onCancellationRequested: (listener: () => void) => { dispose(): void } };
  readonly onOutput: Log;
}

export class Toro {
  constructor(
    readonly command: string,
    private readonly log: Log,
  ) {}

  commandLine(words: readonly string[]): string {
    return quoteCommand([this.command, ...words]);
  }

  /**
   * The JSON answer of a command, and what it said beside it. Rejects with ToroError, also when cancelled.
   * `acceptStatus`: an answer counts whatever the exit status is.
   */
  async query(words: readonly string[], waiting?: Waiting, acceptStatus: 'zero' | 'any' = 'zero'): Promise<{ answer: unknown; output: string }> {
    const commandLine = this.commandLine(words);
    this.log(`> ${commandLine}`);
    const child = startTool(this.command, words, dirname(this.command));
    child.stdin.end();
    const cancelling = waiting?.cancellation.onCancellationRequested(() => void endTool(child));
    const said: string[] = [];
    let message = '';
    const lines = new LineSplitter((line) => {
      const event = parseEvent(line);
      const words = event === undefined ? line : event.event === 'error' ? event.message : '';
      if (event === undefined) {
        said.push(line);
      } else {
        message ||= words;
      }
      if (words !== '') {
        this.log(words);
        waiting?.onOutput(words);
      }
    });
    const answers: Buffer[] = [];
    child.stdout.on('data', (bytes: Buffer) => answers.push(bytes));
    child.stderr.on('data', (bytes: Buffer) => lines.push(bytes));
    const failure = await end(child);
    cancelling?.dispose();
    lines.end();
    const answer = Buffer.concat(answers).toString();
    const output = said.join('\n');
    if (failure !== undefined && (acceptStatus === 'zero' || answer === '')) {
      throw new ToroError(failureWords(output, message, failure), commandLine, output);
    }
    try {
      return { answer: JSON.parse(answer) as unknown, output };
    } catch {
      throw new ToroError(`expected JSON, found “${answer.trim().slice(0, 80)}”`, commandLine, output);
    }
  }

  startGuest(words: readonly string[], waiting?: Waiting): Guest {
    return new Guest(this, words, this.log, waiting);
  }
}

/** The compiler's first error, or what the command says of itself, or its last words, or how it ended. */
function failureWords(output: string, message: string, status: string): string {
  return firstError(output) || message || lastLine(output) || status;
}

/** Resolves when the process has ended and its pipes are drained: undefined for success, else what happened. */
function end(child: ChildProcessWithoutNullStreams): Promise<string | undefined> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (status, signal) => resolve(status === 0 ? undefined : signal ? `ended by ${signal}` : `exit status ${status}`));
  });
}

type Listening = Extract<GuestEvent, { event: 'listening' }>;
export type Dump = Extract<GuestEvent, { event: 'dump' }>;

/** How a guest ended: the exit status of its `main`, a signal or the like, or that it never ran. */
export interface GuestEnd {
  readonly words: string;
  /** Of `main`, if it came to that. */
  readonly status?: number;
  readonly error?: ToroError;
  /** What a guest that panicked left. */
  readonly dump?: Dump;
}

/** A booted application: `toro run` and the QEMU below it. */
export class Guest {
  readonly command: string;
  readonly commandLine: string;
  /** Where a debugger connects. Rejects with ToroError when the guest ends before it listens. */
  readonly listening: Promise<Listening>;
  /** Never rejects. */
  readonly ended: Promise<GuestEnd>;
  /** What was said on standard error, the compiler's words included. */
  readonly output: string[] = [];

  private readonly child: ChildProcessWithoutNullStreams;
  private consoleListener: ((bytes: Buffer) => void) | undefined;
  private early: Buffer[] = [];
  private stopped = false;

  constructor(toro: Toro, words: readonly string[], log: Log, waiting?: Waiting) {
    this.command = toro.command;
    this.commandLine = toro.commandLine(words);
    log(`> ${this.commandLine}`);
    this.child = startTool(toro.command, words, dirname(toro.command));
    const cancelling = waiting?.cancellation.onCancellationRequested(() => void this.stop());
    this.child.stdout.on('data', (bytes: Buffer) => (this.consoleListener ? this.consoleListener(bytes) : this.early.push(bytes)));

    let status: number | undefined;
    let dump: Dump | undefined;
    let message = '';
    const ended = end(this.child);
    this.listening = new Promise((resolve, reject) => {
      const lines = new LineSplitter((line) => {
        const event = parseEvent(line);
        if (event?.event === 'listening') {
          cancelling?.dispose();
          resolve(event);
        } else if (event?.event === 'exited') {
          status = event.status;
        } else if (event?.event === 'dump') {
          dump = event;
        } else if (event?.event === 'error') {
          message = event.message;
          log(event.message);
        } else if (event === undefined) {
          this.output.push(line);
          log(line);
          waiting?.onOutput(line);
        }
      });
      this.child.stderr.on('data', (bytes: Buffer) => lines.push(bytes));
      void ended.then((failure) => {
        lines.end();
        reject(this.failure(message, failure ?? 'ended before it listened'));
      });
    });
    this.listening.catch(() => undefined); // a guest without a debugger has nobody who waits for this
    this.ended = ended.then((failure) => {
      const words = this.stopped ? 'stopped' : message || (status !== undefined ? `exit status ${status}` : (failure ?? 'exit status 0'));
      log(`${this.commandLine}: ${words}`);
      const error = message === '' || this.stopped ? {} : { error: this.failure(message, words) };
      return { words, ...(status === undefined ? {} : { status }), ...error, ...(dump && !this.stopped ? { dump } : {}) };
    });
  }

  /** The console's bytes, those from before the call included. */
  onConsole(listener: (bytes: Buffer) => void): void {
    this.consoleListener = listener;
    this.early.forEach(listener);
    this.early = [];
  }

  type(text: string): void {
    this.child.stdin.write(text);
  }

  /** From now on an end is what the user asked for, whoever brings it about. */
  expectStop(): void {
    this.stopped = true;
  }

  stop(): Promise<void> {
    this.expectStop();
    return endTool(this.child);
  }

  /** For a guest whose `main` has returned: it may still say its last words, and how it ended. */
  async finish(): Promise<void> {
    const insist = setTimeout(() => void this.stop(), graceMilliseconds);
    await this.ended;
    clearTimeout(insist);
  }

  private failure(message: string, status: string): ToroError {
    const output = this.output.join('\n');
    return new ToroError(failureWords(output, message, status), this.commandLine, output);
  }
}

// One session: a debug adapter as a process of its own between the editor and the guest that the session boots.
import { execFile, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { promisify } from 'node:util';
import * as vscode from 'vscode';
import type { Adapter, DebuggerName, Place } from './adapters';
import { complaintIn, DapReader, fitToAdapter, fitToGuest, frame, isStart, refusal, StandingGuard, withoutDialog, type DapMessage } from './dap-messages';
import type { Guest } from './toro';

export interface SessionParts {
  readonly adapter: Adapter;
  readonly log: (line: string) => void;
  /** Boots what a launch request asks for; a failure has been told to the user when it gives undefined. */
  readonly boot: () => Promise<Guest | undefined>;
  /** The SDK's folder, if there is one. */
  readonly sdk: string | undefined;
  /** Tells the user why the debugger could not connect. */
  readonly report: (words: string) => void;
}

export class DebugSession implements vscode.DebugAdapter {
  private readonly sender = new vscode.EventEmitter<vscode.DebugProtocolMessage>();
  private readonly child: ChildProcessWithoutNullStreams;
  private over = false;
  /** Whether the guest ended by itself, as the debugger tells it; before that, an end is the user's wish. */
  private exited = false;
  /** Whether the editor was told of the end. */
  private terminated = false;
  /** The debugger's latest error, in its own words. */
  private complaint: string | undefined;
  private guest: Guest | undefined;
  private readonly guard = new StandingGuard((request) => this.child.stdin.write(frame(request)));
  readonly onDidSendMessage = this.sender.event;

  constructor(private readonly parts: SessionParts) {
    const { adapter, log } = parts;
    const reader = new DapReader((message) => this.receive(message));
    this.child = spawn(adapter.command, adapter.words, { stdio: 'pipe', env: { ...process.env, ...adapter.environment } });
    this.child.stdout.on('data', (bytes: Buffer) => reader.push(bytes));
    this.child.stderr.on('data', (bytes: Buffer) => log(`${adapter.debugger}: ${bytes.toString().trimEnd()}`));
    this.child.stdin.on('error', () => undefined); // its end is told below
    this.child.once('error', (error) => this.end(error.message));
    this.child.once('exit', (status, signal) => this.end(signal ? `ended by ${signal}` : `exit status ${status}`));
  }

  get debuggerName(): DebuggerName {
    return this.parts.adapter.name;
  }

  handleMessage(message: vscode.DebugProtocolMessage): void {
    const request = message as DapMessage;
    if (request.command === 'launch') {
      void this.launch(request);
    } else if (request.command === 'attach') {
      const { host = '127.0.0.1', port, program } = request.arguments as { host?: string; port: number; program: string };
      this.start(request, { host, port, elf: program }, false);
    } else {
      if (request.command === 'disconnect' && !this.exited) {
        this.guest?.expectStop();
      }
      this.guard.ask(fitToAdapter(request));
    }
  }

  /** Has the editor show a thread of a guest that stands: there is no other way to ask it. */
  focusThread(threadId: number): void {
    this.send({ type: 'event', event: 'stopped', body: { reason: 'pause', threadId, allThreadsStopped: true, preserveFocusHint: false } });
  }

  /** The end of the session: the guest goes with it. */
  dispose(): void {
    this.over = true;
    this.child.kill();
    void (this.exited ? this.guest?.finish() : this.guest?.stop());
  }

  private receive(message: DapMessage): void {
    // GDB's adapter says only that the session is over.
    this.exited ||= message.event === 'exited' || message.event === 'terminated';
    this.complaint = complaintIn(message) ?? this.complaint;
    if (isStart(message) && message.success === false && !this.over) {
      this.parts.report(this.complaint ?? refusal(message));
      this.send(withoutDialog(message));
    } else {
      this.send(fitToGuest(message));
      this.guard.told(message);
    }
  }

  private send(message: DapMessage): void {
    // The adapter says so, and it ends, and so does the guest: the editor ends a session once.
    if (message.event === 'terminated' && this.terminated) {
      return;
    }
    this.terminated ||= message.event === 'terminated';
    this.sender.fire(message);
  }

  private end(reason: string): void {
    this.parts.log(`${this.parts.adapter.debugger}: ${reason}`);
    this.send({ type: 'event', event: 'terminated' });
  }

  private start(request: DapMessage, place: Place, launched: boolean): void {
    const wishes = {
      launched,
      stopOnEntry: request.arguments?.['stopOnEntry'] === true,
      replayed: request.arguments?.['replay'] !== undefined,
      sdk: this.parts.sdk,
    };
    this.child.stdin.write(frame({ ...request, ...this.parts.adapter.start(place, wishes) }));
  }

  /** To the editor it is a launch, so that Stop ends the guest; to the adapter there is a guest that waits. */
  private async launch(request: DapMessage): Promise<void> {
    this.guest = await this.parts.boot();
    if (this.over || this.guest === undefined) {
      void this.guest?.stop();
      this.send(withoutDialog({ type: 'response', request_seq: request.seq, command: 'launch', success: false, message: 'The guest did not boot.' }));
      return;
    }
    this.start(request, await this.guest.listening, true);
    await this.guest.ended;
    this.send({ type: 'event', event: 'terminated' });
  }
}

/** A debugger with a missing library says so here, in its own words, and not by a silent session. */
export async function checkDebugger(command: string): Promise<void> {
  await promisify(execFile)(command, ['--version']);
}

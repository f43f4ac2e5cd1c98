// lldb-dap as the editor's debug adapter, and the guest that a session boots for it.
import { execFile, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { promisify } from 'node:util';
import * as vscode from 'vscode';
import { complaintIn, DapReader, fitToGuest, frame, isStart, withoutDialog, type DapMessage } from './dap-messages';
import type { Guest } from './toro';

export interface AdapterParts {
  readonly command: string;
  readonly log: (line: string) => void;
  /** Boots what the launch request asks for; a failure has been told to the user when it gives undefined. */
  readonly boot: () => Promise<Guest | undefined>;
  /** Tells the user why the debugger could not connect. */
  readonly report: (words: string) => void;
}

export class LldbDap implements vscode.DebugAdapter {
  private readonly sender = new vscode.EventEmitter<vscode.DebugProtocolMessage>();
  private readonly child: ChildProcessWithoutNullStreams;
  private over = false;
  /** Whether the guest ended by itself, as the debugger tells it; before that, an end is the user's wish. */
  private exited = false;
  /** The debugger's latest error, in its own words. */
  private complaint: string | undefined;
  private guest: Guest | undefined;
  readonly onDidSendMessage = this.sender.event;

  constructor(private readonly parts: AdapterParts) {
    const { command, log } = parts;
    const reader = new DapReader((message) => this.receive(message));
    this.child = spawn(command, [], { stdio: 'pipe' });
    this.child.stdout.on('data', (bytes: Buffer) => reader.push(bytes));
    this.child.stderr.on('data', (bytes: Buffer) => log(`${command}: ${bytes.toString().trimEnd()}`));
    this.child.stdin.on('error', () => undefined); // its end is told below
    this.child.once('error', (error) => this.end(error.message));
    this.child.once('exit', (status, signal) => this.end(signal ? `ended by ${signal}` : `exit status ${status}`));
  }

  handleMessage(message: vscode.DebugProtocolMessage): void {
    const request = message as DapMessage;
    if (request.command === 'launch') {
      void this.launch(request);
    } else {
      if (request.command === 'disconnect' && !this.exited) {
        this.guest?.expectStop();
      }
      this.child.stdin.write(frame(request));
    }
  }

  /** The end of the session: the guest goes with it. */
  dispose(): void {
    this.over = true;
    this.child.kill();
    void (this.exited ? this.guest?.finish() : this.guest?.stop());
  }

  private receive(message: DapMessage): void {
    this.exited ||= message.event === 'exited';
    this.complaint = complaintIn(message) ?? this.complaint;
    if (isStart(message) && message.success === false && !this.over) {
      this.parts.report(this.complaint ?? message.message ?? 'no reason was given');
      this.send(withoutDialog(message));
    } else {
      this.send(fitToGuest(message));
    }
  }

  private send(message: DapMessage): void {
    this.sender.fire(message as vscode.DebugProtocolMessage);
  }

  private end(reason: string): void {
    this.parts.log(`${this.parts.command}: ${reason}`);
    this.send({ type: 'event', event: 'terminated' });
  }

  /** To the editor it is a launch, so that Stop ends the guest; to lldb-dap it is commands that make the process. */
  private async launch(request: DapMessage): Promise<void> {
    this.guest = await this.parts.boot();
    if (this.over || this.guest === undefined) {
      void this.guest?.stop();
      this.send(withoutDialog({ type: 'response', request_seq: request.seq, command: 'launch', success: false, message: 'The guest did not boot.' }));
      return;
    }
    const { host, port, elf } = await this.guest.listening;
    const stopOnEntry = request.arguments?.['stopOnEntry'] === true;
    // A guest on a busy host may be slow; ? is quiet, and with ! a failure ends the session.
    const launchCommands = ['?settings set plugin.process.gdb-remote.packet-timeout 60', `?!gdb-remote ${host}:${port}`];
    this.child.stdin.write(frame({ ...request, arguments: { program: elf, launchCommands, stopOnEntry, enableAutoVariableSummaries: true } }));
    await this.guest.ended;
    this.send({ type: 'event', event: 'terminated' });
  }
}

/** A debugger with a missing library says so here, in its own words, and not by a silent session. */
export async function checkDebugAdapter(command: string): Promise<void> {
  await promisify(execFile)(command, ['--version']);
}

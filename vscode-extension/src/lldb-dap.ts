// lldb-dap as the editor's debug adapter.
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import * as vscode from 'vscode';
import { DapReader, fitToGuest, frame, type DapMessage } from './dap-messages';
import type { Log } from './toro';

export class LldbDap implements vscode.DebugAdapter {
  private readonly sender = new vscode.EventEmitter<vscode.DebugProtocolMessage>();
  private readonly child: ChildProcessWithoutNullStreams;
  readonly onDidSendMessage = this.sender.event;

  constructor(command: string, log: Log) {
    const send = (message: DapMessage): void => this.sender.fire(message as vscode.DebugProtocolMessage);
    const reader = new DapReader((message) => send(fitToGuest(message)));
    this.child = spawn(command, [], { stdio: 'pipe' });
    this.child.stdout.on('data', (bytes: Buffer) => reader.push(bytes));
    this.child.stderr.on('data', (bytes: Buffer) => log(`${command}: ${bytes.toString().trimEnd()}`));
    this.child.stdin.on('error', () => undefined); // it is told below that the adapter has gone
    const ended = (reason: string): void => {
      log(`${command}: ${reason}`);
      send({ type: 'event', event: 'terminated' });
    };
    this.child.once('error', (error) => ended(error.message));
    this.child.once('exit', (status, signal) => ended(signal ? `ended by ${signal}` : `exit status ${status}`));
  }

  handleMessage(message: vscode.DebugProtocolMessage): void {
    this.child.stdin.write(frame(message));
  }

  dispose(): void {
    this.child.kill();
  }
}

// GDB as a debug adapter, a process of its own: Eclipse's cdt-gdb-adapter, which is told what it does not do by itself.
import { GDBTargetDebugSession } from 'cdt-gdb-adapter/dist/desktop/GDBTargetDebugSession';
import { sendDataEvaluateExpression, sendExecContinue } from 'cdt-gdb-adapter/dist/mi';
import { CapabilitiesEvent, OutputEvent, StoppedEvent } from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { expressionsIn, filledIn } from './log-message';
import { registerGroup, registerGroups, type RegisterGroup } from './registers';

interface Stop {
  readonly reason?: string;
  readonly bkptno: string;
}

/** The adapter's own reference, to one group. */
interface GroupReference {
  readonly type: 'registers';
  readonly frameHandle: number;
  readonly group?: RegisterGroup;
}

/** The adapter's own constants, which it does not export: what was held back goes on now, and nothing is held back. */
const finishing = 3 as never;
const configured = 4 as never;

class Session extends GDBTargetDebugSession {
  private stopOnEntry = false;

  protected override attachRequest(response: DebugProtocol.AttachResponse, parameters: never): Promise<void> {
    const { stopOnEntry, replayed } = parameters as { stopOnEntry?: boolean; replayed?: boolean };
    this.stopOnEntry = stopOnEntry === true;
    if (replayed === true) {
      this.sendEvent(new CapabilitiesEvent({ supportsStepBack: true }));
    }
    return super.attachRequest(response, parameters);
  }

  /** By one instruction: QEMU was not seen to come to an end where GDB lets it run backwards, which a line with a call in it takes. */
  protected override stepBackRequest(response: DebugProtocol.StepBackResponse, { threadId }: DebugProtocol.StepBackArguments): void {
    this.gdb.sendCommand(`-exec-step-instruction --thread ${threadId} --reverse`).then(
      () => this.sendResponse(response),
      (error: unknown) => this.sendErrorResponse(response, 1, error instanceof Error ? error.message : String(error)),
    );
  }

  protected override reverseContinueRequest(response: DebugProtocol.ReverseContinueResponse): void {
    this.sendErrorResponse(response, 1, 'QEMU does not run backwards to a breakpoint: step back, or set one earlier and replay anew.');
  }

  /** The guest stands since GDB is there. The adapter would let it go on now. */
  protected override async continueIfNeeded(): Promise<void> {
    if (!this.stopOnEntry || this.configuringState !== finishing) {
      return super.continueIfNeeded();
    }
    this.stopOnEntry = false;
    this.pauseCount = 0;
    this.configuringState = configured;
    this.sendEvent(new StoppedEvent('entry', await this.gdb.queryCurrentThreadId()));
  }

  /** A logpoint's message has expressions in braces. */
  protected override handleGDBStopped(stop: Stop): void {
    const message = stop.reason === 'breakpoint-hit' ? this.logPointMessages[stop.bkptno] : undefined;
    if (message === undefined) {
      super.handleGDBStopped(stop);
    } else {
      void this.log(message).finally(() => sendExecContinue(this.gdb));
    }
  }

  /** A hundred registers are a list for nobody: in groups, as LLDB has them. */
  protected override async handleVariableRequestRegister(reference: GroupReference): Promise<DebugProtocol.Variable[]> {
    if (reference.group === undefined) {
      return registerGroups.map((group) => ({ name: group, value: '', variablesReference: this.variableHandles.create({ ...reference, group } as GroupReference) }));
    }
    const registers = await super.handleVariableRequestRegister(reference);
    return registers.filter(({ name }) => registerGroup(name) === reference.group);
  }

  private async log(message: string): Promise<void> {
    const values = new Map<string, string>();
    for (const expression of expressionsIn(message)) {
      const answer = await sendDataEvaluateExpression(this.gdb, expression.replace(/["\\]/g, '\\$&')).catch((error: unknown) => ({ value: `<${error instanceof Error ? error.message : String(error)}>` }));
      values.set(expression, answer.value ?? '');
    }
    this.sendEvent(new OutputEvent(`${filledIn(message, values)}\n`, 'console'));
  }
}

new Session().start(process.stdin, process.stdout);

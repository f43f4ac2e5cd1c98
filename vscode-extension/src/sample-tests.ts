// The Test Explorer: each sample is a test, which `toro run` runs and its sample.json judges.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { Debugging } from './debugging';
import { verdict } from './sample-verdict';
import type { Sample, Workbench } from './workbench';

export function registerSampleTests(workbench: Workbench, guests: Debugging): vscode.Disposable {
  const controller = vscode.tests.createTestController('toro.samples', 'Toro samples');
  const samples = new WeakMap<vscode.TestItem, Sample>();

  const load = async (): Promise<void> => {
    const found = await workbench.samples(workbench.toro());
    controller.items.replace(
      found.map((sample) => {
        const item = controller.createTestItem(sample.name, sample.name, vscode.Uri.file(join(sample.directory, 'sample.json')));
        item.description = sample.title;
        samples.set(item, sample);
        return item;
      }),
    );
  };
  controller.resolveHandler = (item) => (item ? undefined : load().catch((error: unknown) => workbench.log(String(error))));
  controller.refreshHandler = load;

  const runOne = async (run: vscode.TestRun, item: vscode.TestItem, sample: Sample): Promise<void> => {
    run.started(item);
    const begin = Date.now();
    const guest = guests.boot(sample.directory, {}, 'run');
    const cancelling = run.token.onCancellationRequested(() => void guest.stop());
    run.appendOutput(`${guest.commandLine}\r\n`, undefined, item);
    let console = '';
    guest.onConsole((bytes) => {
      const text = bytes.toString();
      console += text;
      run.appendOutput(text.replace(/\r?\n/g, '\r\n'), undefined, item);
    });
    const { words, status, error } = await guest.ended;
    cancelling.dispose();
    const wrong = error?.words ?? verdict(sample, console, status);
    if (run.token.isCancellationRequested) {
      run.skipped(item);
    } else if (wrong === undefined) {
      run.passed(item, Date.now() - begin);
    } else {
      run.failed(item, new vscode.TestMessage(`${wrong} (${words})`), Date.now() - begin);
    }
  };
  /** One after the other: guests that share a host's processors only slow each other down. */
  const runAll = async (request: vscode.TestRunRequest): Promise<void> => {
    const run = controller.createTestRun(request);
    const wanted = request.include ?? [...controller.items].map(([, item]) => item);
    for (const item of wanted.filter((candidate) => !request.exclude?.includes(candidate))) {
      const sample = samples.get(item);
      if (sample && !run.token.isCancellationRequested) {
        await runOne(run, item, sample);
      }
    }
    run.end();
  };
  const debugAll = async (request: vscode.TestRunRequest): Promise<void> => {
    for (const item of request.include ?? []) {
      const sample = samples.get(item);
      if (sample && existsSync(sample.directory)) {
        await vscode.commands.executeCommand('toro.debug', sample);
      }
    }
  };
  controller.createRunProfile('Run', vscode.TestRunProfileKind.Run, runAll, true);
  controller.createRunProfile('Debug', vscode.TestRunProfileKind.Debug, debugAll, true);
  return controller;
}

// The Test Explorer: each sample, which `toro run` runs and its sample.json judges; in the SDK's folder its own tests, which `toro test` lists and runs.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { Debugging } from './debugging';
import { verdict } from './sample-verdict';
import { openedFolders, type Sample, type Workbench } from './workbench';

/** As `toro test --list --json` and `toro test --json` have them. */
interface ListedTest {
  readonly name: string;
  readonly label: string;
}
interface TestResult {
  readonly name: string;
  readonly verdict: 'passed' | 'failed' | 'skipped';
  readonly reason: string;
}

export function registerTestExplorer(workbench: Workbench, guests: Debugging): vscode.Disposable {
  const controller = vscode.tests.createTestController('toro.tests', 'Toro');
  const samples = new WeakMap<vscode.TestItem, Sample>();
  const ofSdk = controller.createTestItem('sdk', 'Tests of the SDK');
  ofSdk.canResolveChildren = true;
  /** What can be debugged. */
  const bootable = new vscode.TestTag('bootable');

  const load = async (): Promise<void> => {
    const found = await workbench.samples(workbench.toro());
    const items = found.map((sample) => {
      const item = controller.createTestItem(`sample ${sample.name}`, sample.name, vscode.Uri.file(join(sample.directory, 'sample.json')));
      item.description = sample.title;
      item.tags = [bootable];
      samples.set(item, sample);
      return item;
    });
    controller.items.replace(openedFolders().includes(workbench.sdk() ?? '') ? [...items, ofSdk] : items);
  };
  /** What the tests are has CMake configure all boards: only for who wants to see them. */
  const loadSdk = async (): Promise<void> => {
    const listed = (await workbench.toro().query(['test', '--list', '--json'])).answer as ListedTest[];
    ofSdk.children.replace(
      [...new Set(listed.map(({ label }) => label))].map((label) => {
        const group = controller.createTestItem(`label ${label}`, label);
        group.children.replace(listed.filter((test) => test.label === label).map(({ name }) => controller.createTestItem(name, name)));
        return group;
      }),
    );
  };
  controller.resolveHandler = (item) => (item ? loadSdk() : load()).catch((error: unknown) => workbench.log(String(error)));
  controller.refreshHandler = async () => {
    await load();
    if (ofSdk.children.size > 0) {
      await loadSdk();
    }
  };

  const runSample = async (run: vscode.TestRun, item: vscode.TestItem, sample: Sample): Promise<void> => {
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

  /** The tests at or below it that are known; all of the SDK's are none until somebody has looked. */
  const leaves = (item: vscode.TestItem): vscode.TestItem[] =>
    item.children.size > 0 ? [...item.children].flatMap(([, child]) => leaves(child)) : item === ofSdk ? [] : [item];

  const runOfSdk = async (run: vscode.TestRun, items: readonly vscode.TestItem[]): Promise<void> => {
    const toro = workbench.toro();
    const words = ['test', ...items.map(({ id }) => id), '--json'];
    run.appendOutput(`${toro.commandLine(words)}\r\n`);
    items.forEach((item) => run.started(item));
    const waiting = { cancellation: run.token, onOutput: (line: string) => run.appendOutput(`${line}\r\n`) };
    const results = await toro.query(words, waiting, 'any').then(({ answer }) => answer as TestResult[], (error: unknown) => String(error));
    for (const item of items) {
      const result = typeof results === 'string' ? undefined : results.find(({ name }) => name === item.id);
      if (result?.verdict === 'passed') {
        run.passed(item);
      } else if (result?.verdict === 'skipped' || run.token.isCancellationRequested) {
        run.skipped(item);
      } else {
        run.failed(item, new vscode.TestMessage(result?.reason || (typeof results === 'string' ? results : 'The output says what went wrong.')));
      }
    }
  };

  const runAll = async (request: vscode.TestRunRequest): Promise<void> => {
    const run = controller.createTestRun(request);
    const wanted = (request.include ?? [...controller.items].map(([, item]) => item)).flatMap(leaves).filter((item) => !request.exclude?.includes(item));
    // One after the other: guests that share a host's processors only slow each other down.
    for (const item of wanted) {
      const sample = samples.get(item);
      if (sample && !run.token.isCancellationRequested) {
        await runSample(run, item, sample);
      }
    }
    const others = wanted.filter((item) => !samples.has(item));
    if (others.length > 0) {
      await runOfSdk(run, others);
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
  controller.createRunProfile('Debug', vscode.TestRunProfileKind.Debug, debugAll, true, bootable);
  return controller;
}

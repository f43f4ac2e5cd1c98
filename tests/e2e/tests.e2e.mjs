// The Test Explorer: samples, and in the SDK's folder its own tests; by a command that answers at once, for those take minutes.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scenario } from './editor.mjs';

const folder = mkdtempSync(join(tmpdir(), 'toro-e2e-tests-'));
mkdirSync(join(folder, 'samples/greet'), { recursive: true });
const sample = { name: 'greet', title: 'Greets', description: '', directory: join(folder, 'samples/greet'), boards: [], arguments: [], expect: ['good day'], exit_status: 0 };
writeFileSync(join(folder, 'samples/greet/sample.json'), '{}');
writeFileSync(join(folder, 'toro'), `#!/bin/sh
case "$*" in
  doctor*) echo '{"ok":true,"version":"0.1.0","sdk":"${folder}","tools":[]}' ;;
  samples*) echo '${JSON.stringify([sample])}' ;;
  boards*) echo '[]' ;;
  run*) echo 'good day'; echo '{"event":"exited","status":0}' >&2 ;;
  'test --list --json') echo '[{"name":"unit.good","label":"unit"},{"name":"unit.bad","label":"unit"},{"name":"board: guest-heap, cores: 1","label":"guest"}]' ;;
  'test unit.good unit.bad --json')
    echo 'the words of the tests' >&2
    echo '[{"name":"unit.good","verdict":"passed","reason":""},{"name":"unit.bad","verdict":"failed","reason":"3 was expected, 4 was found"}]'
    exit 1 ;;
  *) echo "toro: error: not expected here: $*" >&2; exit 2 ;;
esac
`, { mode: 0o755 });

await scenario('tests', folder, [
  ['samples are tests', async (editor) => {
    await editor.command('Testing: Focus on Test Explorer View');
    await editor.testShows('greet');
    await editor.runTest('greet');
    await editor.testShows('greet', 'Passed');
  }],
  ['so are the tests of the SDK, by their labels', async (editor) => {
    await editor.expandTest('Tests of the SDK');
    await editor.expandTest('guest');
    await editor.testShows('board: guest-heap, cores: 1');
    await editor.expandTest('unit');
    await editor.runTest('unit');
    await editor.testShows('unit.good', 'Passed');
    await editor.testShows('unit.bad', 'Failed');
    await editor.terminalShows('the words of the tests');
  }],
]);
rmSync(folder, { recursive: true, force: true });

// Packs ../build/extension/toro.vsix, which must stay small: it is all that a user downloads.
import { createVSIX } from '@vscode/vsce';
import { mkdirSync, statSync } from 'node:fs';

const largest = 1_000_000;
const file = '../build/extension/toro.vsix';
mkdirSync('../build/extension', { recursive: true });
await createVSIX({ packagePath: file, dependencies: false, rewriteRelativeLinks: false, allowMissingRepository: true, skipLicense: true });
const { size } = statSync(file);
if (size > largest) {
  console.error(`${file}: at most ${largest} bytes were expected, it has ${size}`);
  process.exitCode = 1;
}

// Bundles the extension into dist/extension.js and GDB's adapter into dist/gdb-adapter.js; with --test, each unit test into dist/test;
// with --e2e, what the tests below the editor share with it into ../build/extension.
import { build } from 'esbuild';
import { readdirSync } from 'node:fs';

const common = { bundle: true, platform: 'node', target: 'node18', format: 'cjs', sourcemap: 'inline', logLevel: 'warning' };
const shipped = { ...common, sourcemap: false, minify: true };

/** cdt-gdb-adapter wants a native module for serial lines and one for terminals; no guest here has the one, no session the other. */
const withoutNative = {
  name: 'without-native',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^serialport$|\/pty\.node$/ }, ({ path }) => ({ path, namespace: 'absent' }));
    onLoad({ filter: /.*/, namespace: 'absent' }, () => ({ contents: 'module.exports = {};' }));
  },
};

await build({ ...shipped, entryPoints: ['src/extension.ts'], outfile: 'dist/extension.js', external: ['vscode'] });
await build({ ...shipped, entryPoints: ['src/gdb-adapter.ts'], outfile: 'dist/gdb-adapter.js', plugins: [withoutNative], legalComments: 'inline' });
if (process.argv.includes('--e2e')) {
  await build({ ...common, entryPoints: ['src/adapters.ts'], outfile: '../build/extension/adapters.mjs', format: 'esm' });
}
if (process.argv.includes('--test')) {
  const tests = readdirSync('test').filter((name) => name.endsWith('.test.ts'));
  await build({ ...common, entryPoints: tests.map((name) => `test/${name}`), outdir: 'dist/test' });
}

// Guests to debug: the image that the debugger's system tests boot, and the lines in it that its sources mark.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const sdk = process.env.TORO_SDK ?? resolve(fileURLToPath(import.meta.url), '../../..');
export const toro = process.env.TORO ?? join(sdk, 'toro');
export const elf = process.env.TORO_DEBUGGEE ?? join(sdk, 'build/qemu-microvm-debug/tests/guest/debuggee/debuggee.elf');
export const source = join(sdk, 'tests/guest/debuggee/main.cpp');

const lines = readFileSync(source, 'utf8').split('\n');

/** The line of the source that ends in that mark. */
export function lineOf(mark) {
  const at = lines.findIndex((text) => text.trimEnd().endsWith(`// line: ${mark}`));
  if (at < 0) {
    throw new Error(`the mark "${mark}" was expected in ${source}`);
  }
  return at + 1;
}

const running = new Set();

/** Boots a guest that waits for its debugger and tells `hear` what its console shows; `outcome` is the tool's exit status. */
export async function boot(words, hear) {
  const process = spawn(toro, ['run', elf, '--listen', '0', '--wait', '--json', '--timeout', '300', '--', ...words]);
  running.add(process);
  let said = '';
  process.stdout.on('data', (bytes) => hear(String(bytes)));
  const outcome = new Promise((done) =>
    process.once('close', (status) => {
      running.delete(process);
      done(status);
    }),
  );
  const listening = new Promise((done, fail) => {
    createInterface(process.stderr).on('line', (text) => {
      said += `${text}\n`;
      if (text.startsWith('{"event":"listening"')) {
        done(JSON.parse(text));
      }
    });
    void outcome.then((status) => fail(new Error(`toro run ended with status ${status} before it listened: ${said}`)));
  });
  return { ...(await listening), outcome };
}

/** Ends what is left of a test that failed. */
export async function endAll() {
  await Promise.all(
    [...running].map((process) => {
      process.kill('SIGTERM');
      return new Promise((done) => process.once('close', done));
    }),
  );
}

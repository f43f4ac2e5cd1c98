// Starts the `toro` command so that nothing of it outlives the editor, and ends it with all that it started.
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { existsSync } from 'node:fs';

const setpriv = '/usr/bin/setpriv';
/** How long a process may take to end by itself. */
export const graceMilliseconds = 3000;

/**
 * The process leads its own group, and gets SIGTERM when the editor's extension host dies without a word.
 * It installs nothing: without a terminal nobody could answer for it. `toro setup` has one.
 */
export function startTool(command: string, words: readonly string[], folder: string): ChildProcessWithoutNullStreams {
  const env = { ...process.env, TORO_NO_INSTALL: '1' };
  const options = { cwd: folder, env, detached: true, stdio: 'pipe' as const };
  const child = existsSync(setpriv)
    ? spawn(setpriv, ['--pdeathsig', 'TERM', '--', command, ...words], options)
    : spawn(command, words, options);
  child.stdin.on('error', () => undefined); // the tool may end while input is on its way
  return child;
}

/** Asks the whole group to end, then insists. */
export async function endTool(child: ChildProcessWithoutNullStreams): Promise<void> {
  const signal = (name: NodeJS.Signals): void => {
    try {
      process.kill(-(child.pid ?? 0), name);
    } catch {
      // the group is gone
    }
  };
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) {
    return;
  }
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  signal('SIGTERM');
  const insist = setTimeout(() => signal('SIGKILL'), graceMilliseconds);
  await ended;
  clearTimeout(insist);
  signal('SIGKILL'); // whatever ignored the request although its leader ended
}

// What the tests started, also through an adapter: every process carries a mark in its environment.
import { randomUUID } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

export const mark = { name: 'TORO_DAP_MARK', value: randomUUID() };

function marked() {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .filter((entry) => {
      try {
        return readFileSync(`/proc/${entry}/environ`, 'latin1').includes(mark.value);
      } catch {
        return false; // it has ended
      }
    })
    .map(Number);
}

/** The marked processes that are left once ten seconds have not been enough for them to end; `end` ends them. */
export async function left({ end = false } = {}) {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; await pause(50)) {
    const found = marked();
    if (found.length === 0) {
      return [];
    }
    if (end) {
      found.forEach((pid) => process.kill(pid, 'SIGKILL'));
    }
  }
  return marked();
}

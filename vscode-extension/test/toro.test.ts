// The command's processes, with a shell script in its place.
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Toro, ToroError } from '../src/toro';

const folder = mkdtempSync(join(tmpdir(), 'toro-command-'));
after(() => rmSync(folder, { recursive: true }));

function standIn(script: string): Toro {
  const command = join(folder, `toro-${Math.random().toString(36).slice(2)}`);
  writeFileSync(command, `#!/bin/sh\n${script}\n`);
  chmodSync(command, 0o755);
  return new Toro(command, () => undefined);
}

function alive(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}

test('an answer, and what was said beside it', async () => {
  assert.deepEqual(await standIn('echo note >&2; echo "[1]"').query(['boards']), { answer: [1], output: 'note' });
});

test('a failure is told in the tool’s words, with the command line', async () => {
  const toro = standIn('echo "a.c:1:1: error: no" >&2; echo stopped >&2; exit 3');
  await assert.rejects(toro.query(['build', 'a b']), (error: ToroError) => {
    assert.equal(error.words, 'a.c:1:1: error: no');
    assert.equal(error.commandLine, `${toro.command} build 'a b'`);
    return true;
  });
});

test('the compiler’s words come before those of the command about them', async () => {
  const event = `{"event":"error","message":"the build failed with status 1"}`;
  await assert.rejects(standIn(`echo "a.c:1:1: error: no" >&2; echo '${event}' >&2; exit 1`).query([]), /^Error: a\.c:1:1: error: no/);
  await assert.rejects(standIn(`echo '${event}' >&2; exit 1`).query([]), /^Error: the build failed with status 1/);
});

test('an answer that is no JSON is shown', async () => {
  await assert.rejects(standIn('echo hello').query([]), /expected JSON, found “hello”/);
});

test('a command that is not there', async () => {
  await assert.rejects(new Toro(join(folder, 'none'), () => undefined).query([]), ToroError);
});

test('a guest: console, input, events and exit status', async () => {
  const guest = standIn(`echo boot; echo '{"event":"listening","host":"127.0.0.1","port":1,"elf":"/e"}' >&2
    read line; echo "got $line"; echo '{"event":"exited","status":7}' >&2; exit 7`).startGuest(['run']);
  assert.equal((await guest.listening).port, 1);
  let text = '';
  guest.onConsole((bytes) => (text += bytes.toString()));
  guest.type('hi\n');
  assert.equal((await guest.ended).words, 'exit status 7');
  assert.equal(text, 'boot\ngot hi\n');
});

test('a guest that panicked says where its memory is', async () => {
  const guest = standIn(`echo '{"event":"dump","file":"/d","elf":"/e"}' >&2; echo '{"event":"exited","status":134}' >&2; exit 134`).startGuest(['run']);
  assert.deepEqual((await guest.ended).dump, { event: 'dump', file: '/d', elf: '/e' });
});

test('a QEMU that is ended from outside is told in the command’s words', async () => {
  const message = 'QEMU was ended by signal 9';
  const guest = standIn(`echo '{"event":"listening","host":"h","port":1,"elf":"/e"}' >&2; echo '{"event":"error","message":"${message}"}' >&2; exit 125`).startGuest(['run']);
  assert.equal((await guest.ended).error?.words, message);
});

test('an answer counts beside a status, where that is asked for', async () => {
  const toro = standIn('echo \'{"ok":false}\'; exit 1');
  assert.deepEqual((await toro.query(['doctor'], undefined, 'any')).answer, { ok: false });
  await assert.rejects(toro.query(['doctor']), /exit status 1/);
});

test('a guest that does not boot says why', async () => {
  const guest = standIn(`echo '{"event":"error","message":"unknown board"}' >&2; exit 1`).startGuest([]);
  await assert.rejects(guest.listening, /unknown board/);
  assert.equal((await guest.ended).error?.words, 'unknown board');
});

test('stop ends the guest and what it started, also what ignores the request', async () => {
  const guest = standIn(`sh -c 'trap "" TERM; echo $$; while :; do sleep 1; done' & 
    echo '{"event":"listening","host":"127.0.0.1","port":1,"elf":"/e"}' >&2; wait`).startGuest([]);
  const pid = await new Promise<number>((resolve) => guest.onConsole((bytes) => resolve(Number(bytes.toString()))));
  assert.ok(alive(pid));
  await guest.stop();
  assert.ok(!alive(pid));
  assert.deepEqual(await guest.ended, { words: 'stopped' });
});

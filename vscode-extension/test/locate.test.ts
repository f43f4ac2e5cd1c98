import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { findDebugAdapter, findProject, findToro } from '../src/locate';

const root = mkdtempSync(join(tmpdir(), 'toro-locate-'));
after(() => rmSync(root, { recursive: true }));

function put(path: string, content = '', mode = 0o644): string {
  const file = join(root, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, content);
  chmodSync(file, mode);
  return file;
}

const toro = put('sdk/toro', '', 0o755);
put('sdk/CMakeLists.txt', 'project(toro)');
put('sdk/samples/hello/sample.json', '{}');
put('sdk/samples/hello/source/deep/main.cpp');
put('sdk/kernel/main.cpp');
put('own/CMakeLists.txt', 'find_package(Toro)\ntoro_add_application(own main.cpp)\n');
put('bin/lldb-dap-9', '', 0o755);
const newest = put('bin/lldb-dap-22', '', 0o755);
put('bin/lldb-dap-23', 'not executable');
put('bin/lldb-dap-server', '', 0o755);

test('toro is found above a folder, or where the setting says', () => {
  assert.equal(findToro('', [join(root, 'sdk/samples/hello')]), toro);
  assert.equal(findToro(join(root, 'sdk'), []), toro);
  assert.equal(findToro(toro, []), toro);
  assert.equal(findToro(join(root, 'nowhere'), [join(root, 'sdk')]), undefined);
  process.env['PATH'] = '';
  assert.equal(findToro('', [join(root, 'own')], toro), toro);
});

test('the folder toro is no command', () => {
  put('parent/toro/file');
  process.env['PATH'] = '';
  assert.equal(findToro('', [join(root, 'parent')]), undefined);
});

test('a project is the nearest sample.json or application', () => {
  const sdk = join(root, 'sdk');
  assert.equal(findProject(join(sdk, 'samples/hello/source/deep'), sdk), join(sdk, 'samples/hello'));
  assert.equal(findProject(join(root, 'own'), join(root, 'own')), join(root, 'own'));
});

test('the SDK itself is no project', () => {
  assert.equal(findProject(join(root, 'sdk/kernel'), join(root, 'sdk')), undefined);
});

test('the newest debug adapter by number, not by letters', () => {
  process.env['PATH'] = `${join(root, 'nowhere')}:${join(root, 'bin')}`;
  assert.equal(findDebugAdapter(''), newest);
  assert.equal(findDebugAdapter(join(root, 'bin/lldb-dap-9')), join(root, 'bin/lldb-dap-9'));
  assert.equal(findDebugAdapter(join(root, 'bin/lldb-dap-23')), undefined);
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { registerBits, registerGroup, withBits } from '../src/registers';

test('set bits by their names', () => {
  assert.equal(withBits('eflags', '0x00000246'), '0x00000246 [PF ZF IF]');
  assert.equal(withBits('rflags', '0x0000000000000002'), '0x0000000000000002 []');
  assert.equal(withBits('cr0', '0x80010033'), '0x80010033 [PE MP ET NE WP PG]');
  assert.equal(withBits('rax', '0x1'), '0x1');
  assert.equal(withBits('cr0', '<unavailable>'), '<unavailable>');
});

test('each register has its group', () => {
  const groups = ['rax', 'rsp', 'r15', 'eflags', 'fs', 'cr3', 'fs_base', 'xmm15', 'mxcsr', 'st7', 'fop', 'al', 'r8d'].map(registerGroup);
  assert.deepEqual(groups, ['general', 'general', 'general', 'general', 'general', 'control', 'control', 'vector', 'vector', 'float', 'float', 'supplementary', 'supplementary']);
});

test('the bits are those that the stub describes', () => {
  const source = readFileSync(join(process.cwd(), '../gdbstub/target/x86_64/register_table.cpp'), 'utf8');
  const described = Object.fromEntries([...source.matchAll(/FlagField k(\w+)Fields\[\] = \{([^;]*)\};/g)].map(([, name = '', fields = '']) => {
    const all = [...fields.matchAll(/\{"(\w*)", (\d+), (\d+)\}/g)].map(([, bit = '', low, high]) => ({ bit, low: Number(low), high: Number(high) }));
    return [name.toLowerCase(), Object.fromEntries(all.filter(({ bit, low, high }) => bit !== '' && low === high).map(({ bit, low }) => [bit, low]))];
  }));
  assert.deepEqual(registerBits, described);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LineEditor } from '../src/line-editor';

test('keys are echoed, a line is handed over whole', () => {
  const editor = new LineEditor();
  assert.deepEqual(editor.type('a'), { echo: 'a', input: '' });
  assert.deepEqual(editor.type('b\r'), { echo: 'b\r\n', input: 'ab\n' });
  assert.deepEqual(editor.type('c\r'), { echo: 'c\r\n', input: 'c\n' });
});

test('backspace takes back a letter of this line, and no more', () => {
  const editor = new LineEditor();
  assert.deepEqual(editor.type('ü\x7f\x7fx\r'), { echo: 'ü\b \bx\r\n', input: 'x\n' });
});

test('arrow keys are not input', () => {
  assert.deepEqual(new LineEditor().type('\x1b[A'), { echo: '', input: '' });
});

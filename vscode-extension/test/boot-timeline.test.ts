import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bootTimeline } from '../src/boot-timeline';

test('a bar for each stage that was reached, in the order of time', () => {
  const html = bootTimeline({
    rows: [
      { stage: 'zeta', done: 'yes', 'begin TSC': '901150', ticks: '50' },
      { stage: 'alpha', done: 'yes', 'begin TSC': '1000', ticks: '100' },
      { stage: 'debugger', done: 'yes', 'begin TSC': '1110', ticks: '900000' },
      { stage: 'never', done: 'no', 'begin TSC': '0', ticks: '0' },
    ],
  });
  assert.ok(html.indexOf('alpha') < html.indexOf('zeta'));
  assert.match(html, /2 stages, 200 ticks/);
  assert.match(html, /left:75\.00%;width:25\.00%/);
  assert.doesNotMatch(html, /never/);
});

test('names are text, and no guest means a sentence', () => {
  assert.match(bootTimeline({ rows: [{ stage: '<b>', done: 'yes', 'begin TSC': '1', ticks: '1' }] }), /&#60;b&#62;/);
  assert.match(bootTimeline({ rows: [], error: 'this one runs' }), /this one runs/);
  assert.match(bootTimeline(undefined), /Debug a Toro application/);
});

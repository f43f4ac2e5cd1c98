import assert from 'node:assert/strict';
import { test } from 'node:test';
import { difference, sizeMap, treemap, type SizeReport } from '../src/size-map';

test('tiles fill the area in proportion, and none overlaps', () => {
  const tiles = treemap([{ name: 'a', value: 50 }, { name: 'b', value: 30 }, { name: 'c', value: 20 }, { name: 'none', value: 0 }], 0, 0, 200, 100);
  assert.deepEqual(tiles.map(({ name }) => name), ['a', 'b', 'c']);
  tiles.forEach(({ value, width, height }) => assert.ok(Math.abs(width * height - 200 * value) < 1e-6));
  const overlap = (low: number, size: number, otherLow: number, otherSize: number): boolean => low + size > otherLow + 1e-9 && otherLow + otherSize > low + 1e-9;
  tiles.forEach((one, index) =>
    tiles.slice(index + 1).forEach((other) => assert.ok(!(overlap(one.x, one.width, other.x, other.width) && overlap(one.y, one.height, other.y, other.height)))),
  );
});

const report = (code: number): SizeReport => ({ name: 'n', board: 'b', config: 'release', stripped_bytes: code, units: { 'a<b': { code, constants: 0, data: 0, zeroed: 9999 } } });

test('what has grown since the last time is marked', () => {
  const html = sizeMap(report(3072), report(1024));
  assert.match(html, /3 KiB without symbols \(\+2 KiB\)/);
  assert.match(html, /class="tile grown" title="a&#60;b: 3 KiB \+2 KiB"/);
  assert.match(sizeMap(report(1024), report(1024)), /as before/);
  assert.doesNotMatch(sizeMap(report(1024), undefined), /grown" title|as before/);
  assert.equal(difference(-1024), '−1 KiB');
});

/** Cost against size: what the page makes of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chart } from '../../bench/scale/chart.ts';
import { growthOf } from '../../bench/scale/growth.ts';
import type { Point, Scaled } from '../../bench/scale/scale.ts';
import { scaleSections } from '../../bench/scale/section.ts';
import { allSeries } from '../../bench/scale/works.ts';

const MIB = 1 << 20;
const point = (size: number, cpuMs: number, mib: number): Point => ({
  size,
  samples: [{ wallMs: cpuMs, cpuMs, rss: mib * MIB }],
});

/** 100 ms to start, then 1 ms each; the last ones cost twice as much. */
const tags: Scaled = {
  kind: 'tags',
  title: 'List of tags',
  unit: 'tags',
  memory: 'flat',
  points: [point(10, 110, 50), point(100, 200, 50), point(1000, 2000, 60)],
};

test('what one more costs is told of both ends', () => {
  assert.deepEqual(growthOf(tags), { early: 1, late: 2, memory: 10 * MIB });
  assert.ok(Number.isNaN(growthOf({ points: [point(1, 1, 1)] }).late));
});

test('a series has a table, and a sentence on how it grows', () => {
  const [picture, section = ''] = scaleSections([tags], 'scale.svg');
  assert.equal(picture, '![Cost against size, both axes logarithmic](scale.svg)');
  assert.match(section, /\| 1,000 tags \| +2\.00 s \| +2\.00 s \| +60\.0 MiB \|/);
  assert.ok(
    section.endsWith(
      'One more of them: 1.0 ms of CPU, and 2.0 ms where there are the most. Memory, from the smallest to the largest: 10.0 MiB (flat).',
    ),
  );
});

test('the picture has a panel for each series, with a point for each size and measure', () => {
  const svg = chart([tags, { ...tags, title: 'Another' }]);
  assert.equal(svg.match(/<circle /g)?.length, 2 * 3 * 3);
  assert.ok(svg.includes('>Another</text>') && !svg.includes('NaN'));
  // Ten times as many are as far apart everywhere.
  const [first, second, third] = [...svg.matchAll(/<circle cx="([\d.]+)"/g)].map(([, x]) => Number(x));
  assert.ok(Math.abs((second ?? 0) - (first ?? 0) - ((third ?? 0) - (second ?? 0))) < 0.2);
});

test('every series grows, by as much each time', () => {
  for (const { sizes, title } of allSeries) {
    const steps = sizes.slice(1).map((size, at) => size / (sizes[at] ?? Number.NaN));
    assert.equal(new Set(steps).size, 1, title);
  }
});

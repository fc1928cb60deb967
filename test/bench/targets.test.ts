/** What the bench must show, looked up in what it measured. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Measured } from '../../bench/runner.ts';
import type { Result } from '../../bench/statistics.ts';
import { isMet, targetsOf, targetsTable } from '../../bench/targets.ts';
import { type Work, works } from '../../bench/works.ts';
import { resultOf } from '../support/bench-results.ts';

const MIB = 1 << 20;

function measured(wanted: Partial<Work>, ...results: readonly Result[]): Measured {
  const work = works.find((one) => Object.entries(wanted).every(([key, value]) => one[key as keyof Work] === value));
  assert.ok(work);
  return { work, rounds: 1, results, unable: [] };
}

const wall = (name: string, wallMs: number, base?: string): Result => resultOf(name, [{ wallMs }], base);

function told(...all: readonly Measured[]): readonly string[] {
  return targetsOf(all).map(
    (target) => `${target.what}: ${target.value} of ${target.limit}${isMet(target) ? '' : ', no'}`,
  );
}

test('a pull is compared with each peer that took part, and with curl where crane is not', () => {
  const of = { group: 'pull' } as const;
  assert.deepEqual(told(measured(of, wall('lading', 90), wall('skopeo', 100), wall('curl', 100))), [
    'Pull to a layout: lading / skopeo: 0.9 of 1',
    'Pull to a layout: lading / curl: 0.9 of 1.1',
  ]);
  const [lading, crane] = ['lading', 'crane'].map((name, at) => resultOf(name, [{ wallMs: 100 - 20 * at, cpuMs: 50 }]));
  assert.ok(lading && crane);
  assert.deepEqual(told(measured(of, lading, crane, wall('curl', 100))), [
    'Pull to a layout: lading / crane: 1.25 of 1, no',
    'Pull to a layout: CPU of lading / crane: 1 of 1.5',
  ]);
});

test('over a long line it is the fastest peer that counts, and our executable has a line of its own', () => {
  const of = { group: 'distance', action: 'repos' } as const;
  const results = [
    wall('lading', 160),
    wall('lading, executable', 10),
    wall('oras', 250),
    wall('crane', 200),
    wall('curl', 1),
  ];
  assert.deepEqual(told(measured(of, ...results)), [
    'List of 2000 repositories, 50 ms away: lading / the fastest peer, crane: 0.8 of 0.8',
    'List of 2000 repositories, 50 ms away: lading, executable / the fastest peer, crane: 0.05 of 0.8',
  ]);
});

test('each Node is compared with a bare one of its version', () => {
  const of = { group: 'latency', action: 'version' } as const;
  const [old, newer] = ['node 20.1.0 -e 0', 'node 24.1.0 -e 0'];
  const ours = [wall('lading', 90, old), wall(old, 60), wall('lading, node 24.1.0', 60, newer), wall(newer, 45)];
  assert.deepEqual(told(measured(of, ...ours, wall('lading, executable', 20))), [
    'Version: lading over node 20.1.0 -e 0: 30 of 25, no',
    'Version: lading, node 24.1.0 over node 24.1.0 -e 0: 15 of 15',
    'Version: lading, executable: 20 of 20',
  ]);
});

test('what has nothing to do asks twice at most', () => {
  const of = { group: 'latency', action: 'copy' } as const;
  assert.deepEqual(told(measured(of, resultOf('lading', [{ requests: 3 }]))), [
    'Copy of what is there already: requests of lading: 3 of 2, no',
  ]);
});

test('memory is the highest peak of the large image', () => {
  const memory = (subject: 'small' | 'large', ...mib: number[]): Measured =>
    measured(
      { group: 'memory', action: 'pull', subject },
      resultOf(
        'lading',
        mib.map((peak) => ({ rss: peak * MIB })),
      ),
    );
  assert.deepEqual(told(memory('small', 60)), []);
  const targets = targetsOf([memory('small', 60), memory('large', 90, 170, 80)]);
  assert.deepEqual(
    targets.map(({ value, limit }) => [value / MIB, limit / MIB]),
    [[170, 160]],
  );
  assert.match(targetsTable(targets), /\|  170 MiB \| ≤ 160 MiB \| \*\*no\*\* \|/);
});

test('what was not measured has no line', () => {
  assert.deepEqual(told(measured({ group: 'copy' }, wall('lading', 1))), []);
  assert.equal(targetsTable([]), 'None of it was measured.');
});

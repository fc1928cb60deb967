/** The page that the bench writes. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { merged, type GroupRecord, readRecords, writeRecords } from '../../bench/records.ts';
import { page } from '../../bench/report.ts';
import type { Measured } from '../../bench/runner.ts';
import type { Player, Setting } from '../../bench/setting.ts';
import { shown, shownSummary, table } from '../../bench/table.ts';
import { type Group, type Work, works } from '../../bench/works.ts';
import { resultOf } from '../support/bench-results.ts';
import { temporaryDirectory } from '../support/real/temporary.ts';

const MIB = 1024 * 1024;

const setting: Setting = {
  date: '2026-01-31',
  machine: {
    cpu: 'A CPU',
    cores: 2,
    memory: 4096 * MIB,
    kernel: 'Linux 6',
    node: '20.20.2',
    commit: 'abc1234',
    load: 0.5,
  },
  players: [player('lading', '1.2.3', 'us'), player('skopeo', '1.9.3', 'peer'), player('curl', '7.88.1', 'limit')],
  absent: ['oras', 'crane'],
  command: 'npm run bench -- pull --write',
  rounds: 11,
  largeMib: 1024,
};

function player(name: string, version: string, role: Player['role']): Player {
  return { name, version, role };
}

function workOf(group: Work['group'], subject?: Work['subject']): Work {
  const work = works.find((one) => one.group === group && (subject === undefined || one.subject === subject));
  assert.ok(work);
  return work;
}

function recordOf(group: Group, all: readonly Omit<Measured, 'unable'>[], own: Partial<Setting> = {}): GroupRecord {
  return { group, setting: { ...setting, ...own }, works: all.map((measured) => ({ ...measured, unable: [] })) };
}

/** A page of one run, a group after the other. */
function pageOf(...all: readonly Omit<Measured, 'unable'>[]): string {
  const groups = [...new Set(all.map(({ work }) => work.group))];
  return page(
    groups.map((group) =>
      recordOf(
        group,
        all.filter(({ work }) => work.group === group),
      ),
    ),
  );
}

test('it names the machine, the versions, the command line and those who were not there', () => {
  const text = page([recordOf('pull', [])]);
  for (const part of [
    '\n- 2026-01-31, `npm run bench -- pull --write`: 11 rounds; the large image has 1024 MiB\n',
    'A CPU, 2 cores, 4096 MiB, Linux 6; load when it began: 0.50',
    'lading 1.2.3, skopeo 1.9.3, curl 7.88.1; node 20.20.2; source abc1234',
    '\n- oras, crane: not on PATH (scripts/bench-peers.sh',
    '\n- left out by the command line: push, copy, list, latency, distance, memory, scale\n',
  ]) {
    assert.ok(text.includes(part), part);
  }
});

test('a work has a row for each contestant, with medians, minimum, maximum and ours over theirs', () => {
  const text = pageOf({
    work: workOf('pull'),
    rounds: 3,
    results: [
      resultOf('lading', [{ wallMs: 900 }, { wallMs: 1000 }, { wallMs: 1100 }]),
      resultOf('skopeo', [{ wallMs: 2100 }, { wallMs: 1900 }, { wallMs: 2000 }]),
    ],
  });
  assert.match(text, /## Pull\n\n- 2026[^]*\n\n### Pull to a layout\n\n\| +\| +wall \| ours \/ theirs \|/);
  assert.match(text, /\| lading +\| +1\.00 s \[0\.900 … 1\.10\] \| +\|/);
  assert.match(text, /\| skopeo +\| +2\.00 s \[1\.90 … 2\.10\] \| +0\.50 \|/);
});

test('requests of all works stand in one table, without those who made none', () => {
  const text = pageOf(
    {
      work: workOf('pull'),
      rounds: 1,
      results: [resultOf('lading', [{ requests: 11 }]), resultOf('skopeo', [{ requests: 12 }])],
    },
    { work: workOf('copy'), rounds: 1, results: [resultOf('lading', [{ requests: 2 }]), resultOf('bare', [{}])] },
  );
  const [, requests = ''] = text.split('## Requests\n\n');
  const lines = requests
    .split('\n')
    .slice(0, 4)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  assert.deepEqual(lines[0], ['', 'lading', 'skopeo']);
  assert.deepEqual(lines.slice(2), [
    ['Pull to a layout', '11', '12'],
    ['Copy from registry to registry', '2', ''],
  ]);
});

test('what is over a bare Node is told, and how memory grows with the image', () => {
  const bare = 'node 20.20.2 -e 0';
  const text = pageOf(
    {
      work: workOf('latency'),
      rounds: 1,
      results: [resultOf('lading', [{ wallMs: 85 }], bare), resultOf(bare, [{ wallMs: 62 }])],
    },
    { work: workOf('memory', 'small'), rounds: 1, results: [resultOf('lading', [{ rss: 60 * MIB }])] },
    { work: workOf('memory', 'large'), rounds: 1, results: [resultOf('lading', [{ rss: 85 * MIB }])] },
  );
  assert.ok(text.includes('- lading: 23 ms over `node 20.20.2 -e 0`\n'));
  assert.ok(text.includes('- pull: 60.0 MiB for the small image, 85.0 MiB for the large one: 25.0 MiB more\n'));
});

test('a peer that cannot do a work is told of', () => {
  const unable = [{ name: 'oras', reason: 'unknown flag' }];
  const works = [{ work: workOf('pull'), rounds: 1, results: [], unable }];
  const text = page([{ group: 'pull', setting, works }]);
  assert.ok(text.includes('\n- Pull to a layout, oras: unknown flag\n'));
});

test('too few rounds are said to be too few', () => {
  assert.match(page([recordOf('pull', [], { rounds: 1 })]), /\n- enough rounds: 1 are too few/);
});

test('a run of one group replaces that of the same group, and leaves the others as they were measured', async () => {
  const { path, remove } = await temporaryDirectory('records');
  try {
    const file = join(path, 'performance.json');
    const results = [resultOf('lading', [{ wallMs: 1.23456, rss: 3 * MIB }])];
    assert.deepEqual(readRecords(file), []);
    writeRecords(file, [
      recordOf('copy', [{ work: workOf('copy'), rounds: 1, results }], { date: '2026-01-01' }),
      recordOf('list', [], { date: '2026-01-02' }),
    ]);
    const records = merged(readRecords(file), [recordOf('pull', []), recordOf('list', [])]);
    assert.deepEqual(
      records.map(({ group, setting: { date } }) => [group, date]),
      [
        ['pull', '2026-01-31'],
        ['copy', '2026-01-01'],
        ['list', '2026-01-31'],
      ],
    );
    assert.deepEqual(records[1]?.works[0]?.results[0]?.samples, [
      { wallMs: 1.23, cpuMs: 0, rss: 3 * MIB, requests: 0, bytes: 0 },
    ]);
    const text = page(records);
    for (const date of ['2026-01-01', '2026-01-31']) assert.ok(text.includes(`\n- ${date}, `), date);
  } finally {
    await remove();
  }
});

test('numbers have the unit that fits them', () => {
  assert.equal(shown('wallMs', 62.4), '62.4 ms');
  assert.equal(shown('cpuMs', 1580), '1.58 s');
  assert.equal(shown('rss', 85 * MIB), '85.0 MiB');
  assert.equal(shown('bytes', 1536), '1.50 KiB');
  assert.equal(shown('bytes', 1024 * MIB), '1024 MiB');
  assert.equal(shown('requests', 11.5), '11.5');
  assert.equal(shownSummary('wallMs', { median: 1200, min: 900, max: 12_000 }), '1.20 s [0.900 … 12.0]');
});

test('cells of a table stand below each other', () => {
  assert.equal(
    table(
      ['', 'wall'],
      [
        ['lading', '1 s'],
        ['x', '10 ms'],
      ],
    ),
    ['|        |  wall |', '| ------ | ----: |', '| lading |   1 s |', '| x      | 10 ms |'].join('\n'),
  );
});

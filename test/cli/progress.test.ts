import assert from 'node:assert/strict';
import { Readable, Writable } from 'node:stream';
import { test } from 'node:test';
import type { Context } from '../../src/cli/context.ts';
import { createOutput } from '../../src/cli/terminal/output.ts';
import { createProgress, progressMode } from '../../src/cli/terminal/progress.ts';
import { arrivalLine, terminalLines } from '../../src/cli/terminal/progress-lines.ts';
import { renderLine } from '../../src/cli/terminal/style.ts';
import { createTransfers } from '../../src/cli/terminal/transfers.ts';
import type { Activity } from '../../src/model/call.ts';
import type { Descriptor } from '../../src/model/descriptor.ts';
import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../src/model/media-types.ts';

const layer = (hex: string, size: number): Descriptor => ({
  mediaType: OCI_LAYER_GZIP,
  digest: `sha256:${hex.repeat(64)}`,
  size,
});

function text(lines: readonly (readonly Parameters<typeof renderLine>[0][number][])[]): string[] {
  return lines.map((line) => renderLine(line, false));
}

function contextOf(nowMs: () => number, isTTY = false): { context: Context; stderr: () => string } {
  const chunks: string[] = [];
  const stream = new Writable({ write: (chunk: Buffer, _encoding, done) => done(void chunks.push(chunk.toString())) });
  const context: Context = {
    env: { TERM: 'xterm', NO_COLOR: '1' },
    cwd: '/',
    stdin: Readable.from([]),
    stdout: new Writable(),
    stderr: Object.assign(stream, { isTTY, columns: 100, rows: 10 }),
    onSignal: () => () => {},
    exit: () => {},
    now: nowMs,
  };
  return { context, stderr: () => chunks.join('') };
}

test('CAP-M3: a terminal shows a line an object, with bytes, rate and time left', () => {
  const transfers = createTransfers();
  const big = layer('a', 100_000_000);
  transfers.apply({ type: 'start', descriptor: big }, 0);
  transfers.apply({ type: 'start', descriptor: layer('b', 0) }, 0);
  transfers.apply({ type: 'progress', descriptor: big, bytes: 5_000_000 }, 0);
  transfers.apply({ type: 'progress', descriptor: big, bytes: 25_000_000 }, 1000);
  assert.deepEqual(text(terminalLines(transfers, 120, 24)), [
    'layer    aaaaaaaaaaaa  ━━━━━━━─────────────────────   25.0 MB of 100 MB     20.0 MB/s  3.8 s left',
    'layer    bbbbbbbbbbbb  ━━━━━━━━━━━━━━━━━━━━━━━━━━━━       0 B of 0 B',
    '0 done, 2 under way, 25.0 MB, 20.0 MB/s',
  ]);
});

test('no line is wider, and no frame higher, than the terminal', () => {
  const transfers = createTransfers();
  for (const hex of '0123456789abcdef') {
    const descriptor = layer(hex, 1e9);
    transfers.apply({ type: 'start', descriptor }, 0);
    transfers.apply({ type: 'progress', descriptor, bytes: 5e8 }, 60_000);
  }
  for (const [columns, rows] of [
    [120, 24],
    [80, 10],
    [60, 5],
    [20, 2],
  ] as const) {
    const lines = text(terminalLines(transfers, columns, rows));
    assert.ok(lines.length <= Math.max(2, rows - 1), `${lines.length} lines for ${rows} rows`);
    for (const line of lines) assert.ok(line.length < columns, `${line.length} columns of ${columns}`);
  }
  assert.match(text(terminalLines(transfers, 80, 10)).at(-1) ?? '', /16 under way, 9 not shown/);
});

test('a read that steps back gives no negative rate', () => {
  const transfers = createTransfers();
  const descriptor = layer('a', 1000);
  transfers.apply({ type: 'progress', descriptor, bytes: 900 }, 0);
  transfers.apply({ type: 'progress', descriptor, bytes: 900 }, 1000);
  transfers.apply({ type: 'progress', descriptor, bytes: 0 }, 2000);
  assert.ok(transfers.rate >= 0);
});

test('what was there already says so', () => {
  const said = (outcome: 'exists' | 'mounted' | 'written'): string =>
    renderLine(arrivalLine({ descriptor: layer('a', 1_234_567), outcome, bytes: 0, durationMs: 500 }), false);
  assert.equal(said('exists'), 'layer    aaaaaaaaaaaa   1.23 MB  already there');
  assert.equal(said('mounted'), 'layer    aaaaaaaaaaaa   1.23 MB  mounted');
  assert.equal(said('written'), 'layer    aaaaaaaaaaaa   1.23 MB  done in 500 ms');
});

test('CAP-M3: a log gets a line when an object has arrived, and one now and then before', async () => {
  let now = 0;
  const { context, stderr } = contextOf(() => now);
  const output = createOutput(context);
  const progress = await createProgress('plain', context, output);
  const descriptor = layer('a', 100_000_000);
  progress.on({ type: 'start', descriptor });
  progress.on({ type: 'progress', descriptor, bytes: 1 });
  for (now = 1000; now <= 25_000; now += 1000) progress.on({ type: 'progress', descriptor, bytes: now * 1000 });
  progress.on({ type: 'done', descriptor, outcome: 'written' });
  await output.close();
  assert.deepEqual(stderr().trimEnd().split('\n'), [
    'layer    aaaaaaaaaaaa  10.0 MB of 100 MB  1.00 MB/s  1 min 30 s left',
    'layer    aaaaaaaaaaaa  20.0 MB of 100 MB  1.00 MB/s  1 min 20 s left',
    'layer    aaaaaaaaaaaa    100 MB  done in 26 s',
  ]);
});

test('CAP-M4: json progress is one object a line, thinned out, and without requests', async () => {
  let now = 0;
  const { context, stderr } = contextOf(() => now);
  const progress = await createProgress('json', context, createOutput(context));
  const descriptor: Descriptor = { mediaType: OCI_CONFIG, digest: `sha256:${'c'.repeat(64)}`, size: 10 };
  const activities: Activity[] = [
    { type: 'request', method: 'GET', url: 'https://x/', headers: {} },
    { type: 'start', descriptor },
    { type: 'progress', descriptor, bytes: 1 },
    { type: 'progress', descriptor, bytes: 2 },
    { type: 'warning', host: 'x', text: '\u001b[2J' },
    { type: 'done', descriptor, outcome: 'written' },
  ];
  for (const activity of activities) progress.on(activity);
  now = 300;
  progress.on({ type: 'progress', descriptor, bytes: 9 });
  const lines = stderr().trimEnd().split('\n');
  const types = lines.map((line) => (JSON.parse(line) as { type: string }).type);
  assert.deepEqual(types, ['start', 'progress', 'warning', 'done', 'progress']);
  assert.doesNotMatch(stderr(), /\u001b/);
});

test('CAP-M3 CAP-M5: bars are for terminals, and silence for who wants it', () => {
  const mode = (isTTY: boolean, env: Record<string, string>, quiet = false): string => {
    const { context } = contextOf(() => 0, isTTY);
    return progressMode('auto', { ...context, env }, quiet);
  };
  assert.equal(mode(true, { TERM: 'xterm' }), 'tty');
  assert.equal(mode(true, { TERM: 'dumb' }), 'plain');
  assert.equal(mode(false, { TERM: 'xterm' }), 'plain');
  assert.equal(mode(true, { TERM: 'xterm' }, true), 'none');
});

test('bars make room for lines and leave nothing behind', async () => {
  const { context, stderr } = contextOf(() => 0, true);
  const output = createOutput(context);
  const progress = await createProgress('tty', context, output);
  const descriptor: Descriptor = { mediaType: OCI_MANIFEST, digest: `sha256:${'d'.repeat(64)}`, size: 10 };
  progress.on({ type: 'start', descriptor });
  output.note('a note');
  progress.on({ type: 'done', descriptor, outcome: 'written' });
  progress.close();
  await output.close();
  const shown = stderr();
  assert.match(shown, /a note\n/);
  assert.match(shown, /manifest dddddddddddd/);
  assert.doesNotMatch(shown.slice(shown.lastIndexOf('10 B')), /under way/);
});

/** Times in tables of contents: with all their digits, so that it is the same image whatever its layers are packed in. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { digestOf } from '../../../src/bytes/hash.ts';
import { concat, readAll } from '../../../src/bytes/read.ts';
import type { TarFile } from '../../../src/bytes/tar.ts';
import { collect } from '../../../src/graph/collect.ts';
import { exportTar } from '../../../src/image/files/export.ts';
import type { FileSystem } from '../../../src/image/files/file-system.ts';
import { paxTime } from '../../../src/image/toc/toc-time.ts';
import { timeText } from '../../../src/image/toc/write/time-text.ts';
import { seededBytes } from '../../../src/testing/fixtures.ts';
import { directory, file, layered, symlink } from '../../support/layered.ts';
import { lazyWorld } from '../../support/lazy-world.ts';
import { type TableEntry, tocLayer } from '../../support/toc-layers.ts';

/** What a table says, and the archive. */
const times: readonly (readonly [text: string, seconds: string])[] = [
  ['2014-05-13T16:53:20.123456789Z', '1400000000.123456789'],
  ['2014-05-13T16:53:20.5Z', '1400000000.5'],
  ['2014-05-13T16:53:20Z', '1400000000'],
  ['1970-01-01T00:00:00.000000001Z', '0.000000001'],
  ['1969-12-31T23:59:59.999999999Z', '-0.000000001'],
  ['1969-12-31T23:59:58.5Z', '-1.5'],
  ['1969-12-31T23:59:57.876543211Z', '-2.123456789'],
  ['1969-12-31T23:59:58Z', '-2'],
  ['0000-01-01T00:00:00Z', '-62167219200'],
  ['9999-12-31T23:59:59.999999999Z', '253402300799.999999999'],
];

test('a time is the seconds of the archive, and these that time', () => {
  for (const [text, seconds] of times) {
    assert.equal(paxTime(text), seconds);
    assert.equal(timeText(seconds), text);
  }
  assert.equal(paxTime('2014-05-13T18:53:20.5+02:00'), '1400000000.5');
  for (const text of [
    '',
    'now',
    '2014-05-13',
    '2014-13-01T00:00:00Z',
    '2014-05-13T16:53:20.1234567890Z',
    '2014-05-13T16:53:20',
  ]) {
    assert.equal(paxTime(text), undefined, text);
  }
});

const exported = async (files: FileSystem): Promise<string> =>
  digestOf(await readAll(exportTar(files), 1 << 24, 'archive'));

describe('an image, and the same in zstd:chunked', () => {
  /** Some writers fill up the digits with zeros. */
  const archive: readonly TarFile[] = [
    directory('d/', { pax: { mtime: '1400000000.100000000' } }),
    ...times.map(([, seconds], at) =>
      file(`d/${at}`, `file ${at}`, seconds.includes('.') ? { pax: { mtime: seconds } } : { mtime: Number(seconds) }),
    ),
    symlink('l', 'd/1', { pax: { mtime: '1400000001.123456789' } }),
    file('zeros', new Uint8Array(100_000)),
    file('last', seededBytes(70_000, 1)),
  ];
  const told = new Map([
    ['d/', '2014-05-13T16:53:20.1Z'],
    ['l', '2014-05-13T16:53:21.123456789Z'],
    ...times.map(([text], at) => [`d/${at}`, text] as const),
  ]);
  const change = (entries: TableEntry[]): unknown =>
    entries.map((entry) => ({
      ...entry,
      modtime: told.get(String(entry.name)) ?? '1970-01-01T00:00:00Z',
      ...(entry.name === 'zeros' ? { chunkType: 'zeros', chunkDigest: undefined } : {}),
    }));

  test('has the same times, to the nanosecond', async () => {
    const { files } = await lazyWorld([await tocLayer('zstd:chunked', archive, { change })]);
    const plain = (await layered(archive)).files();
    const facts = async (of: FileSystem): Promise<unknown[]> =>
      (await collect(of.entries())).map(({ path, mtime, exactMtime }) => ({ path, mtime, exactMtime }));
    assert.deepEqual(await facts(files()), await facts(plain));
    const { mtime, exactMtime } = await files().stat('d/6');
    assert.deepEqual([mtime, exactMtime], [-2.123456789, undefined]);
    assert.equal((await files().stat('d/0')).exactMtime, '1400000000.123456789');
  });

  test('is exported to the same archive, files of nothing but zeros in their places', async () => {
    const { files, asked } = await lazyWorld([await tocLayer('zstd:chunked', archive, { change })]);
    assert.equal(await exported(files()), await exported((await layered(archive)).files()));
    assert.ok(
      asked().every(({ range }) => range !== undefined),
      'by ranges',
    );
  });

  test('a time of more digits than nanoseconds is cut, as by Go', async () => {
    const of = async (mtime: string) => (await layered([file('a', 'a', { pax: { mtime } })])).files().stat('a');
    assert.equal((await of('1400000000.1234567899')).exactMtime, '1400000000.123456789');
    assert.deepEqual([(await of('7.0000000001')).mtime, (await of('7.0000000001')).exactMtime], [7, undefined]);
  });
});

test('what is read of chunks stays in the order of the layer, whatever stands nowhere', async () => {
  const parts = [file('a', seededBytes(9000, 1)), file('b', new Uint8Array(9000)), file('c', seededBytes(9000, 2))];
  const change = (entries: TableEntry[]): unknown =>
    entries.map((entry) => (entry.name === 'b' ? { ...entry, chunkType: 'zeros' } : entry));
  const { files } = await lazyWorld([await tocLayer('zstd:chunked', parts, { change })]);
  const opened = files();
  const order: string[] = [];
  for await (const { file: one, body } of opened.bodies((await collect(opened.list())).toReversed())) {
    order.push(one.path);
    assert.equal(concat(await collect(body)).length, 9000);
  }
  assert.deepEqual(order, ['a', 'b', 'c']);
});

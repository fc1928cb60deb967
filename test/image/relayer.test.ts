import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { digestOf } from '../../src/bytes/hash.ts';
import { concat, fromArray, readAll } from '../../src/bytes/read.ts';
import { textOf } from '../../src/bytes/tar-text.ts';
import { type TarFile, writeTar } from '../../src/bytes/tar.ts';
import { type RelayerOptions, type Relayered, relayer, type Rewrite } from '../../src/image/layer/relayer.ts';
import type { Activity } from '../../src/model/call.ts';
import type { Digest } from '../../src/model/digest.ts';
import { OCI_LAYER_GZIP, OCI_LAYER_ZSTD } from '../../src/model/media-types.ts';
import { contentFrom, contentOf } from '../../src/store/content.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { Content, Store } from '../../src/store/types.ts';
import { buildLayer, type FileSpec } from '../../src/testing/fixtures.ts';
import { rejection } from '../support/failure.ts';
import { bytesOf, diffIdOf } from '../support/image-view.ts';
import { countedSpool, entriesIn } from '../support/relayered.ts';
import { storedZstd } from '../support/stored-zstd.ts';

const files: Readonly<Record<string, FileSpec>> = {
  'etc/': { mode: 0o700, mtime: 1_700_000_000 },
  'etc/b': { content: 'second', uid: 70_000, gid: 5, mode: 0o640, mtime: 1_700_000_001 },
  'etc/a': { content: 'first', uname: 'root', gname: 'wheel' },
  'etc/link': { type: 'symlink', linkname: 'a' },
  'etc/hard': { type: 'link', linkname: 'etc/a' },
  'dev/null': { type: 'character-device', devmajor: 1, devminor: 3 },
};

interface Kept {
  readonly store: Store;
  readonly layer: Content;
  readonly diffId: Digest;
}

async function kept(layer: Content, diffId: Digest): Promise<Kept> {
  const store = createMemoryStore();
  await store.putBlob(layer);
  return { store, layer, diffId };
}

async function keptFiles(compression: 'gzip' | 'none' = 'gzip'): Promise<Kept> {
  const { content, diffId } = await buildLayer({ files, compression });
  return kept(content, diffId);
}

const touch: Rewrite = (entry) => (entry.name === 'etc/b' ? { ...entry, mode: 0o600 } : entry);

function rewritten(
  { store, layer, diffId }: Kept,
  rewrite: Rewrite,
  options: Partial<RelayerOptions> = {},
): Promise<Relayered> {
  return relayer(store, layer.descriptor, rewrite, { diffId, spool: countedSpool().spool, ...options });
}

describe('CAP-G9: a layer written anew', () => {
  test('has its entries in their order, all but what was changed as it was', async () => {
    const before = await keptFiles();
    const after = await rewritten(before, (entry) => (entry.name === 'etc/link' ? undefined : touch(entry)));
    const [was, is] = [await entriesIn(before.layer), await entriesIn(after.content)];
    const expected = was.filter(({ name }) => name !== 'etc/link');
    assert.deepEqual(
      is,
      expected.map((entry) => (entry.name === 'etc/b' ? { ...entry, mode: 0o600 } : entry)),
    );
    assert.equal(after.isChanged, true);
    assert.equal(after.compression, 'gzip');
    assert.equal(after.content.descriptor.mediaType, OCI_LAYER_GZIP);
    assert.equal(after.diffId, await diffIdOf(after.content));
    assert.equal(after.content.descriptor.digest, digestOf(await bytesOf(after.content)));
  });

  test('is itself when nothing changes in it', async () => {
    const before = await keptFiles();
    const same = await rewritten(before, (entry) => entry, { compression: 'none' });
    assert.equal(same.isChanged, false);
    assert.deepEqual(same.content.descriptor, before.layer.descriptor);
    assert.equal(same.diffId, before.diffId);
  });

  test('is the same archive whoever wrote it, however it came', async () => {
    const names = Object.keys(files);
    const digests = new Set<string>();
    for (const compression of ['gzip', 'none'] as const) {
      digests.add(
        (await rewritten(await keptFiles(compression), touch, { compression: 'gzip' })).content.descriptor.digest,
      );
    }
    // Padded as GNU tar does, in other pieces, with times of access and the numbers of inodes.
    const noisy: TarFile[] = [];
    for (const { text, ...header } of await entriesIn((await keptFiles()).layer)) {
      const pax = { atime: '1.5', ctime: '2', 'SCHILY.ino': '77', uid: String(header.uid), ...header.pax };
      noisy.push({ ...header, pax, body: fromArray(new TextEncoder().encode(text)) });
    }
    assert.equal(noisy.length, names.length);
    const archive = concat([await readAll(writeTar(noisy), 1 << 20, 'archive'), new Uint8Array(4096)]);
    const slow = contentOf(contentFrom(archive).descriptor, async function* (start, end) {
      for (let at = start; at < end; at += 333) yield archive.subarray(at, Math.min(end, at + 333));
    });
    const store = { ...createMemoryStore(), blob: () => slow };
    const other = await rewritten({ store, layer: slow, diffId: digestOf(archive) }, touch, { compression: 'gzip' });
    digests.add(other.content.descriptor.digest);
    assert.equal(digests.size, 1);
  });

  test('tells by PAX records only what a header cannot hold, and tells it exactly', async () => {
    const capability = textOf(new Uint8Array([1, 0, 0, 2, 0x80, 0, 0, 0]));
    const pax = {
      mtime: '1700000000.123456789',
      atime: '1700000000.5',
      'SCHILY.xattr.security.capability': capability,
      'SCHILY.xattr.user.a': 'b',
    };
    const windows = { 'MSWINDOWS.fileattr': '32', 'LIBARCHIVE.creationtime': '7', atime: '9' };
    const { content, diffId } = await buildLayer({
      files: { ping: { content: 'ping', pax }, plain: { content: 'x', pax: { mtime: '5' } }, dll: { pax: windows } },
    });
    const [ping, plain, dll] = await entriesIn(
      (await rewritten(await kept(content, diffId), (entry) => ({ ...entry, uname: '' }))).content,
    );
    assert.deepEqual(ping?.pax, {
      'SCHILY.xattr.security.capability': capability,
      'SCHILY.xattr.user.a': 'b',
      mtime: '1700000000.123456789',
      path: 'ping',
    });
    assert.deepEqual([plain?.mtime, plain?.pax], [5, undefined]);
    assert.deepEqual(dll?.pax, { ...windows, path: 'dll' });
  });

  test('is proven before anything comes of it: its bytes, and what they unpack to', async () => {
    const spool = countedSpool();
    const before = await keptFiles();
    const other = digestOf(new Uint8Array(1));
    const wrong = await rejection('DIGEST_MISMATCH', rewritten({ ...before, diffId: other }, touch, spool));
    assert.match(wrong.message, /unpacks to sha256:.*, but the config says/);
    await rejection(
      'DIGEST_MISMATCH',
      rewritten({ ...before, diffId: other }, (entry) => entry, spool),
    );
    const bytes = (await bytesOf(before.layer)).slice();
    bytes[bytes.length - 1] = 1;
    const damaged = contentOf(before.layer.descriptor, () => fromArray(bytes));
    const store = { ...before.store, blob: () => damaged };
    await rejection('DIGEST_MISMATCH', rewritten({ ...before, store }, touch, spool));
    const text = contentFrom(new TextEncoder().encode('no archive '.repeat(100)));
    const error = await rejection('LAYOUT_INVALID', rewritten(await kept(text, text.descriptor.digest), touch, spool));
    assert.match(error.message, /^layer sha256:[0-9a-f]{64}: not a valid tar archive/);
    assert.equal(spool.open(), 0, 'and nothing is kept');
  });

  test('is fetched once, and gives back what it kept', async () => {
    const spool = countedSpool();
    const before = await keptFiles();
    let opened = 0;
    const layer: Content = {
      ...before.layer,
      open: (options) => {
        opened++;
        return before.layer.open(options);
      },
    };
    const told: Activity[] = [];
    const store = { ...before.store, blob: () => layer };
    const after = await rewritten({ ...before, store }, touch, { ...spool, on: (activity) => told.push(activity) });
    assert.equal(opened, 1);
    assert.equal(spool.open(), 1, 'the new one');
    await after.close();
    assert.equal(spool.open(), 0);
    assert.deepEqual(
      told.map(({ type }) => type).filter((type) => type !== 'progress'),
      ['start', 'done'],
    );
  });

  test('ends with the signal', async () => {
    const spool = countedSpool();
    const signal = AbortSignal.abort();
    await rejection('ABORTED', rewritten(await keptFiles(), touch, { ...spool, signal }));
    assert.equal(spool.open(), 0);
  });

  test('that was compressed with zstd is read anywhere, and written where the runtime can', async () => {
    const { content, diffId } = await buildLayer({ files, compression: 'none' });
    const before = await kept(contentFrom(storedZstd(await bytesOf(content)), OCI_LAYER_ZSTD), diffId);
    assert.equal((await rewritten(before, (entry) => entry)).compression, 'zstd');
    const after = await rewritten(before, touch, { compression: 'gzip' });
    assert.equal(
      after.content.descriptor.digest,
      (await rewritten(await keptFiles(), touch)).content.descriptor.digest,
    );
    if ('createZstdCompress' in (await import('node:zlib'))) return;
    const error = await rejection('UNSUPPORTED', rewritten(before, touch));
    assert.match(error.hint ?? '', /Node\.js 22\.15/);
  });
});

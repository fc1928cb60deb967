/**
 * G21: compressed bytes that unpack to far more than anybody wants. Sizes and limits are a sixteenth unless LADING_WHOLE=1 (the bomb of
 * 1 GiB is then one): what is claimed is that unpacking stops at the limit, which a smaller one shows as well.
 */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { decompress } from '../../src/bytes/decompress.ts';
import type { InflateOptions } from '../../src/bytes/inflation.ts';
import { fromArray } from '../../src/bytes/read.ts';
import { type ErrorCode, isOciError } from '../../src/errors.ts';
import { collect } from '../../src/graph/collect.ts';
import { type FileSystemOptions, openFileSystem } from '../../src/image/files/file-system.ts';
import { OCI_LAYER_GZIP } from '../../src/model/media-types.ts';
import { extract } from '../../src/node/extract/extract.ts';
import { spoolToDisk } from '../../src/node/files/spool.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { putImage, seededBytes } from '../../src/testing/fixtures.ts';
import { changing } from '../../src/testing/wrap.ts';
import { gzipBomb, sparseLayer, zstdBomb } from '../support/bombs.ts';
import { rejection } from '../support/failure.ts';
import { file, tarOf } from '../support/layered.ts';
import { openBelow, tellsOpenFiles } from '../support/open-below.ts';
import { scratch } from '../support/layouts.ts';
import { streamOfChunks } from '../support/streams.ts';
import { testRegistry } from '../support/test-registry.ts';

const MiB = 2 ** 20;
const SIZE = (process.env.LADING_WHOLE === '1' ? 1024 : 64) * MiB;
const hang = { timeout: 120_000 };

/** Extracts a layer by way of a spool; nothing is left of a failure, on neither disk. @param spooled learns whether the disk was used */
async function unpack(
  t: TestContext,
  layer: Uint8Array,
  options: FileSystemOptions = {},
  spooled: (files: number) => void = () => undefined,
): Promise<string> {
  const folder = await scratch(t, 'bomb');
  const temporary = await scratch(t, 'spool');
  const target = join(folder, 'out');
  const store = createMemoryStore();
  const { manifest } = await putImage(store, { layers: [{ bytes: layer, mediaType: OCI_LAYER_GZIP }] });
  const toDisk = spoolToDisk(temporary);
  const spool: typeof toDisk = async (...told) => {
    const kept = await toDisk(...told);
    spooled(openBelow(temporary).length);
    return kept;
  };
  const system = openFileSystem(store, manifest, { spool, ...options });
  try {
    await extract(system, '', target);
    return target;
  } catch (error) {
    assert.deepEqual(await readdir(folder), [], 'nothing is extracted');
    throw error;
  } finally {
    await system.close();
    assert.deepEqual([await readdir(temporary), openBelow(temporary)], [[], []], 'the temporary disk is returned');
  }
}

/** How much of a bomb comes out before it is found out. */
async function unpacked(bomb: Uint8Array, limits: InflateOptions): Promise<number> {
  let bytes = 0;
  const unpacking = (async () => {
    for await (const chunk of decompress(fromArray(bomb), limits)) bytes += chunk.length;
  })();
  await rejection('TOO_LARGE', unpacking);
  return bytes;
}

test('G21: gzip, 1029 to 1: stops at the limit of bytes', hang, async (t) => {
  const bomb = await gzipBomb(SIZE);
  assert.ok(SIZE / bomb.length > 1000, String(SIZE / bomb.length));
  await rejection('TOO_LARGE', unpack(t, bomb, { maxBytes: SIZE / 8 }));
  await rejection('TOO_LARGE', unpack(t, bomb, { maxRatio: 500 }));
  const bytes = await unpacked(bomb, { maxBytes: SIZE / 8 });
  assert.ok(bytes > SIZE / 8 - MiB && bytes <= SIZE / 8, `${bytes} bytes`);
  assert.ok((await unpacked(bomb, { maxRatio: 500 })) <= Math.max(16 * MiB, bomb.length * 500));
});

test('G21: a bomb that is too large for the memory: the temporary disk is returned', hang, async (t) => {
  const [ballast, big] = [seededBytes(2 * MiB, 'ballast'), new Uint8Array(SIZE / 4 - 4 * MiB)];
  const bomb = gzipSync(await tarOf([file('ballast', ballast), file('big', big)]));
  let files = 0;
  const ending = unpack(t, bomb, { maxBytes: SIZE / 8 }, (more) => void (files += more));
  await rejection('TOO_LARGE', ending);
  if (tellsOpenFiles) assert.equal(files, 1);
});

test('G21: zstd, 32 000 to 1: stops at the ratio that nobody has to set', hang, async (t) => {
  const bomb = await zstdBomb(SIZE);
  assert.ok(SIZE / bomb.length > 25_000, String(SIZE / bomb.length));
  const error = await rejection('TOO_LARGE', unpack(t, bomb));
  assert.match(error.message, /more than 2000 times their size/);
  assert.ok((await unpacked(bomb, {})) <= Math.max(16 * MiB, bomb.length * 2000));
});

test(
  'G21: zstd that grows slowly enough to be let through for long: little of it is in memory at a time',
  hang,
  async () => {
    const bomb = await zstdBomb(20 * 1024 * MiB);
    const before = process.memoryUsage().arrayBuffers;
    let [bytes, most] = [0, 0];
    for await (const chunk of decompress(fromArray(bomb))) {
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
      bytes += chunk.length;
      if (bytes > 96 * MiB) break;
    }
    assert.ok(most < 256 * MiB, `${most} bytes`);
  },
);

test('G21: gzip in gzip: is unpacked once, and is then no archive', hang, async (t) => {
  const bomb = gzipSync(await gzipBomb(SIZE));
  assert.ok(bomb.length < SIZE / 1000);
  await rejection('LAYOUT_INVALID', unpack(t, bomb));
});

test('G21: a layer of 300 to 1 passes, with the limits that there are', hang, async (t) => {
  const size = 48 * MiB;
  const layer = await sparseLayer(size, seededBytes(96 * 1024, 'sparse'));
  assert.ok(size / layer.length > 250 && size / layer.length < 700, String(size / layer.length));
  assert.deepEqual(await readdir(await unpack(t, layer)), ['disk.img']);
});

/** Of all codings gzip alone, and once, is undone, up to the limit of the document. */
for (const [coding, pack, code] of [
  ['br', (bytes: Uint8Array) => brotliCompressSync(bytes), 'PROTOCOL'],
  ['gzip', (bytes: Uint8Array) => gzipSync(bytes), 'TOO_LARGE'],
  ['br, br', (bytes: Uint8Array) => brotliCompressSync(brotliCompressSync(bytes)), 'PROTOCOL'],
  [Array.from({ length: 1000 }, () => 'gzip').join(), (bytes: Uint8Array) => gzipSync(bytes), 'PROTOCOL'],
] as const satisfies readonly (readonly [string, (bytes: Uint8Array) => Uint8Array, ErrorCode])[]) {
  test(
    `G21: JSON with Content-Encoding ${coding.slice(0, 20)}: is asked for by nobody, and not unpacked beyond its limit`,
    hang,
    async () => {
      const text = `{"schemaVersion":2,"tags":[],"x":"${' '.repeat(32 * MiB)}"}`;
      const body = pack(new TextEncoder().encode(text));
      const made = testRegistry({
        wraps: [
          changing(
            () => true,
            () => ({
              status: 200,
              body: streamOfChunks(body),
              headers: {
                'content-encoding': coding,
                'content-length': String(body.length),
                'content-type': 'application/vnd.oci.image.index.v1+json',
              },
            }),
          ),
        ],
      });
      // A manifest that is said to be packed may be plain: what is not undone is looked at as it came.
      await rejection(code === 'PROTOCOL' ? 'MANIFEST_INVALID' : code, made.repository.manifest('1'));
      await rejection(code, collect(made.repository.tags()));
      const { size, digest } = { size: 5, digest: `sha256:${'0'.repeat(64)}` } as const;
      const isWrong = (error: unknown): boolean =>
        isOciError(error, 'TOO_LARGE', 'PROTOCOL', 'DIGEST_MISMATCH', 'SIZE_MISMATCH', 'UNREACHABLE');
      await assert.rejects(collect(made.repository.blob({ mediaType: 'x/y', size, digest }).open()), isWrong);
      for (const { headers } of made.requests) assert.ok(!/br|zstd/.test(headers['accept-encoding'] ?? 'identity'));
      assert.equal(made.open(), 0);
    },
  );
}

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decompress } from '../../../../src/bytes/decompress.ts';
import { fromArray, readAll } from '../../../../src/bytes/read.ts';
import { readTar, TAR_END, tarHeader, type TarHeader } from '../../../../src/bytes/tar.ts';
import { tocLayer } from '../../../../src/image/toc/toc-layer.ts';
import { readEstargz } from '../../../../src/image/toc/estargz.ts';
import { withoutEstargzFiles, writeEstargz } from '../../../../src/image/toc/write/estargz.ts';
import type { WrittenLayer } from '../../../../src/image/toc/write/layer-writer.ts';
import { contentFrom } from '../../../../src/store/content.ts';
import { assertEstargz } from '../../../support/estargz-format.ts';
import { rejection } from '../../../support/failure.ts';
import { inPieces, lazyTar, type Written, writtenBy } from '../../../support/lazy-archive.ts';
import { directory, file, symlink, tarOf } from '../../../support/layered.ts';
import { sha256 } from '../../../support/toc-entries.ts';

const CHUNK = 3000;
const LIMIT = 1 << 26;

const write = (tar: Uint8Array, chunkSize: number = CHUNK): Promise<Written<WrittenLayer>> =>
  writtenBy(writeEstargz(fromArray(tar), { chunkSize }));

interface Read extends TarHeader {
  readonly digest: string;
}

/** As a reader that knows nothing of eStargz has it. */
async function plainly(layer: Uint8Array): Promise<Read[]> {
  const found: Read[] = [];
  for await (const { body, offset: _, ...header } of readTar(decompress(fromArray(layer)))) {
    found.push({ ...header, digest: sha256(await readAll(body, LIMIT, header.name)) });
  }
  return found;
}

const names = (entries: readonly { readonly name: string }[]): readonly string[] => entries.map(({ name }) => name);

describe('CAP-G15: an eStargz layer that is written', () => {
  test('is what the description of the format says, byte by byte and field by field', async () => {
    const { bytes, result } = await write(await lazyTar(CHUNK));
    const { tar, files, members } = await assertEstargz(bytes, result.annotations);
    assert.equal(result.diffId, sha256(tar));
    const chunks = files.find(({ entry }) => entry.name === `sizes/${3 * CHUNK + 77}`)?.chunks;
    assert.equal(chunks?.length, 4);
    assert.equal(files.find(({ entry }) => entry.name === `sizes/${CHUNK}`)?.chunks.length, 1);
    assert.ok(members.length > files.length);
  });

  test('has the example’s facts in its table', async () => {
    const { bytes, result } = await write(await lazyTar(CHUNK));
    const { files } = await assertEstargz(bytes, result.annotations);
    const entryOf = (name: string): unknown => files.find(({ entry }) => entry.name === name)?.entry;
    assert.deepEqual(entryOf('etc/'), {
      name: 'etc/',
      type: 'dir',
      mode: 0o1777,
      uid: 1000,
      gid: 1001,
      userName: 'user',
      groupName: 'group',
      modtime: '2020-09-13T12:26:41.5Z',
    });
    const device = { name: 'dev/first', type: 'block', mode: 0o660, uid: 0, gid: 0, devMajor: 0, devMinor: 0 };
    assert.deepEqual(entryOf('dev/first'), device);
    const times = files.map(({ entry }) => entry.modtime);
    assert.ok(times.includes('2020-09-13T12:26:40.123456789Z'), 'with all digits that the archive tells');
    assert.ok(times.includes('1969-12-31T23:59:58.5Z'));
    const able = entryOf('able') as { uid: number; xattrs: Record<string, string> };
    assert.equal(able.uid, 4_294_967_294);
    assert.deepEqual(
      [...Buffer.from(able.xattrs['security.capability'] ?? '', 'base64')],
      [1, 0, 0, 2, 0x20, 0xff, 0x3d],
    );
  });

  test('unpacks for everybody to the entries that it was made of, and two files of its own', async () => {
    const tar = await lazyTar(CHUNK);
    const { bytes } = await write(tar);
    const found = await plainly(bytes);
    const before = await plainly(tar);
    assert.deepEqual(found.slice(0, before.length), before);
    assert.deepEqual(names(found.slice(before.length)), ['.no.prefetch.landmark', 'stargz.index.json']);
    const again = await readAll(withoutEstargzFiles(decompress(fromArray(bytes))), LIMIT, 'archive');
    assert.equal(sha256(again), sha256(tar), 'without these it is the archive, byte for byte');
  });

  test('is read by ranges, each file proven by its digests, and tells of entries what the archive does', async () => {
    const { bytes, result } = await write(await lazyTar(CHUNK));
    const content = contentFrom(bytes, undefined, { annotations: result.annotations });
    const toc = await readEstargz(content, {}, {});
    assert.ok(toc !== undefined);
    const expected = await plainly(bytes);
    assert.deepEqual(
      toc.entries.map(({ header }) => header.name),
      names(expected),
    );
    const reader = tocLayer(content, toc);
    for (const [at, entry] of toc.entries.entries()) {
      const { digest, mode, mtime, linkname } = expected[at] ?? assert.fail();
      assert.equal(sha256(await readAll(reader.read(entry), LIMIT, entry.path)), digest, entry.path);
      assert.deepEqual([entry.header.mode, entry.header.mtime, entry.header.linkname], [mode, mtime, linkname]);
    }
    await reader.close();
  });

  test('is the same however its archive comes, and another one for another level', async () => {
    const tar = await lazyTar(CHUNK);
    const whole = await write(tar);
    for (const size of [1, 511, 1000, 100_000]) {
      assert.deepEqual(await writtenBy(writeEstargz(inPieces(tar, size), { chunkSize: CHUNK })), whole);
    }
    const harder = await writtenBy(writeEstargz(fromArray(tar), { chunkSize: CHUNK, level: 9 }));
    assert.equal(harder.result.diffId === whole.result.diffId, false, 'the table tells of other places');
    await assertEstargz(harder.bytes, harder.result.annotations);
    await rejection('USAGE', writtenBy(writeEstargz(fromArray(tar), { level: 10 })));
  });

  test('has chunks of 4 MiB unless told', async () => {
    const size = 4 * 2 ** 20;
    const tar = await tarOf([file('exact', new Uint8Array(size)), file('more', new Uint8Array(size + 1).fill(7))]);
    const { bytes, result } = await writtenBy(writeEstargz(inPieces(tar, 1 << 18)));
    const { files } = await assertEstargz(bytes, result.annotations);
    assert.deepEqual(
      files.map(({ chunks }) => chunks.map(({ chunkSize }) => chunkSize)),
      [[undefined], [size, undefined], [undefined]],
    );
  });

  test('that was one already gets a new table, and keeps its landmark where it stands', async () => {
    const first = await write(await tarOf([directory('d/'), file('d/a', 'a')]));
    const plain = await readAll(decompress(fromArray(first.bytes)), LIMIT, 'archive');
    assert.deepEqual(await write(plain), first);
    const ahead = await tarOf([
      file('now'),
      file('./.prefetch.landmark', new Uint8Array([15])),
      file('stargz.index.json', 'old'),
      file('d/stargz.index.json', 'of the image'),
      file('later'),
    ]);
    const { bytes, result } = await write(ahead);
    await assertEstargz(bytes, result.annotations);
    const kept = ['now', './.prefetch.landmark', 'd/stargz.index.json', 'later', 'stargz.index.json'];
    assert.deepEqual(names(await plainly(bytes)), kept);
  });

  test('comes of archives that end otherwise, too', async () => {
    const tar = await tarOf([file('a', 'text')]);
    const end = tar.length - TAR_END.length;
    const whole = await write(tar);
    const record = new Uint8Array(10_240);
    record.set(tar);
    const behind = new Uint8Array([...tar, ...new TextEncoder().encode('something behind the end')]);
    for (const other of [tar.subarray(0, end), tar.subarray(0, end - 508), record, behind]) {
      assert.deepEqual(await write(other), whole);
    }
    const nothing = await write(TAR_END);
    await assertEstargz(nothing.bytes, nothing.result.annotations);
  });

  test('has its table in one member, however long that is', async () => {
    const links = Array.from({ length: 8000 }, (_, at) => symlink(`${'folder/'.repeat(10)}${at}`, '../target'));
    const { bytes, result } = await write(await tarOf(links));
    const { members } = await assertEstargz(bytes, result.annotations);
    assert.ok((members.at(-2)?.body.length ?? 0) > 2 ** 20);
  });

  test('does not come of what is no archive', async () => {
    const tar = await tarOf([file('large', 'x'.repeat(5 * CHUNK))]);
    await rejection('LAYOUT_INVALID', write(tar.subarray(0, 2 * CHUNK)));
    await rejection('LAYOUT_INVALID', write(new Uint8Array(2000).fill(65)));
  });

  test('holds no file whole, and closes what it was reading when nobody goes on', async () => {
    let isClosed = false;
    let given = 0;
    const endless = (async function* () {
      try {
        yield await tarHeader({ name: 'endless', size: 2 ** 40 });
        for (;;) {
          given += 1 << 16;
          yield new Uint8Array(1 << 16);
        }
      } finally {
        isClosed = true;
      }
    })();
    const out = writeEstargz(endless);
    for (let left = 3; left > 0; left--) assert.equal((await out.next()).done, false);
    await out.return(undefined as never);
    assert.equal(isClosed, true);
    assert.ok(given <= 24 * 2 ** 20, `${given} bytes`);
  });
});

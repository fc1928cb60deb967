import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { collect } from '../../../src/graph/collect.ts';
import { openFileSystem } from '../../../src/image/files/file-system.ts';
import type { Activity } from '../../../src/model/call.ts';
import { contentOf } from '../../../src/store/content.ts';
import { spoolToMemory } from '../../../src/store/spool.ts';
import type { Source } from '../../../src/store/types.ts';
import { fromArray, readAll } from '../../../src/bytes/read.ts';
import { putIndex } from '../../../src/testing/fixtures.ts';
import { refused } from '../../support/refused.ts';
import {
  directory,
  file,
  hardLink,
  layered,
  type Layered,
  opaque,
  symlink,
  tarOf,
  textOf,
  whiteout,
} from '../../support/layered.ts';

const bottom = [
  directory('etc/'),
  file('etc/os', 'old'),
  file('etc/low', 'low'),
  directory('usr/'),
  directory('usr/lib/'),
  file('usr/lib/os', 'usr'),
];
const top = [directory('etc/'), file('etc/os', 'new'), symlink('etc/link', '../usr/lib/os')];

describe('CAP-E11: one file is read from the layers above it and its own, no more', () => {
  test('in the top layer it takes that one', async () => {
    const { files, opened } = await layered(bottom, [directory('a/')], top);
    const system = files();
    assert.equal(await textOf(system.read('/etc/os')), 'new');
    // Once for the names, once for the bytes: without a spool a layer is opened each time.
    assert.deepEqual(opened, [2, 2]);
  });

  test('further down, those in between', async () => {
    const { files, opened } = await layered(bottom, [directory('x/'), file('x/y', 'yes')], top);
    const system = files({ spool: spoolToMemory(1 << 20) });
    assert.equal(await textOf(system.read('x/y')), 'yes');
    assert.deepEqual(opened, [2, 1]);
    assert.equal(await textOf(system.read('etc/low')), 'low');
    assert.deepEqual(opened, [2, 1, 0]);
    assert.equal(await textOf(system.read('x/y')), 'yes');
    await system.close();
    assert.deepEqual(opened, [2, 1, 0]);
  });

  test('a whiteout above it is an answer, and an opaque directory', async () => {
    for (const marker of [whiteout('etc/low'), whiteout('etc'), opaque('etc')]) {
      const { files, opened } = await layered(bottom, [directory('etc/'), marker]);
      await refused(textOf(files().read('etc/low')), 'NOT_FOUND', /"etc\/low" is not in the image/);
      assert.deepEqual(opened, [1]);
    }
  });

  test('a file above where a directory would have to be is an answer', async () => {
    const { files, opened } = await layered(bottom, [file('etc')]);
    await refused(files().stat('etc/low'), 'NOT_FOUND', /through what is no directory/);
    assert.deepEqual(opened, [1]);
  });

  test('a link leads on, as far down as it has to', async () => {
    const { files, opened } = await layered(bottom, [directory('a/')], top);
    assert.equal(await textOf(files().read('etc/link')), 'usr');
    assert.deepEqual(opened.slice(0, 3), [2, 1, 0]);
  });

  test('a name whose folder no layer so far has told of may lead elsewhere: the next layer is asked', async () => {
    const usrmerge = [directory('usr/'), directory('usr/bin/'), file('usr/bin/sh', 'old'), symlink('bin', 'usr/bin')];
    const { files } = await layered(usrmerge, [file('bin/sh', 'new')]);
    assert.equal(await textOf(files().read('usr/bin/sh')), 'new');
    const above = await layered(
      usrmerge,
      [file('bin/sh', 'new')],
      [directory('usr/'), directory('usr/bin/'), file('usr/bin/sh', 'newest')],
    );
    assert.equal(await textOf(above.files().read('bin/sh')), 'newest');
    assert.equal(await textOf(above.files().read('usr/bin/sh')), 'newest');
  });

  test('the root is what the highest layer says that speaks of it', async () => {
    const { files } = await layered([directory('./', { mode: 0o711 })], [file('.wh..wh..opq', ''), file('a')]);
    assert.equal((await files().stat('')).mode, 0o711);
    assert.equal((await files().stat('..')).mode, 0o711);
  });

  test('a hard link to a lower layer is read from there', async () => {
    const { files } = await layered(bottom, [directory('etc/'), hardLink('etc/also', 'etc/low')]);
    assert.equal(await textOf(files().read('etc/also')), 'low');
  });
});

describe('CAP-E12: listing', () => {
  test('tells a directory, sorted, and with all that is below', async () => {
    const { files } = await layered(bottom, top);
    const paths = async (path?: string, recursive = false): Promise<string[]> =>
      (await collect(files().list(path, { recursive }))).map((one) => one.path);
    assert.deepEqual(await paths(), ['etc', 'usr']);
    assert.deepEqual(await paths('/etc/'), ['etc/link', 'etc/low', 'etc/os']);
    assert.deepEqual(await paths('usr', true), ['usr/lib', 'usr/lib/os']);
    assert.deepEqual(await paths('etc/os'), ['etc/os']);
  });

  test('tells each fact of an entry', async () => {
    const facts = { mode: 0o4755, uid: 1, gid: 2, uname: 'me', gname: 'us', mtime: 1.5 };
    const { files, manifest } = await layered([
      file('f', 'four', { ...facts, pax: { 'SCHILY.xattr.user.a': 'b', comment: 'x' } }),
      { name: 'null', type: 'character-device', devmajor: 1, devminor: 3 },
    ]);
    const [f, nul] = await collect(files().list());
    const place = { layer: 0, index: 0 };
    assert.deepEqual(f, { path: 'f', type: 'file', size: 4, ...facts, xattrs: { 'user.a': 'b' }, ...place });
    assert.deepEqual([nul?.type, nul?.devmajor, nul?.devminor, nul?.size], ['character-device', 1, 3, 0]);
    assert.equal(manifest.links.length, 2);
  });

  test('reads each layer once, and never again', async () => {
    const { files, opened } = await layered(bottom, top, bottom);
    const system = files();
    await collect(system.list());
    await collect(system.entries());
    await system.stat('etc/os');
    assert.deepEqual(opened.length, 2, 'the first and the third layer are the same');
  });

  test('shows a link to a file, and what is in the directory that a link leads to', async () => {
    const { files } = await layered(bottom, [symlink('l', 'usr'), symlink('f', 'etc/os'), symlink('dead', 'x')]);
    const shown = await collect(files().list('l'));
    assert.deepEqual(
      shown.map(({ path }) => path),
      ['usr/lib'],
    );
    for (const name of ['f', 'dead']) {
      const [only] = await collect(files().list(name));
      assert.deepEqual([only?.path, only?.type], [name, 'symlink']);
    }
  });
});

describe('paths', () => {
  test('never leave the image', async () => {
    const { files } = await layered([
      directory('etc/'),
      file('etc/passwd', 'inside'),
      symlink('up', '../../../../etc'),
      symlink('abs', '/etc/passwd'),
      symlink('etc/rel', '../../etc/passwd'),
    ]);
    for (const path of ['up/passwd', 'abs', 'etc/rel', '../../etc/passwd', '/../etc/./passwd', 'up/../etc/passwd']) {
      assert.equal(await textOf(files().read(path)), 'inside', path);
    }
  });

  test('in a circle of links lead nowhere', async () => {
    const { files } = await layered([symlink('a', 'b'), symlink('b', 'a'), symlink('self', 'self/x')]);
    for (const path of ['a', 'a/x', 'self']) {
      await refused(textOf(files().read(path)), 'NOT_FOUND', /in a circle/);
    }
    assert.equal((await files().stat('a', { follow: false })).linkname, 'b');
  });

  test('of 40 links are followed, of 41 not', async () => {
    const chain = Array.from({ length: 41 }, (_, at) => symlink(`l${at}`, at === 0 ? 'end' : `l${at - 1}`));
    const { files } = await layered([...chain, file('end', 'found')]);
    assert.equal(await textOf(files().read('l39')), 'found');
    await refused(textOf(files().read('l40')), 'NOT_FOUND');
  });

  test('to what is no file have no bytes', async () => {
    const { files } = await layered([directory('d/'), { name: 'p', type: 'fifo' }]);
    await refused(textOf(files().read('d')), 'USAGE', /"d" is a directory/);
    await refused(textOf(files().read('')), 'USAGE', /is a directory/);
    await refused(textOf(files().read('p')), 'USAGE', /"p" is a fifo/);
  });
});

describe('what is read is right', () => {
  /** The image whose layer at the position brings other bytes than it should. */
  const damaged = ({ source, manifest }: Layered, change: (bytes: Uint8Array) => Uint8Array): Source => ({
    ...source,
    blob: (descriptor) =>
      descriptor.digest === manifest.links.at(-1)?.descriptor.digest
        ? contentOf(descriptor, async function* () {
            yield change(await readAll(source.blob(descriptor).open(), 1 << 24, 'layer'));
          })
        : source.blob(descriptor),
  });

  test('a wrong byte behind the file is found before the end of it', async () => {
    const image = await layered([file('a', 'x'.repeat(100_000)), file('b', 'y')]);
    const wrong = damaged(image, (bytes) => bytes.map((byte, at) => (at === bytes.length - 9 ? byte ^ 1 : byte)));
    for (const options of [{}, { spool: spoolToMemory(1 << 20) }]) {
      const system = openFileSystem(wrong, image.manifest, options);
      await refused(textOf(system.read('a')), 'DIGEST_MISMATCH');
      await refused(collect(system.list()), 'DIGEST_MISMATCH');
    }
  });

  test('bytes that make no sense are told as the wrong ones that they are', async () => {
    const image = await layered([file('a', 'a')]);
    const wrong = damaged(image, (bytes) => bytes.map((byte, at) => (at === 12 ? byte ^ 255 : byte)));
    await refused(openFileSystem(wrong, image.manifest).stat('a'), 'DIGEST_MISMATCH');
  });

  test('a registry that changes its mind between two reads is found out', async () => {
    const image = await layered([file('a', 'honest')]);
    const other = await tarOf([file('a', 'deceit')]);
    let reads = 0;
    const source: Source = {
      ...image.source,
      blob: (descriptor) => {
        const content = image.source.blob(descriptor);
        return contentOf(descriptor, (start, end, options) =>
          reads++ === 0 ? content.open({ ...options, start, end }) : fromArray(other.subarray(0, end)),
        );
      },
    };
    await refused(textOf(openFileSystem(source, image.manifest).read('a')), 'DIGEST_MISMATCH');
    reads = 0;
    const kept = openFileSystem(source, image.manifest, { spool: spoolToMemory(1 << 20) });
    assert.equal(await textOf(kept.read('a')), 'honest');
    assert.equal(reads, 1);
  });

  test('what stands behind the end of the archive is no entry', async () => {
    const bytes = await tarOf([file('a', 'a')]);
    const more = await tarOf([file('b', 'b')]);
    const { files } = await layered(new Uint8Array([...bytes, ...more]));
    assert.deepEqual(
      (await collect(files().list())).map(({ path }) => path),
      ['a'],
    );
  });

  test('what is no layer is named', async () => {
    const { files, manifest } = await layered(new Uint8Array(2000).fill(65));
    const digest = manifest.links.at(-1)?.descriptor.digest ?? '';
    await refused(collect(files().list()), 'LAYOUT_INVALID', new RegExp(digest));
  });
});

describe('limits', () => {
  test('a layer that unpacks to too much is refused', async () => {
    const { files } = await layered([file('zeros', new Uint8Array(20 << 20))]);
    await refused(collect(files({ maxBytes: 1 << 20 }).list()), 'TOO_LARGE', /layer sha256/);
    await refused(collect(files({ maxRatio: 100 }).list()), 'TOO_LARGE');
    assert.equal((await collect(files().list())).length, 1);
  });

  test('so are too many entries, of all layers together', async () => {
    const { files } = await layered([file('a'), file('b')], [file('c')]);
    await refused(collect(files({ maxEntries: 2 }).list()), 'LIMIT', /more than 2 entries/);
    assert.equal((await collect(files({ maxEntries: 3 }).list())).length, 3);
  });

  test('and directories without end', async () => {
    const deep = 'd/'.repeat(1500);
    const links = [symlink('l1', deep), symlink('l2', `l1/${deep}`), symlink('l3', `l2/${deep}`)];
    const { files } = await layered([...links, file('l3/x')]);
    await refused(collect(files().list()), 'LIMIT', /levels/);
    const fine = await layered([file(`${deep}x`)]);
    assert.equal((await collect(fine.files().entries())).length, 1502);
  });
});

test('an index has no files of its own', async () => {
  const { store, manifest } = await layered([file('a')]);
  const { manifest: index } = await putIndex(store, { manifests: [manifest.descriptor] });
  assert.throws(() => openFileSystem(store, index), { code: 'USAGE' });
});

test('the signal ends it, and who listens hears of each layer once', async () => {
  const { files, manifest } = await layered(bottom, top);
  const controller = new AbortController();
  controller.abort();
  await refused(collect(files().list('', { signal: controller.signal })), 'ABORTED');
  const heard: Activity[] = [];
  const system = files();
  await textOf(system.read('etc/os', { on: (activity) => heard.push(activity) }));
  await collect(system.list());
  await refused(collect(system.list('', { signal: controller.signal })), 'ABORTED');
  await refused(system.stat('etc/os', { signal: controller.signal }), 'ABORTED');
  const digest = manifest.links.at(-1)?.descriptor.digest;
  const told = heard.map((one) =>
    one.type === 'start' || one.type === 'done' ? [one.type, one.descriptor.digest] : [],
  );
  const wanted = ['start', 'done'].map((type) => [type, digest]);
  assert.deepEqual(
    told.filter(({ length }) => length > 0),
    wanted,
  );
});

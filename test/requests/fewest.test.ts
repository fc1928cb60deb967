/** The fewest requests that the protocol allows, and the fewest round trips: what need not follow one another is asked at once. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { collect } from '../../src/graph/collect.ts';
import { copy, type CopyOptions } from '../../src/graph/copy.ts';
import { tagDigests } from '../../src/graph/tag-digests.ts';
import type { Descriptor } from '../../src/model/descriptor.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { Source, Target } from '../../src/store/types.ts';
import { type Built, buildImage, putBuilt } from '../../src/testing/fixtures.ts';
import { type FarRegistries, farRegistries } from '../support/round-trips.ts';

const LAYERS = 8;
const names = Array.from({ length: LAYERS }, (_, at) => ({ files: { [`layer-${at}`]: `content ${at}` } }));
const image: Built = await buildImage({ layers: names });
const { manifest } = image;
const short = ({ digest }: Descriptor): string => digest.slice(0, 13);
const root = short(manifest.descriptor);
const blobs = manifest.links.map(({ descriptor }) => short(descriptor));

async function ends(
  ...tags: readonly string[]
): Promise<FarRegistries & { readonly source: Source; readonly target: Target }> {
  const far = farRegistries();
  await putBuilt(far.from.repository('team/app'), image, { tags: ['1', ...tags] });
  const [source, target] = [far.client.repository('from.test/team/app'), far.client.repository('to.test/team/app')];
  return { ...far, source, target };
}

async function localImage(): Promise<Source> {
  const store = createMemoryStore();
  await putBuilt(store, image, { tags: ['1'] });
  return store;
}

const options: CopyOptions = { tags: ['1'] };
/** Each round trip in the order of its names. */
const inOrder = (rounds: readonly (readonly string[])[]): string[][] => rounds.map((round) => round.toSorted());
const all = (verb: string): string[] => blobs.map((digest) => `${verb}${digest}`).sort();
const uploads = blobs.map(() => 'to POST blobs/uploads');
const sends = blobs.map(() => 'to PUT blobs/uploads');

describe('the fewest requests, in the fewest round trips:', () => {
  test('the digest of a tag is one', async () => {
    const { source, rounds } = await ends();
    await source.resolve('1');
    assert.deepEqual(rounds(), [['from HEAD manifests/1']]);
  });

  test('a copy of what is there is one at each end, at once', async () => {
    const { source, target, to, rounds } = await ends();
    await putBuilt(to.repository('team/app'), image, { tags: ['1'] });
    await copy(source, '1', target, options);
    assert.deepEqual(rounds(), [['from HEAD manifests/1', 'to HEAD manifests/1']]);
  });

  test('a pull of what is there is one', async () => {
    const { source, rounds } = await ends();
    await copy(source, '1', (await localImage()) as Target, options);
    assert.deepEqual(rounds(), [['from HEAD manifests/1']]);
  });

  test('a pull is two and one a blob, all blobs at once', async () => {
    const { source, rounds } = await ends();
    await copy(source, '1', createMemoryStore(), options);
    assert.deepEqual(inOrder(rounds()), [
      ['from HEAD manifests/1'],
      [`from GET manifests/${root}`],
      all('from GET blobs/'),
    ]);
  });

  test('a push asks of each blob whether it is there, begins an upload and sends it, all blobs at once', async () => {
    const { target, rounds } = await ends();
    await copy(await localImage(), '1', target, options);
    assert.deepEqual(inOrder(rounds()), [
      ['to HEAD manifests/1'],
      ['to GET manifests/1'], // is a HEAD to be believed here?
      [`to HEAD manifests/${root}`],
      all('to HEAD blobs/'),
      uploads,
      sends,
      ['to PUT manifests/1'],
    ]);
  });

  test('a push of what is there but for its tag is that, and no question about blobs', async () => {
    const { target, to, rounds } = await ends();
    await putBuilt(to.repository('team/app'), image, { tags: ['other'] });
    await copy(await localImage(), '1', target, options);
    const asked = ['to HEAD manifests/1', 'to GET manifests/1', `to HEAD manifests/${root}`, 'to PUT manifests/1'];
    assert.deepEqual(rounds().flat(), asked);
  });

  test('a copy is the push, with the source read while the target is asked', async () => {
    const { source, target, rounds } = await ends();
    await copy(source, '1', target, options);
    assert.deepEqual(inOrder(rounds()), [
      ['from HEAD manifests/1', 'to HEAD manifests/1'],
      ['to GET manifests/1'],
      [`from GET manifests/${root}`, `to HEAD manifests/${root}`],
      all('to HEAD blobs/'),
      [...all('from GET blobs/'), ...uploads],
      sends,
      ['to PUT manifests/1'],
    ]);
  });

  test('a blob that is there costs the source nothing', async () => {
    const { source, target, to, rounds } = await ends();
    for (const content of image.blobs) await to.repository('team/app').putBlob(content);
    await copy(source, '1', target, options);
    assert.deepEqual(
      rounds()
        .flat()
        .filter((request) => /blobs/.test(request))
        .sort(),
      all('to HEAD blobs/'),
    );
  });

  test('a copy within a registry is one a blob, all at once, and no byte', async () => {
    const { source, client, rounds } = await ends();
    await copy(source, '1', client.repository('from.test/team/copy'), options);
    assert.deepEqual(inOrder(rounds()).slice(2), [
      blobs.map(() => 'from POST blobs/uploads'),
      ['from PUT manifests/1'],
    ]);
  });

  test('the tags of a repository are one a page, and their digests one a tag', async () => {
    const tags = Array.from({ length: 20 }, (_, at) => `t${String(at).padStart(2, '0')}`);
    const { source, rounds, most } = await ends(...tags);
    assert.equal((await collect(source.tags({ pageSize: 7 }))).length, 21);
    assert.equal(rounds().length, 3);
    assert.equal((await collect(tagDigests(source))).length, 21);
    const asked = rounds();
    assert.deepEqual(asked[0], ['from GET tags/list']);
    assert.deepEqual(asked.slice(1).flat().sort(), ['1', ...tags].map((tag) => `from HEAD manifests/${tag}`).sort());
    assert.equal(most(), 16);
  });

  test('a tag is deleted by one', async () => {
    const { client, rounds } = await ends();
    await client.repository('from.test/team/app').delete({ tag: '1' });
    assert.deepEqual(
      rounds()
        .flat()
        .filter((request) => request.includes('DELETE')),
      ['from DELETE manifests/1'],
    );
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collect } from '../../src/graph/collect.ts';
import { tagDigests } from '../../src/graph/tag-digests.ts';
import { isDigest } from '../../src/model/digest.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { type Built, putImage, putIndex } from '../../src/testing/fixtures.ts';
import * as quirks from '../../src/testing/quirks.ts';
import type { Wrap } from '../../src/testing/wrap.ts';
import { rejection } from '../support/failure.ts';
import { recordingStore } from '../support/recording-store.ts';
import { type TestRegistry, testRegistry } from '../support/test-registry.ts';

interface World extends TestRegistry {
  readonly single: Built;
  readonly index: Built;
}

/** The tags `again` and `single` of an image, and `multi` of an index. */
async function withTags(...wraps: Wrap[]): Promise<World> {
  const made = testRegistry({ wraps });
  const store = made.registry.repository('team/app');
  const single = await putImage(store, { layers: [], tags: ['single', 'again'] });
  const index = await putIndex(store, { manifests: [single], tags: ['multi'] });
  return { ...made, single, index };
}

test('D4 READ-6 RUBY-23 RUBY-24: the digest of each tag is a string from one HEAD, of an index its own', async () => {
  const { repository, lines, single, index } = await withTags();
  const listed = await collect(tagDigests(repository));
  assert.deepEqual(
    listed.map(({ tag, descriptor }) => [tag, descriptor.digest]),
    [
      ['again', single.manifest.descriptor.digest],
      ['multi', index.manifest.descriptor.digest],
      ['single', single.manifest.descriptor.digest],
    ],
  );
  assert.ok(listed.every(({ descriptor }) => isDigest(descriptor.digest)));
  assert.deepEqual(lines(), [
    'GET /v2/team/app/tags/list?n=1000 200',
    ...['again', 'multi', 'single'].map((tag) => `HEAD /v2/team/app/manifests/${tag} 200`),
  ]);
});

test('READ-6: a manifest is read and hashed where HEAD does not tell', async () => {
  for (const wrap of [quirks.headUnsupported(), quirks.withoutDigestHeader()]) {
    const { repository, index } = await withTags(wrap);
    const [, multi] = await collect(tagDigests(repository));
    assert.deepEqual(multi?.descriptor.digest, index.manifest.descriptor.digest);
  }
});

test('READ-6: no more tags are asked for at a time than was said', async () => {
  let running = 0;
  let most = 0;
  const inner = createMemoryStore();
  await putImage(inner, { layers: [], tags: Array.from({ length: 20 }, (_, at) => `v${at}`) });
  const store = recordingStore(
    {
      async resolve(reference) {
        most = Math.max(most, ++running);
        await new Promise(setImmediate);
        running--;
        return inner.resolve(reference);
      },
    },
    inner,
  );
  assert.equal((await collect(tagDigests(store, { concurrency: 3 }))).length, 20);
  assert.equal(most, 3);
});

test('a tag that has gone meanwhile is left out', async () => {
  const { repository } = await withTags();
  const listed = await collect(tagDigests(repository, { tags: ['single', 'gone', 'multi'] }));
  assert.deepEqual(
    listed.map(({ tag }) => tag),
    ['single', 'multi'],
  );
});

test('only the given tags are asked for, in their order, whatever brings them', async () => {
  const { repository, lines } = await withTags();
  const given = async function* (): AsyncGenerator<string> {
    yield* ['single', 'again'];
  };
  const listed = await collect(tagDigests(repository, { tags: given() }));
  assert.deepEqual(
    listed.map(({ tag }) => tag),
    ['single', 'again'],
  );
  assert.equal(lines().length, 2);
});

test('a refusal, an unknown repository and an aborted call are told', async () => {
  const { repository, client } = await withTags();
  await rejection('NOT_FOUND', collect(tagDigests(client.repository('registry.test/no/such'))));
  await rejection('ABORTED', collect(tagDigests(repository, { signal: AbortSignal.abort() })));
  const tags = ['single', '../x'];
  await rejection('REFERENCE_INVALID', collect(tagDigests(repository, { tags })));
});

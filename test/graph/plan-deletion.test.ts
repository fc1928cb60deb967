import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { digestOf as digestOfBytes } from '../../src/bytes/hash.ts';
import { deleteRepository, type LeftManifest } from '../../src/graph/delete-repository.ts';
import { planDeletion } from '../../src/graph/plan-deletion.ts';
import type { Digest } from '../../src/model/digest.ts';
import { OCI_INDEX } from '../../src/model/media-types.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/types.ts';
import * as faults from '../../src/testing/faults.ts';
import { type Built, buildImage, putArtifact, putBuilt, putIndex } from '../../src/testing/fixtures.ts';
import * as quirks from '../../src/testing/quirks.ts';
import { answering, only, requestTo, type Wrap } from '../../src/testing/wrap.ts';
import { rejection } from '../support/failure.ts';
import { type TestRegistry, testRegistry } from '../support/test-registry.ts';

const digestOf = ({ manifest }: Built): Digest => manifest.descriptor.digest;
const layers = [new TextEncoder().encode('layer')];
const image = (architecture: string): Promise<Built> =>
  buildImage({ layers, platform: { os: 'linux', architecture }, config: { author: architecture } });

/** A registry that refuses to delete what `refused` says; the list is filled after the images are. */
function refusing(refused: readonly string[], ...wraps: Wrap[]): TestRegistry {
  const matches = (request: Request): boolean =>
    requestTo('manifest', 'DELETE')(request) && refused.some((one) => decodeURIComponent(request.url).endsWith(one));
  return testRegistry({ wraps: [only(faults.answerWith(403), { matches }), ...wraps] });
}

const codes = (left: readonly LeftManifest[]): Record<string, string> =>
  Object.fromEntries(left.map(({ digest, error }) => [digest, error.code]));

describe('what a registry refuses to delete stays whole:', () => {
  for (const [how, wraps] of Object.entries({
    'with a list of referrers': [],
    'without a list of referrers': [quirks.noReferrersApi()],
  })) {
    test(`an index with its images and its signatures, in a registry ${how}`, async () => {
      const refused: string[] = [];
      const { repository } = refusing(refused, ...wraps);
      const images = [await image('amd64'), await image('arm64')];
      const index = await putIndex(repository, { manifests: images, tags: ['release'] });
      const signature = await putArtifact(repository, { artifactType: 'a/signature', subject: index.descriptor });
      const countersigned = await putArtifact(repository, { artifactType: 'a/b', subject: signature.descriptor });
      const shared = images[0] ?? assert.fail();
      const other = await putIndex(repository, { manifests: [shared, await image('s390x')], tags: ['other'] });
      refused.push(digestOf(index));
      const { deleted, left } = await deleteRepository(repository);
      const whole = [index, ...images, signature, countersigned].map(digestOf);
      for (const digest of whole) {
        assert.ok(await repository.resolve(digest), digest);
        assert.equal(codes(left)[digest], 'DENIED');
      }
      assert.ok(deleted.includes(digestOf(other)));
      const attached: string[] = [];
      for await (const { digest } of repository.referrers(index.descriptor)) attached.push(digest);
      assert.deepEqual(attached, [digestOf(signature)]);
      const kept = left.find(({ digest }) => digest === digestOf(shared));
      assert.match(kept?.error.message ?? '', /is kept, because sha256:\w+ could not be deleted$/);
    });
  }

  test("an image with cosign's signature, which has a tag of its own", async () => {
    const refused: string[] = [];
    const { repository } = refusing(refused);
    const one = await putBuilt(repository, await image('amd64'), { tags: ['release'] });
    const tag = `${digestOf(one).replace(':', '-')}.sig`;
    const signature = await putBuilt(repository, await image('signature'), { tags: [tag] });
    const plain = await putBuilt(repository, await image('arm64'), { tags: ['plain'] });
    refused.push(digestOf(one));
    const { deleted } = await deleteRepository(repository);
    assert.deepEqual(deleted, [digestOf(plain)]);
    assert.equal((await repository.resolve(tag))?.digest, digestOf(signature));
  });
});

describe('found is', () => {
  async function nested(store: Store, depth: number): Promise<Built[]> {
    const all = [await image('amd64')];
    for (let at = 0; at < depth; at++) {
      const [inner] = all;
      assert.ok(inner !== undefined);
      const tags = at === depth - 1 ? { tags: ['1'] } : {};
      all.unshift(await putIndex(store, { manifests: [inner], annotations: { at: String(at) }, ...tags }));
    }
    return all;
  }

  test('an index however deep it is listed', async () => {
    const store = createMemoryStore();
    const all = await nested(store, 12);
    assert.deepEqual((await deleteRepository(store)).deleted, all.map(digestOf));
    for (const one of all) assert.equal(await store.resolve(digestOf(one)), undefined);
  });

  test('a signature of a signature, however long the chain', async () => {
    const store = createMemoryStore();
    const chain = [await putBuilt(store, await image('amd64'), { tags: ['1'] })];
    for (let at = 0; at < 12; at++) {
      const subject = chain.at(-1)?.descriptor;
      chain.push(await putArtifact(store, { artifactType: 'a/b', subject }));
    }
    assert.deepEqual((await deleteRepository(store)).deleted, chain.map(digestOf));
  });

  test('what says that it is an index, and is of schema 1', async () => {
    const bytes = new TextEncoder().encode('{"schemaVersion":1,"fsLayers":[]}');
    const headers = { 'content-type': OCI_INDEX, 'docker-content-digest': digestOfBytes(bytes) };
    const { repository } = testRegistry({
      wraps: [
        answering(requestTo('tags'), () => Response.json({ name: 'team/app', tags: ['1'] })),
        answering(requestTo('manifest', 'HEAD', 'GET'), () => new Response(bytes, { headers })),
      ],
    });
    assert.deepEqual((await planDeletion(repository)).steps.flat(), [
      { digest: digestOfBytes(bytes), tags: ['1'], neededBy: [] },
    ]);
  });
});

test('an image comes after every index that lists it, one that is attached to another, too', async () => {
  const store = createMemoryStore();
  const one = await image('amd64');
  const index = await putIndex(store, { manifests: [one], tags: ['1'] });
  const bundle = await putIndex(store, { manifests: [one], subject: index.descriptor, artifactType: 'a/bundle' });
  const own = await putIndex(store, { manifests: [one], subject: one.descriptor, artifactType: 'a/own' });
  assert.deepEqual((await deleteRepository(store)).deleted, [index, bundle, own, one].map(digestOf));
});

test("the caller's signal ends it in a store that does not look at it", async () => {
  const store = createMemoryStore();
  for (const name of ['1', '2', '3']) await putBuilt(store, await image(name), { tags: [name] });
  const controller = new AbortController();
  const { signal } = controller;
  const onStep = (): void => controller.abort();
  await rejection('ABORTED', deleteRepository(store, { concurrency: 1, signal, onStep }));
  const left: string[] = [];
  for await (const tag of store.tags()) left.push(tag);
  assert.ok(left.length > 0);
});

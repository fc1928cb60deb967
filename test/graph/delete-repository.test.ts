import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { isOciError } from '../../src/errors.ts';
import { deleteRepository, type DeletionStep } from '../../src/graph/delete-repository.ts';
import type { Digest } from '../../src/model/digest.ts';
import { directoryStore } from '../../src/node/directory/directory.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/types.ts';
import * as faults from '../../src/testing/faults.ts';
import { type Built, buildImage, putArtifact, putBuilt, putIndex } from '../../src/testing/fixtures.ts';
import * as quirks from '../../src/testing/quirks.ts';
import { all } from '../../src/testing/samples.ts';
import { only, requestTo, type Wrap } from '../../src/testing/wrap.ts';
import { rejection } from '../support/failure.ts';
import { scratch } from '../support/layouts.ts';
import { type TestRegistry, testRegistry } from '../support/test-registry.ts';

interface Filled {
  readonly index: Digest;
  readonly children: readonly Digest[];
  readonly single: Digest;
  /** Attached to the index, and attached to that. */
  readonly sbom: Digest;
  readonly signature: Digest;
  readonly every: readonly Digest[];
}

const platforms = ['amd64', 'arm64'].map((architecture) => ({ os: 'linux', architecture }));
const digestOf = ({ manifest }: Built): Digest => manifest.descriptor.digest;

/** An index under two tags, one of its images under a tag of its own, a single image, and attachments without tags. */
async function fill(store: Store): Promise<Filled> {
  const layers = [new TextEncoder().encode('layer')];
  const images = await Promise.all(platforms.map((platform) => buildImage({ layers, platform })));
  const index = await putIndex(store, { manifests: images, tags: ['1', 'latest'] });
  const [first, second] = images.map(digestOf);
  assert.ok(images[0] !== undefined && first !== undefined && second !== undefined);
  await store.putManifest(images[0].manifest, { tags: ['amd'] });
  const single = await putBuilt(store, await buildImage({ layers, config: { author: 'me' } }), { tags: ['single'] });
  const sbom = await putArtifact(store, { artifactType: 'text/spdx', subject: index.descriptor });
  const signature = await putArtifact(store, { artifactType: 'application/x-sig', subject: sbom.descriptor });
  const rest = {
    index: digestOf(index),
    single: digestOf(single),
    sbom: digestOf(sbom),
    signature: digestOf(signature),
  };
  return { ...rest, children: [first, second], every: [...Object.values(rest), first, second] };
}

async function assertEmpty(store: Store, { every }: Filled): Promise<void> {
  const tags = await all(store.tags()).catch((error: unknown) => {
    if (isOciError(error, 'NOT_FOUND')) return [];
    throw error;
  });
  assert.deepEqual(tags, []);
  for (const digest of every) assert.equal(await store.resolve(digest), undefined, digest);
}

async function filledRegistry(...wraps: Wrap[]): Promise<{ made: TestRegistry; filled: Filled }> {
  const made = testRegistry({ wraps });
  const filled = await fill(made.repository);
  made.requests.length = 0;
  return { made, filled };
}

const deletions = (made: TestRegistry): string[] =>
  made.requests.filter(({ method }) => method === 'DELETE').map(({ path }) => path.slice(path.lastIndexOf('/') + 1));
const deleteOf = (digest: string) => (request: Request) =>
  requestTo('manifest', 'DELETE')(request) && decodeURIComponent(request.url).endsWith(digest);

const stores: Readonly<Record<string, (t: TestContext) => Promise<Store>>> = {
  'in memory': async () => createMemoryStore(),
  'in a layout': async (t) => directoryStore(join(await scratch(t), 'layout')),
  'in a registry': async () => testRegistry().repository,
  'in a registry without a list of referrers': async () =>
    testRegistry({ wraps: [quirks.noReferrersApi()] }).repository,
};

for (const [where, open] of Object.entries(stores)) {
  test(`RUBY-61 F9 WRITE-10: a repository ${where} is deleted with all it holds, and again without harm`, async (t) => {
    const store = await open(t);
    const filled = await fill(store);
    const tagsBefore = await all(store.tags());
    const { tags, deleted, left } = await deleteRepository(store);
    assert.deepEqual(tags, tagsBefore);
    for (const digest of filled.every) assert.ok(deleted.includes(digest), digest);
    assert.equal(new Set(deleted).size, deleted.length);
    assert.deepEqual(left, []);
    await assertEmpty(store, filled);
    assert.deepEqual(await deleteRepository(store), { tags: [], deleted: [], left: [] });
  });
}

test('an unknown repository is a repository that holds nothing', async () => {
  const made = testRegistry();
  assert.deepEqual(await deleteRepository(made.repository), { tags: [], deleted: [], left: [] });
  assert.deepEqual(made.lines(), ['GET /v2/team/app/tags/list?n=1000 404']);
});

test('an index goes before its images, and what is attached goes last', async () => {
  const { made, filled } = await filledRegistry();
  const steps: DeletionStep[] = [];
  await deleteRepository(made.repository, { concurrency: 1, onStep: (step) => steps.push(step) });
  const { index, single, children, sbom, signature } = filled;
  assert.deepEqual(deletions(made), [index, single, ...children, sbom, signature]);
  assert.deepEqual(
    steps.map(({ digest, tags, outcome }) => [digest, tags.join(), outcome]),
    [
      [index, '1,latest', 'deleted'],
      [single, 'single', 'deleted'],
      [children[0], 'amd', 'deleted'],
      [children[1], '', 'deleted'],
      [sbom, '', 'deleted'],
      [signature, '', 'deleted'],
    ],
  );
});

test('an index in an index goes after it, at whatever other depth it is listed, too', async () => {
  const made = testRegistry();
  const image = await buildImage({ layers: [new TextEncoder().encode('layer')] });
  const inner = await putIndex(made.repository, { manifests: [image] });
  const outer = await putIndex(made.repository, { manifests: [image.descriptor, inner.descriptor], tags: ['outer'] });
  await made.repository.putManifest(inner.manifest, { tags: ['inner'] });
  made.requests.length = 0;
  await deleteRepository(made.repository);
  assert.deepEqual(deletions(made), [outer, inner, image].map(digestOf));
});

test('WRITE-10: a dry run tells the same, and sends nothing that changes anything', async () => {
  const { made, filled } = await filledRegistry();
  const { deleted, tags } = await deleteRepository(made.repository, { dryRun: true });
  assert.deepEqual([...deleted].sort(), [...filled.every].sort());
  assert.deepEqual(tags, ['1', 'amd', 'latest', 'single']);
  assert.deepEqual(new Set(made.requests.map(({ method }) => method)), new Set(['GET', 'HEAD']));
  assert.deepEqual(new Set(await all(made.repository.tags())), new Set(tags));
});

describe('what cannot be deleted', () => {
  test('WRITE-10: is left with its tags and its error, and is no reason to keep the rest', async () => {
    let refused = 'nothing';
    const { made, filled } = await filledRegistry(
      only(faults.answerWith(403), { matches: (request) => deleteOf(refused)(request) }),
    );
    refused = filled.single;
    const steps: DeletionStep[] = [];
    const { deleted, left } = await deleteRepository(made.repository, { onStep: (step) => steps.push(step) });
    assert.equal(deleted.length, filled.every.length - 1);
    assert.deepEqual(
      left.map(({ digest, tags, error }) => [digest, tags, error.code]),
      [[filled.single, ['single'], 'DENIED']],
    );
    assert.equal(steps.filter(({ outcome }) => outcome === 'left').length, 1);
    assert.deepEqual(await all(made.repository.tags()), ['single']);
    refused = 'nothing';
    assert.deepEqual((await deleteRepository(made.repository)).deleted, [filled.single]);
  });

  for (const [status, code] of [
    [405, 'UNSUPPORTED'],
    [403, 'DENIED'],
  ] as const) {
    test(`is all of it where the registry answers ${status}: ${code}`, async () => {
      const { made, filled } = await filledRegistry(
        only(faults.answerWith(status), { matches: requestTo('manifest', 'DELETE') }),
      );
      await rejection(code, deleteRepository(made.repository));
      assert.deepEqual(await all(made.repository.tags()), ['1', 'amd', 'latest', 'single']);
      for (const digest of filled.every) assert.ok(await made.repository.resolve(digest));
    });
  }

  test('because the registry is gone is not tried one by one', async () => {
    let gone = false;
    const cut: Wrap = (handler) => (request, info) => {
      if (gone) throw new Error('connection refused');
      return handler(request, info);
    };
    const { made, filled } = await filledRegistry(cut);
    const { deleted, left } = await deleteRepository(made.repository, { concurrency: 1, onStep: () => (gone = true) });
    assert.equal(deleted.length, 1);
    assert.equal(left.length, filled.every.length - 1);
    assert.ok(left.every(({ error }) => error.code === 'UNREACHABLE'));
    const failed = made.requests.filter(({ status }) => status === 0);
    assert.equal(new Set(failed.map(({ path }) => path)).size, 1);
  });
});

test('what goes by itself with its index is not missed', async () => {
  const cascading: Wrap = (handler) => async (request, info) => {
    const response = await handler(request, info);
    if (deleteOf(filled.index)(request)) await deleteChildren();
    return response;
  };
  const { made, filled } = await filledRegistry(only(cascading, { matches: requestTo('manifest', 'DELETE') }));
  const deleteChildren = async (): Promise<void> => {
    for (const manifest of filled.children) await made.registry.repository('team/app').delete({ manifest });
  };
  const { deleted, left } = await deleteRepository(made.repository);
  assert.deepEqual(left, []);
  assert.deepEqual(new Set(deleted), new Set(filled.every.filter((digest) => !filled.children.includes(digest))));
  await assertEmpty(made.repository, filled);
});

test('tags that a registry wants deleted first are', async () => {
  const gone = new Set<string>();
  const watch: Wrap = (handler) => (request, info) => {
    if (requestTo('manifest', 'DELETE')(request)) gone.add(request.url.slice(request.url.lastIndexOf('/') + 1));
    return handler(request, info);
  };
  const left = (digest: string): readonly string[] =>
    (digest === filled.index ? ['1', 'latest'] : []).filter((tag) => !gone.has(tag));
  const { made, filled } = await filledRegistry(
    watch,
    quirks.danglingTagRefused((digest) => left(digest)),
  );
  assert.deepEqual((await deleteRepository(made.repository)).left, []);
  assert.deepEqual(deletions(made).slice(0, 4).sort(), ['1', filled.index, 'latest', filled.single].sort());
  await assertEmpty(made.repository, filled);
});

test('an index that lists what is not there is deleted', async () => {
  const { made, filled } = await filledRegistry();
  for (const manifest of filled.children) await made.registry.repository('team/app').delete({ manifest });
  assert.deepEqual((await deleteRepository(made.repository)).left, []);
  await assertEmpty(made.repository, filled);
});

test('an index that cannot be read is deleted', async () => {
  let isBroken = false;
  const matches = (request: Request): boolean => isBroken && requestTo('manifest', 'GET')(request);
  const { made, filled } = await filledRegistry(only(() => async () => new Response('not json'), { matches }));
  isBroken = true;
  const { deleted } = await deleteRepository(made.repository);
  assert.ok(deleted.includes(filled.index));
  assert.deepEqual(await all(made.repository.tags()), []);
});

test("the caller's signal ends it between two manifests", async () => {
  const { made } = await filledRegistry();
  const controller = new AbortController();
  const ending = deleteRepository(made.repository, {
    concurrency: 1,
    signal: controller.signal,
    onStep: () => controller.abort(),
  });
  await rejection('ABORTED', ending);
  assert.equal(deletions(made).length, 1);
});

describe('a registry like', () => {
  /** What it answers who deletes one manifest. */
  async function deletes(profile: Wrap): Promise<boolean> {
    const { repository } = testRegistry({ wraps: [profile] });
    const { manifest } = await putArtifact(repository, { artifactType: 'a/b' });
    try {
      return (await repository.delete({ manifest: manifest.descriptor.digest })) === 'deleted';
    } catch (error) {
      assert.ok(isOciError(error, 'UNSUPPORTED'), String(error));
      return false;
    }
  }

  for (const [name, profile] of Object.entries(quirks.profiles)) {
    test(`${name} is emptied, or says that it deletes nothing`, async () => {
      const made = testRegistry({ wraps: [profile()] });
      const filled = await fill(made.repository);
      if (await deletes(profile())) {
        assert.deepEqual((await deleteRepository(made.repository)).left, []);
        await assertEmpty(made.registry.repository('team/app'), filled);
      } else await rejection('UNSUPPORTED', deleteRepository(made.repository));
    });
  }
});

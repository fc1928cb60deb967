import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Attached, attached, type AttachedOptions } from '../../src/image/attached/attached.ts';
import type { Descriptor } from '../../src/model/descriptor.ts';
import { OCI_INDEX } from '../../src/model/media-types.ts';
import { contentFrom, manifestFromDocument } from '../../src/store/content.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { Source, Store } from '../../src/store/types.ts';
import { type Built, buildImage, putBuilt } from '../../src/testing/fixtures.ts';
import * as quirks from '../../src/testing/quirks.ts';
import { all } from '../../src/testing/samples.ts';
import {
  artifactOn,
  attestedIndex,
  buildkitAttestation,
  cosignTag,
  ENVELOPE,
  PROVENANCE,
  putCosign,
  SIGNATURE,
  SPDX,
} from '../support/attachments.ts';
import { rejection } from '../support/failure.ts';
import { recordingStore } from '../support/recording-store.ts';
import { testRegistry } from '../support/test-registry.ts';

const CREATED = 'org.opencontainers.image.created';
const SBOM = 'application/spdx+json';
const image = await buildImage({ layers: [] });
const subject = image.manifest.descriptor;

async function stored(...built: readonly Built[]): Promise<Store> {
  const store = createMemoryStore();
  await putBuilt(store, image, { tags: ['1'] });
  for (const one of built) await putBuilt(store, one);
  return store;
}

/** `scheme type depth` of what is found. */
async function found(source: Source, options?: AttachedOptions, reference = '1'): Promise<string[]> {
  const lines = (await all(attached(source, reference, options))).map(
    ({ scheme, descriptor, depth }) => `${scheme} ${descriptor.artifactType} ${depth}`,
  );
  return lines.sort();
}

const digests = (list: readonly Attached[]): string[] => list.map(({ descriptor }) => descriptor.digest);
const manifestOf = ({ manifest }: Built): Descriptor => manifest.descriptor;

describe('CAP-E14 CAP-I9: what is attached to an image', () => {
  const sbom = artifactOn(subject, SBOM, { format: 'json' });
  const review = artifactOn(manifestOf(sbom), 'application/x.review');
  const reply = artifactOn(manifestOf(review), 'application/x.reply');

  test('is found with what is attached to that, step by step', async () => {
    const store = await stored(sbom, review, reply);
    const list = await all(attached(store, '1'));
    assert.deepEqual(
      digests(list),
      [sbom, review, reply].map((one) => manifestOf(one).digest),
    );
    assert.deepEqual(
      list.map((one) => [one.subject, one.depth, one.scheme]),
      [
        [subject.digest, 1, 'referrers'],
        [manifestOf(sbom).digest, 2, 'referrers'],
        [manifestOf(review).digest, 3, 'referrers'],
      ],
    );
    assert.deepEqual(list[0]?.descriptor.annotations, { format: 'json' });
    assert.equal((await all(attached(store, subject, { depth: 2 }))).length, 2);
  });

  test('is none where there is none, and nothing of an image that is not there', async () => {
    assert.deepEqual(await found(await stored()), []);
    await rejection('NOT_FOUND', found(await stored(), {}, 'absent'));
  });

  test('may be kept in another repository', async () => {
    const other = createMemoryStore();
    await putBuilt(other, sbom);
    assert.deepEqual(await found(await stored(), { from: other }), [`referrers ${SBOM} 1`]);
  });

  test('is found on each platform of an index, or on one', async () => {
    const { index, images } = await attestedIndex();
    const [amd64, arm64] = images;
    assert.ok(amd64 && arm64);
    const store = createMemoryStore();
    await putBuilt(store, index, { tags: ['1'] });
    await putBuilt(store, artifactOn(manifestOf(index), 'application/x.index'));
    await putBuilt(store, artifactOn(manifestOf(arm64), 'application/x.arm'));
    const list = await all(attached(store, '1'));
    assert.deepEqual(
      list.map(({ scheme, platform, descriptor }) => [scheme, platform?.architecture, descriptor.artifactType]),
      [
        ['referrers', undefined, 'application/x.index'],
        ['buildkit', 'amd64', 'application/vnd.in-toto+json'],
        ['referrers', 'arm64', 'application/x.arm'],
        ['buildkit', 'arm64', 'application/vnd.in-toto+json'],
      ],
    );
    const platform = { os: 'linux', architecture: 'arm64' };
    assert.deepEqual(await found(store, { platform }), [
      'buildkit application/vnd.in-toto+json 1',
      'referrers application/x.arm 1',
    ]);
    await rejection('NOT_FOUND', found(store, { platform: { os: 'linux', architecture: 's390x' } }));
    await rejection('NOT_FOUND', found(await stored(), { platform }));
  });

  test('is not followed in a circle, nor for ever', async () => {
    const store = await stored(sbom, review);
    const entries: Readonly<Record<string, Built>> = { [subject.digest]: sbom, [manifestOf(sbom).digest]: review };
    const lying: Source = {
      ...store,
      async *referrers({ digest }) {
        yield manifestOf(entries[digest] ?? sbom);
      },
    };
    await rejection('PROTOCOL', found(lying));
    let last = sbom;
    for (let depth = 2; depth <= 9; depth++) {
      last = artifactOn(manifestOf(last), `application/x.${depth}`);
      await putBuilt(store, last);
    }
    await rejection('LIMIT', found(store));
    assert.equal((await found(store, { depth: 9 })).length, 10);
    const endless: Source = {
      ...store,
      async *referrers() {
        for (let at = 0; ; at++) yield contentFrom(new TextEncoder().encode(String(at)), SBOM).descriptor;
      },
    };
    await rejection('LIMIT', found(endless, { depth: 1 }));
  });

  test('to two things is followed once', async () => {
    const { index, images } = await attestedIndex();
    const store = createMemoryStore();
    await putBuilt(store, index, { tags: ['1'] });
    for (const one of [sbom, review]) await putBuilt(store, one);
    const lying: Source = {
      ...store,
      async *referrers(one, options) {
        if (images.some(({ manifest }) => manifest.descriptor.digest === one.digest)) yield manifestOf(sbom);
        else yield* store.referrers(one, options);
      },
    };
    const list = (await all(attached(lying, '1'))).filter(({ scheme }) => scheme === 'referrers');
    assert.deepEqual(
      digests(list),
      [sbom, sbom, review].map((one) => manifestOf(one).digest),
    );
  });

  test('is asked for so many at a time', async () => {
    const store = await stored(...Array.from({ length: 10 }, (_, at) => artifactOn(subject, `application/x.${at}`)));
    let running = 0;
    let most = 0;
    const counting = recordingStore({
      async resolve() {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running--;
        return undefined;
      },
      manifest: (reference, options) => store.manifest(reference, options),
      referrers: (one, options) => store.referrers(one, options),
    });
    assert.equal((await found(counting, { concurrency: 3 })).length, 10);
    assert.ok(most <= 3 && most > 1, String(most));
  });
});

describe('CAP-E15: what a registry without the API keeps', () => {
  test('stands in the list under the fallback tag', async () => {
    const { repository } = testRegistry({ wraps: [quirks.noReferrersApi()] });
    await putBuilt(repository, image, { tags: ['1'] });
    await putBuilt(repository, artifactOn(subject, SBOM));
    assert.deepEqual(await found(repository), [`fallback-tag ${SBOM} 1`]);
  });

  test('is completed where a tool has left out its type and annotations, and found beside what an API lists', async () => {
    const old = artifactOn(subject, SBOM, { [CREATED]: '2024-01-01T00:00:00Z' });
    const { registry, repository } = testRegistry();
    const served = registry.repository('team/app');
    await putBuilt(served, image, { tags: ['1'] });
    await putBuilt(served, old);
    const bare = manifestFromDocument({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [manifestOf(old)] });
    await served.putManifest(bare, { tags: [subject.digest.replace(':', '-')] });
    const hidden: Source = { ...repository, referrers: () => repository.referrers(manifestOf(old)) };
    const [one] = await all(attached(hidden, '1', { latest: true }));
    assert.equal(one?.descriptor.artifactType, SBOM);
    assert.deepEqual(one?.descriptor.annotations, { [CREATED]: '2024-01-01T00:00:00Z' });
    assert.equal(one?.scheme, 'fallback-tag');
  });

  test('is nothing where something else has the tag', async () => {
    const store = await stored();
    await putBuilt(store, artifactOn(subject, SBOM), { tags: [subject.digest.replace(':', '-')] });
    assert.deepEqual(await found(store), [`referrers ${SBOM} 1`]);
  });
});

describe('CAP-E16: what cosign keeps under tags', () => {
  test('is told with its tag, and by what it is', async () => {
    const store = await stored();
    for (const kind of ['sig', 'att', 'sbom'] as const) await putCosign(store, subject, kind);
    const list = await all(attached(store, '1'));
    assert.deepEqual(
      list.map(({ scheme, tag, descriptor, predicateTypes }) => [scheme, tag, descriptor.artifactType, predicateTypes]),
      [
        ['cosign', cosignTag(subject, 'sig'), SIGNATURE, undefined],
        ['cosign', cosignTag(subject, 'att'), ENVELOPE, ['https://slsa.dev/provenance/v1']],
        ['cosign', cosignTag(subject, 'sbom'), 'text/spdx+json', undefined],
      ],
    );
  });

  test('is found on what is attached, too, and is told when it is no manifest of today', async () => {
    const sbom = artifactOn(subject, SBOM);
    const store = await stored(sbom);
    await putCosign(store, manifestOf(sbom), 'sig');
    assert.deepEqual(await found(store), [`cosign ${SIGNATURE} 2`, `referrers ${SBOM} 1`]);
    const broken = recordingStore(
      {
        manifest: async (reference, options) =>
          typeof reference === 'string' || reference.digest === subject.digest
            ? store.manifest(reference, options)
            : manifestFromDocument({ schemaVersion: 1 }),
      },
      store as ReturnType<typeof createMemoryStore>,
    );
    await putCosign(store, subject, 'att');
    assert.ok((await found(broken, { depth: 1 })).includes('cosign undefined 1'));
  });
});

describe('CAP-I5: what BuildKit attests in an index', () => {
  test('is told by what it attests, without reading it', async () => {
    const { index, attestations } = await attestedIndex();
    const store = recordingStore();
    await putBuilt(store, index, { tags: ['1'] });
    const list = await all(attached(store, '1', { artifactTypes: [SPDX] }));
    assert.deepEqual(
      digests(list),
      attestations.map((one) => manifestOf(one).digest),
    );
    assert.ok(list.every(({ predicateTypes }) => predicateTypes?.join() === `${PROVENANCE},${SPDX}`));
    assert.deepEqual(list[0]?.descriptor.annotations?.['vnd.docker.reference.type'], 'attestation-manifest');
    assert.equal(list[0]?.descriptor.platform, undefined, 'unknown/unknown is the platform of nothing');
  });

  test('of an image that is not in the index hangs on the index, and one that is gone is told', async () => {
    const lost = buildkitAttestation(subject);
    const document = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [lost.descriptor] };
    const index = manifestFromDocument(document);
    const store = createMemoryStore();
    await putBuilt(store, lost);
    await store.putManifest(index, { tags: ['1'] });
    const [one] = await all(attached(store, '1'));
    assert.equal(one?.subject, index.descriptor.digest);
    await store.delete({ manifest: manifestOf(lost).digest });
    assert.deepEqual(await found(store), ['buildkit undefined 1']);
  });
});

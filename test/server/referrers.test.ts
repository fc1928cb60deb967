import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Descriptor } from '../../src/model/descriptor.ts';
import { OCI_INDEX } from '../../src/model/media-types.ts';
import { buildArtifact, buildImage, buildIndex, type Built } from '../../src/testing/fixtures.ts';
import { type Answer, type Api, createApi } from '../support/api.ts';
import { pushBuilt } from '../support/push.ts';

function descriptorsOf({ text }: Answer): Descriptor[] {
  const index = JSON.parse(text) as { schemaVersion: number; mediaType: string; manifests: Descriptor[] };
  assert.deepEqual([index.schemaVersion, index.mediaType], [2, OCI_INDEX]);
  return index.manifests;
}

function sorted(built: readonly Built[]): string[] {
  return built.map(({ descriptor }) => descriptor.digest).sort();
}

describe('the referrers of a manifest', () => {
  let api: Api;
  let image: Built;
  let path: string;

  beforeEach(async () => {
    api = createApi();
    image = await buildImage({ layers: [new Uint8Array([1])] });
    path = `/v2/r/referrers/${image.descriptor.digest}`;
  });

  const attach = async (built: Built): Promise<Built> => {
    await pushBuilt(api, 'r', built);
    return built;
  };

  it('are an index with their artifact types and annotations', async () => {
    await attach(image);
    const subject = image.descriptor;
    const annotations = { 'org.example.note': 'hello' };
    const sbom = await attach(buildArtifact({ artifactType: 'application/spdx+json', subject, annotations }));
    const plain = await attach(await buildImage({ layers: [new Uint8Array([2])], subject }));
    const index = await attach(buildIndex({ manifests: [], subject }));
    const answer = await api.send('GET', path);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('content-type'), OCI_INDEX);
    assert.equal(answer.headers.get('oci-filters-applied'), null);
    const found = descriptorsOf(answer);
    assert.deepEqual(
      found.map(({ digest }) => digest),
      sorted([sbom, plain, index]),
    );
    const of = ({ descriptor }: Built): Descriptor | undefined =>
      found.find(({ digest }) => digest === descriptor.digest);
    assert.deepEqual(of(sbom), { ...sbom.manifest.descriptor, artifactType: 'application/spdx+json', annotations });
    const config = plain.blobs[0]?.descriptor.mediaType;
    assert.deepEqual(of(plain), { ...plain.manifest.descriptor, artifactType: config });
    assert.deepEqual(of(index), index.manifest.descriptor);
  });

  it('are filtered by artifact type, and the answer says so', async () => {
    const subject = image.descriptor;
    const [one] = await Promise.all(
      ['application/a', 'application/b'].map((artifactType) => attach(buildArtifact({ artifactType, subject }))),
    );
    const answer = await api.send('GET', `${path}?artifactType=application%2Fa`);
    assert.equal(answer.headers.get('oci-filters-applied'), 'artifactType');
    assert.deepEqual(
      descriptorsOf(answer).map(({ digest }) => digest),
      [one?.descriptor.digest],
    );
    assert.deepEqual(descriptorsOf(await api.send('GET', `${path}?artifactType=application/c`)), []);
  });

  it('are there before their subject is, and none where there is not even a repository: never 404', async () => {
    for (const name of ['r', 'nowhere']) {
      const answer = await api.send('GET', `/v2/${name}/referrers/${image.descriptor.digest}`);
      assert.equal(answer.status, 200);
      assert.deepEqual(descriptorsOf(answer), []);
    }
    const early = await attach(buildArtifact({ artifactType: 'application/a', subject: image.descriptor }));
    assert.equal(descriptorsOf(await api.send('GET', path))[0]?.digest, early.descriptor.digest);
  });

  it('are gone when they are deleted', async () => {
    const sbom = await attach(buildArtifact({ artifactType: 'application/a', subject: image.descriptor }));
    await api.send('DELETE', `/v2/r/manifests/${sbom.descriptor.digest}`);
    assert.deepEqual(descriptorsOf(await api.send('GET', path)), []);
  });

  const follow = async (from: string): Promise<number[]> => {
    const sizes: number[] = [];
    const seen = new Set<string>();
    for (let next: string | undefined = from; next !== undefined; ) {
      const answer: Answer = await api.send('GET', next);
      const page = descriptorsOf(answer);
      for (const { digest } of page) seen.add(digest);
      sizes.push(page.length);
      assert.ok(sizes.length < 20);
      next = /^<([^>]+)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1];
    }
    assert.equal(seen.size, 5);
    return sizes;
  };

  it('come in pages when they are many', async () => {
    api = createApi({ limits: { pageSize: 2 } });
    for (let at = 0; at < 5; at++) {
      const annotations = { at: String(at) };
      await attach(buildArtifact({ artifactType: 'application/a', subject: image.descriptor, annotations }));
    }
    assert.deepEqual(await follow(path), [2, 2, 1]);
    assert.deepEqual(await follow(`${path}?artifactType=application/a`), [2, 2, 1]);
  });

  it('come in pages that are no larger than a manifest', async () => {
    api = createApi({ limits: { manifestBytes: 10_000 } });
    for (let at = 0; at < 5; at++) {
      const annotations = { text: String(at).repeat(4000) };
      await attach(buildArtifact({ artifactType: 'application/a', subject: image.descriptor, annotations }));
    }
    assert.deepEqual(await follow(path), [2, 2, 1]);
    const { bytes } = await api.send('GET', path);
    assert.ok(bytes.length <= 10_000);
  });
});

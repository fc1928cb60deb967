/** The content workflows of the OCI conformance suite: each kind of content is pushed, listed, pulled, asked for its referrers, and deleted. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digestOf } from '../../../src/bytes/hash.ts';
import type { Descriptor } from '../../../src/model/descriptor.ts';
import { type Digest, digestHex } from '../../../src/model/digest.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../../../src/model/media-types.ts';
import type { Manifest } from '../../../src/model/manifest.ts';
import { manifestFromDocument } from '../../../src/store/content.ts';
import { buildArtifact, buildImage, buildIndex, type Built } from '../../../src/testing/fixtures.ts';
import { type Answer, type Api, locationOf } from '../api.ts';
import { bytesOfContent, pushBlob, putManifest } from '../push.ts';

const repository = 'conformance/content';
const example = 'application/vnd.example.config.v1+json';
const platforms = [
  { os: 'linux', architecture: 'amd64' },
  { os: 'linux', architecture: 'arm64' },
];

function image(seed: number, extra: object = {}): Promise<Built> {
  return buildImage({ layers: [new Uint8Array([seed, 1]), new Uint8Array([seed, 2])], ...extra });
}

async function index(seed: number): Promise<Built> {
  return buildIndex({ manifests: await Promise.all(platforms.map((platform, at) => image(seed + at, { platform }))) });
}

/** An image whose document is changed before it is pushed. */
async function reworked(
  seed: number,
  change: (document: object & { layers: readonly Descriptor[] }) => object,
): Promise<Built> {
  const built = await image(seed);
  const manifest = manifestFromDocument(change(built.manifest.document as never));
  return { ...built, manifest, descriptor: manifest.descriptor };
}

async function withReferrers(subject: Built): Promise<readonly Built[]> {
  const { descriptor } = subject;
  const annotations = { 'org.opencontainers.conformance': 'hello conformance test' };
  const artifact = (artifactType: string): Built => buildArtifact({ artifactType, subject: descriptor, annotations });
  return [subject, await image(60, { subject: descriptor }), artifact(example), artifact(`${example}+2`)];
}

const foreign = {
  mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
  digest: `sha256:${'d'.repeat(64)}` as const,
  size: 123_456,
  urls: [`https://store.example.com/blobs/sha256/${'d'.repeat(64)}`],
};
const missing = { mediaType: OCI_MANIFEST, digest: digestOf(new TextEncoder().encode('missing content')), size: 123 };

/** What is pushed, in this order; the last of each list gets the tag. */
const contents: Readonly<Record<string, () => Promise<readonly Built[]>>> = {
  'an image': async () => [await image(1)],
  'a docker image': async () => [await image(1, { family: 'docker' })],
  'a large manifest': async () => {
    const annotations = Object.fromEntries(Array.from({ length: 390 }, (_, at) => [`large-${at}`, 'A'.repeat(10_000)]));
    return [await image(2, { annotations })];
  },
  'an index': async () => [await index(10)],
  'an index of indexes': async () => [buildIndex({ manifests: [await index(20), await index(30)] })],
  'an empty index': async () => [buildIndex({ manifests: [] })],
  'an artifact': async () => [buildArtifact({ artifactType: example, blobs: [{ bytes: new Uint8Array([9]) }] })],
  'an artifact without layers': async () => [buildArtifact({ artifactType: example })],
  'an artifact index': async () => [buildIndex({ manifests: [await image(40)], artifactType: example })],
  'an image with referrers': async () => (await withReferrers(await image(50))).toReversed(),
  'referrers pushed after their subject': async () => await withReferrers(await index(55)),
  'an index with a subject': async () => {
    const subject = await index(70);
    return [subject, buildIndex({ manifests: [await image(71)], artifactType: example, subject: subject.descriptor })];
  },
  'a subject that is missing': async () => [buildArtifact({ artifactType: example, subject: missing })],
  'descriptors with their data': async () => [
    await reworked(80, (document) => ({
      ...document,
      layers: document.layers.map((layer) => ({ ...layer, data: btoa('not checked') })),
    })),
  ],
  'layers that are kept elsewhere': async () => [
    await reworked(81, (document) => ({ ...document, layers: [foreign, ...document.layers] })),
  ],
  'fields of their own': async () => [
    await reworked(82, (document) => ({ ...document, 'x-custom': { a: [1, null] } })),
  ],
  'no layers': async () => [await reworked(83, (document) => ({ ...document, layers: [] }))],
};

/** Registers the tests. */
export function testContent(name: string, createApi: () => Promise<Api>): void {
  describe(`${name}: content`, () => {
    for (const [what, build] of Object.entries(contents)) {
      it(`takes ${what}, gives it back, and lets it be deleted`, async () => {
        const [api, built] = [await createApi(), await build()];
        for (const one of built) await push(api, one);
        const last = built.at(-1) ?? assert.fail();
        assert.equal((await putManifest(api, repository, last, 'tagged')).status, 201);
        await assertListed(api, ['tagged']);
        const all = built.flatMap(flatten);
        for (const one of all) await assertPulled(api, one, one.manifest.descriptor.digest);
        await assertPulled(api, last, 'tagged');
        await assertReferrers(api, all);
        await deleteAll(api, all);
      });
    }

    it('takes manifests by sha512, whose references are sha512 as well', async () => {
      const api = await createApi();
      const built = await image(90);
      await push(api, built);
      const digest = digestOf(built.manifest.bytes, 'sha512');
      const put = await putManifest(api, repository, built, digest);
      assert.deepEqual([put.status, put.headers.get('docker-content-digest')], [201, digest]);
      await assertPulled(api, built, digest, digest);
      const outer = buildIndex({ manifests: [{ mediaType: OCI_MANIFEST, digest, size: built.manifest.bytes.length }] });
      assert.equal((await putManifest(api, repository, outer, 'outer')).status, 201);
    });

    it('refuses a manifest under the digest of another, and under one that is none', async () => {
      const api = await createApi();
      const built = await image(91);
      await push(api, built);
      const body = new Uint8Array([...built.manifest.bytes, 0x20]);
      const headers = { 'content-type': OCI_MANIFEST };
      for (const digest of [built.manifest.descriptor.digest, 'sha256:baddigeststring']) {
        const path = `/v2/${repository}/manifests/${digest}`;
        assert.equal((await api.send('PUT', path, { headers, body })).status, 400);
      }
      assert.ok(
        [400, 404].includes((await api.send('GET', `/v2/${repository}/manifests/sha256:baddigeststring`)).status),
      );
    });

    it('knows nothing of what was never pushed', async () => {
      const api = await createApi();
      assert.equal((await api.send('GET', '/v2/')).status, 200);
      assert.equal((await api.send('GET', `/v2/${repository}/manifests/missing`)).status, 404);
      assert.equal((await api.send('GET', `/v2/${repository}/manifests/${missing.digest}`)).status, 404);
      const referrers = await api.send('GET', `/v2/${repository}/referrers/${missing.digest}`);
      assert.deepEqual(referrersOf(referrers), []);
    });
  });
}

function flatten(built: Built): readonly Built[] {
  return [...built.children.flatMap(flatten), built];
}

async function push(api: Api, built: Built): Promise<void> {
  for (const one of flatten(built)) {
    for (const blob of one.blobs) {
      const pushed = await pushBlob(api, repository, await bytesOfContent(blob), blob.descriptor.digest);
      assert.equal(pushed.status, 201, pushed.text);
    }
    const put = await putManifest(api, repository, one);
    assert.equal(put.status, 201, put.text);
    assert.equal(put.headers.get('oci-subject') ?? undefined, one.manifest.subject?.digest);
    assert.deepEqual((await api.send('GET', locationOf(put))).bytes, one.manifest.bytes);
  }
}

async function assertListed(api: Api, tags: readonly string[]): Promise<void> {
  const answer = await api.send('GET', `/v2/${repository}/tags/list`);
  assert.deepEqual(JSON.parse(answer.text), { name: repository, tags });
}

async function assertPulled(api: Api, { manifest, blobs }: Built, reference: string, digest?: Digest): Promise<void> {
  const path = `/v2/${repository}/manifests/${reference}`;
  const [get, head] = [await api.send('GET', path), await api.send('HEAD', path)];
  assert.deepEqual([get.status, head.status, head.bytes.length], [200, 200, 0]);
  assert.deepEqual(get.bytes, manifest.bytes);
  for (const { headers } of [get, head]) {
    assert.equal(headers.get('content-type'), manifest.descriptor.mediaType);
    assert.equal(headers.get('content-length'), String(manifest.bytes.length));
    assert.equal(headers.get('docker-content-digest'), digest ?? manifest.descriptor.digest);
  }
  for (const blob of blobs) {
    const answer = await api.send('GET', `/v2/${repository}/blobs/${blob.descriptor.digest}`);
    assert.deepEqual(answer.bytes, await bytesOfContent(blob));
  }
}

function referrersOf({ status, headers, text }: Answer): readonly Descriptor[] {
  assert.deepEqual([status, headers.get('content-type')], [200, OCI_INDEX]);
  return (JSON.parse(text) as { manifests: readonly Descriptor[] }).manifests;
}

async function assertReferrers(api: Api, built: readonly Built[]): Promise<void> {
  const subjects = new Set(built.flatMap(({ manifest }) => manifest.subject?.digest ?? []));
  for (const subject of subjects) {
    const expected = built
      .filter(({ manifest }) => manifest.subject?.digest === subject)
      .map(({ manifest }) => manifest);
    const found = referrersOf(await api.send('GET', `/v2/${repository}/referrers/${subject}`));
    assert.deepEqual(sortedDigests(found), sortedDigests(expected.map(({ descriptor }) => descriptor)));
    for (const descriptor of found) assertDescribed(descriptor, expected);
    const query = new URLSearchParams({ artifactType: example }).toString();
    const filtered = await api.send('GET', `/v2/${repository}/referrers/${subject}?${query}`);
    assert.equal(filtered.headers.get('oci-filters-applied'), 'artifactType');
    assert.ok(referrersOf(filtered).every(({ artifactType }) => artifactType === example));
  }
}

function assertDescribed(descriptor: Descriptor, manifests: readonly Manifest[]): void {
  const { document } = manifests.find((one) => one.descriptor.digest === descriptor.digest) ?? assert.fail();
  const config = 'config' in document ? document.config.mediaType : undefined;
  assert.equal(descriptor.artifactType, document.artifactType ?? config);
  assert.deepEqual(descriptor.annotations, document.annotations);
}

function sortedDigests(descriptors: readonly Descriptor[]): string[] {
  return descriptors.map(({ digest }) => digestHex(digest)).sort();
}

async function deleteAll(api: Api, built: readonly Built[]): Promise<void> {
  const tag = `/v2/${repository}/manifests/tagged`;
  assert.equal((await api.send('DELETE', tag)).status, 202);
  assert.equal((await api.send('HEAD', tag)).status, 404);
  const manifests = built.map(({ manifest }) => `/v2/${repository}/manifests/${manifest.descriptor.digest}`);
  const blobs = built.flatMap((one) =>
    one.blobs.map(({ descriptor }) => `/v2/${repository}/blobs/${descriptor.digest}`),
  );
  for (const path of new Set([...manifests.toReversed(), ...blobs])) {
    assert.equal((await api.send('DELETE', path)).status, 202, path);
    assert.equal((await api.send('HEAD', path)).status, 404, path);
  }
}

/** Copies within one registry: no byte of a blob is sent, and the digests are the same. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { copy } from '../../src/graph/copy.ts';
import { type Built, buildImage, buildIndex, type Family, putBuilt } from '../../src/testing/fixtures.ts';
import * as quirks from '../../src/testing/quirks.ts';
import { rejection } from '../support/failure.ts';
import { type TestRegistry, testRegistry, type TestRegistryOptions } from '../support/test-registry.ts';

const layers = ['one', 'two'].map((name) => ({ files: { [name]: name } }));
const image = (architecture: string, family: Family): Promise<Built> =>
  buildImage({ layers, family, platform: { os: 'linux', architecture } });
const index = async (family: Family): Promise<Built> =>
  buildIndex({ manifests: [await image('amd64', family), await image('arm64', family)], family });

const wanted: Readonly<Record<string, Promise<Built>>> = {
  'an OCI image': image('amd64', 'oci'),
  'a docker image': image('amd64', 'docker'),
  'an OCI index': index('oci'),
  'a docker manifest list': index('docker'),
};

async function withImage(built: Built, options: TestRegistryOptions = {}): Promise<TestRegistry> {
  const made = testRegistry(options);
  await putBuilt(made.registry.repository('team/app'), built, { tags: ['1.2'] });
  return made;
}

/** Bytes of request bodies to the endpoints of blobs, and all others. */
function sent({ requests }: TestRegistry): { readonly blobs: number; readonly manifests: number } {
  const sum = (part: string): number =>
    requests.filter(({ path }) => path.includes(part)).reduce((bytes, one) => bytes + one.sent, 0);
  return { blobs: sum('/blobs/'), manifests: sum('/manifests/') };
}

const manifestsOf = (built: Built): readonly Built[] => [built, ...built.children];
const blobsOf = (built: Built): readonly string[] => [
  ...new Set(manifestsOf(built).flatMap(({ blobs }) => blobs.map(({ descriptor }) => descriptor.digest))),
];
const sizeOf = (built: Built): number =>
  manifestsOf(built).reduce((sum, { manifest }) => sum + manifest.bytes.length, 0);

for (const [what, building] of Object.entries(wanted)) {
  test(`CAP-F3 RUBY-55 RUBY-57 F5 WRITE-3: a new tag for ${what} in its repository is its own bytes and media type, once`, async () => {
    const built = await building;
    const made = await withImage(built);
    const root = await copy(made.repository, '1.2', made.repository, { tags: ['latest'] });
    assert.deepEqual(root, built.manifest.descriptor);
    const puts = made.requests.filter(({ method }) => method === 'PUT');
    assert.deepEqual(
      puts.map(({ path, headers }) => [path, headers['content-type']]),
      [['/v2/team/app/manifests/latest', built.manifest.descriptor.mediaType]],
    );
    assert.deepEqual(sent(made), { blobs: 0, manifests: built.manifest.bytes.length });
    const { bytes } = await made.registry.repository('team/app').manifest('latest');
    assert.deepEqual(Buffer.from(bytes), Buffer.from(built.manifest.bytes));
  });

  test(`RUBY-56 RUBY-57 F4 F6 WRITE-4: ${what} under a tag in another repository has the same digest, and every blob is mounted`, async () => {
    const built = await building;
    const made = await withImage(built);
    const other = made.client.repository('registry.test/others/image');
    const root = await copy(made.repository, '1.2', other, { tags: ['10.5'] });
    assert.deepEqual(root, built.manifest.descriptor);
    assert.deepEqual(sent(made), { blobs: 0, manifests: sizeOf(built) });
    const mounts = made.requests.filter(({ method }) => method === 'POST');
    assert.deepEqual(
      new Set(mounts.map(({ path, status }) => `${path} ${status}`)),
      new Set(
        blobsOf(built).map(
          (digest) =>
            `/v2/others/image/blobs/uploads/?${new URLSearchParams({ mount: digest, from: 'team/app' }).toString()} 201`,
        ),
      ),
    );
    assert.ok(!made.requests.some(({ method, path }) => method === 'GET' && path.includes('/blobs/')));
    const store = made.registry.repository('others/image');
    assert.equal((await store.resolve('10.5'))?.digest, root.digest);
    for (const { manifest } of manifestsOf(built)) {
      const kept = await store.manifest(manifest.descriptor.digest);
      assert.deepEqual(Buffer.from(kept.bytes), Buffer.from(manifest.bytes));
      assert.equal(kept.descriptor.mediaType, manifest.descriptor.mediaType);
    }
  });
}

describe('a tag in another repository', () => {
  test('F6: of a registry that mounts nothing gets the bytes, and the same digests', async () => {
    const built = await image('amd64', 'oci');
    const made = await withImage(built, { wraps: [quirks.noMount()] });
    const other = made.client.repository('registry.test/others/image');
    const root = await copy(made.repository, '1.2', other, { tags: ['10.5'] });
    assert.equal(root.digest, built.manifest.descriptor.digest);
    const size = built.blobs.reduce((sum, { descriptor }) => sum + descriptor.size, 0);
    assert.equal(sent(made).blobs, size);
  });

  test('of what is not there is NOT_FOUND, and nothing is sent', async () => {
    const made = await withImage(await image('amd64', 'oci'));
    const other = made.client.repository('registry.test/others/image');
    await rejection('NOT_FOUND', copy(made.repository, '9', other, { tags: ['10.5'] }));
    assert.deepEqual(sent(made), { blobs: 0, manifests: 0 });
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ImageManifest, isIndex } from '../../src/model/manifest.ts';
import { DOCKER_LIST, DOCKER_MANIFEST, OCI_EMPTY, OCI_INDEX, OCI_MANIFEST } from '../../src/model/media-types.ts';
import { contentFrom, manifestFromDocument } from '../../src/store/content.ts';
import { type Built, buildImage, buildIndex, putArtifact, putBuilt } from '../../src/testing/fixtures.ts';
import { type TestRegistry, testRegistry } from '../support/test-registry.ts';

const layers = [{ files: { 'etc/name': 'x' } }];

async function withBuilt(built: Built): Promise<TestRegistry> {
  const made = testRegistry();
  await putBuilt(made.registry.repository('team/app'), built, { tags: ['v1'] });
  return made;
}

test('D10 READ-9 READ-11: images and indexes of both families are asked for alike, and read as what they are', async () => {
  const kinds = {
    [OCI_MANIFEST]: await buildImage({ layers }),
    [DOCKER_MANIFEST]: await buildImage({ layers, family: 'docker' }),
    [OCI_INDEX]: buildIndex({ manifests: [await buildImage({ layers })] }),
    [DOCKER_LIST]: buildIndex({ manifests: [await buildImage({ layers, family: 'docker' })], family: 'docker' }),
  };
  for (const [mediaType, built] of Object.entries(kinds)) {
    const { repository, requests } = await withBuilt(built);
    const manifest = await repository.manifest('v1');
    assert.equal(manifest.descriptor.mediaType, mediaType);
    assert.deepEqual(manifest.bytes, built.manifest.bytes);
    assert.equal(isIndex(manifest), [OCI_INDEX, DOCKER_LIST].includes(mediaType));
    assert.deepEqual(
      manifest.links.map(({ role }) => role),
      isIndex(manifest) ? ['manifest'] : ['config', 'layer'],
    );
    const accepted = requests[0]?.headers.accept?.split(', ').sort();
    assert.deepEqual(accepted, [DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST].sort());
  }
});

test('D10 READ-11: an artifact has its type, its subject, an empty config and no layers', async () => {
  const made = testRegistry();
  const store = made.registry.repository('team/app');
  const subject = (await putBuilt(store, await buildImage({ layers }))).manifest.descriptor;
  const artifactType = 'application/vnd.example.note';
  const config = contentFrom(new TextEncoder().encode('{}'), OCI_EMPTY);
  await store.putBlob(config);
  const head = { schemaVersion: 2, mediaType: OCI_MANIFEST, artifactType };
  const note = manifestFromDocument({ ...head, config: config.descriptor, layers: [], subject });
  await store.putManifest(note, { tags: ['note'] });
  const manifest = await made.repository.manifest('note');
  assert.deepEqual(manifest.subject, subject);
  const document = manifest.document as ImageManifest;
  assert.deepEqual([document.artifactType, document.layers], [artifactType, []]);
  assert.equal(document.config.mediaType, OCI_EMPTY);
});

test('READ-11: an artifact with blobs has them for layers', async () => {
  const made = testRegistry();
  const blobs = [{ bytes: new Uint8Array(3), mediaType: 'text/plain' }];
  await putArtifact(made.registry.repository('team/app'), { artifactType: 'text/plain', blobs, tags: ['v1'] });
  const { links } = await made.repository.manifest('v1');
  assert.deepEqual(
    links.map(({ role, descriptor }) => [role, descriptor.mediaType, descriptor.size]),
    [
      ['config', OCI_EMPTY, 2],
      ['layer', 'text/plain', 3],
    ],
  );
});

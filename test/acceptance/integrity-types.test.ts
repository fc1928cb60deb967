/** Documents that one tool takes for an image and another for an index (CVE-2021-41190): every door refuses them alike. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST } from '../../src/model/media-types.ts';
import type { Announced } from '../support/every-door.ts';
import { refusals } from '../support/every-door.ts';
import { scratch } from '../support/layouts.ts';

const entry = { mediaType: OCI_MANIFEST, digest: `sha256:${'a'.repeat(64)}`, size: 3 };
const image = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: { ...entry, mediaType: 'a/b' }, layers: [] };
const { mediaType: _, ...bare } = image;
const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [entry] };

const documents: Readonly<Record<string, readonly [document: object, announced: Announced, code?: string]>> = {
  'an image that is announced as an index': [bare, OCI_INDEX],
  'an index that is announced as an image': [{ ...index, mediaType: undefined }, OCI_MANIFEST],
  'a media type that is not the announced one': [image, DOCKER_MANIFEST],
  'manifests and layers': [{ ...index, layers: [] }, OCI_INDEX],
  'manifests and a config': [{ ...index, config: image.config }, OCI_INDEX],
  'no media type at all, and fields of neither': [{ schemaVersion: 2, blobs: [] }, undefined, 'DESCRIPTOR_INVALID'],
  'layers of schema 1': [{ ...image, fsLayers: [] }, OCI_MANIFEST, 'VERSION_UNSUPPORTED'],
  'an image that calls itself an index': [{ ...image, mediaType: OCI_INDEX }, OCI_INDEX],
};

for (const [what, [document, announced, code = 'MANIFEST_INVALID']] of Object.entries(documents)) {
  test(`G15: ${what}: refused alike at every door`, async (t) => {
    const bytes = new TextEncoder().encode(JSON.stringify(document));
    assert.deepEqual(await refusals(bytes, announced, await scratch(t)), {
      get: code,
      'get by digest': code,
      copy: code,
      layout: code,
      archive: code,
      server: '400 MANIFEST_INVALID',
    });
  });
}

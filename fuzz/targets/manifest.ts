/** Manifests: an image or an index and never both, each of its edges a digest and a size; configs and schema 1 beside it. */
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { isDigest } from '../../src/model/digest.ts';
import { parseImageConfig } from '../../src/model/image-config.ts';
import { parseManifestDocument } from '../../src/model/manifest.ts';
import { matchPlatform, normalizePlatform, platformOf } from '../../src/model/platform.ts';
import { parseSchema1 } from '../../src/model/schema1.ts';
import { text, valueOf, verdictOf } from '../judge.ts';
import { lines } from '../lines.ts';
import type { FuzzTarget } from '../target.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const mediaType = fc.constantFrom(
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.oci.image.layer.v1.tar+gzip',
  'x',
);
const descriptor = fc.record(
  {
    mediaType,
    digest: fc.constantFrom(digest, `sha256:${'b'.repeat(63)}`, '../x'),
    size: fc.constantFrom(0, 1, -1, 1.5, 2 ** 53, '5'),
    annotations: fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.constant(null))),
    platform: fc.record({ os: fc.constantFrom('linux', 1), architecture: fc.constantFrom('amd64', 'arm') }),
  },
  { requiredKeys: ['mediaType', 'digest', 'size'] },
);
const document = fc.record(
  {
    schemaVersion: fc.constantFrom(2, 1, '2'),
    mediaType,
    config: descriptor,
    layers: fc.array(descriptor, { maxLength: 3 }),
    manifests: fc.array(descriptor, { maxLength: 3 }),
    subject: descriptor,
    fsLayers: fc.constant([]),
  },
  { requiredKeys: ['schemaVersion'] },
);

export const target: FuzzTarget = {
  name: 'manifest',
  corpus: () => lines('manifest'),
  arbitrary: document.map((json) => new TextEncoder().encode(JSON.stringify(json))),
  tokens: [
    '"layers":[',
    '"manifests":[',
    '"config":',
    '"size":0',
    '"mediaType":"',
    digest,
    '"subject":null',
    '"fsLayers":[]',
    '"platform":',
  ],
  run(input) {
    const manifest = valueOf(() => parseManifestDocument(input));
    const config = valueOf(() => parseImageConfig(input));
    if (config !== undefined) platformOf(config);
    valueOf(() => parseSchema1(input));
    if (manifest !== undefined) check(input, manifest);
    return verdictOf(manifest);
  },
};

function check(input: Uint8Array, manifest: ReturnType<typeof parseManifestDocument>): void {
  const { links, subject } = manifest;
  const json = JSON.parse(text(input)) as Record<string, unknown>;
  assert.deepEqual(manifest.document, json);
  assert.notEqual('manifests' in json, 'config' in json && 'layers' in json);
  const edges = [...links.map((link) => link.descriptor), ...(subject === undefined ? [] : [subject])];
  for (const edge of edges) {
    assert.ok(isDigest(edge.digest) && Number.isSafeInteger(edge.size) && edge.size >= 0);
    assert.match(edge.mediaType, /^[\x20-\x7e]+$/);
    if (edge.platform) normalizePlatform(edge.platform);
  }
  const [first] = links;
  if ('manifests' in json)
    matchPlatform(links, { os: 'linux', architecture: 'arm64' }, (link) => link.descriptor.platform);
  else assert.equal(first?.role, 'config');
}

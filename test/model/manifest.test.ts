import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '../../src/errors.ts';
import { parseManifestDocument } from '../../src/model/manifest.ts';
import {
  DOCKER_LIST,
  DOCKER_MANIFEST,
  OCI_CONFIG,
  OCI_INDEX,
  OCI_LAYER_GZIP,
  OCI_MANIFEST,
} from '../../src/model/media-types.ts';
import { failure } from '../support/failure.ts';

const descriptor = (letter: string, mediaType: string) => ({
  mediaType,
  digest: `sha256:${letter.repeat(64)}`,
  size: 5,
});
const config = descriptor('c', OCI_CONFIG);
const layer = descriptor('1', OCI_LAYER_GZIP);
const child = descriptor('d', OCI_MANIFEST);
const image = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [layer] };
const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [child] };
const parse = (document: unknown, contentType?: string) =>
  parseManifestDocument(new TextEncoder().encode(JSON.stringify(document)), contentType);

test('the edges of an image are its config and its layers, in order, as often as they stand', () => {
  const second = descriptor('2', OCI_LAYER_GZIP);
  const { links, document, mediaType } = parse({ ...image, layers: [layer, second, layer] });
  assert.deepEqual(
    links.map(({ role, descriptor }) => [role, descriptor.digest]),
    [
      ['config', config.digest],
      ['layer', layer.digest],
      ['layer', second.digest],
      ['layer', layer.digest],
    ],
  );
  assert.equal(mediaType, OCI_MANIFEST);
  assert.deepEqual(document, { ...image, layers: [layer, second, layer] });
});

test('the edges of an index are manifests, whatever their media type; a subject is no edge', () => {
  const strange = descriptor('e', 'application/x-unknown');
  const { links, subject } = parse({ ...index, manifests: [child, strange], subject: child });
  assert.deepEqual(links, [
    { role: 'manifest', descriptor: child },
    { role: 'manifest', descriptor: strange },
  ]);
  assert.deepEqual(subject, child);
});

test('an index that lists bare layers leads to blobs', () => {
  assert.equal(parse({ ...index, manifests: [layer] }).links[0]?.role, 'layer');
});

test('an image without layers is one', () => {
  assert.deepEqual(
    parse({ ...image, layers: [] }).links.map(({ role }) => role),
    ['config'],
  );
});

const { mediaType: _image, ...bareImage } = image;
const { mediaType: _index, ...bareIndex } = index;
const types: readonly (readonly [document: unknown, contentType: string | undefined, mediaType: string])[] = [
  [bareImage, undefined, OCI_MANIFEST],
  [bareIndex, undefined, OCI_INDEX],
  [bareImage, DOCKER_MANIFEST, DOCKER_MANIFEST],
  [bareIndex, DOCKER_LIST, DOCKER_LIST],
  [image, OCI_MANIFEST, OCI_MANIFEST],
  [image, 'application/json', OCI_MANIFEST],
  [{ ...image, mediaType: DOCKER_MANIFEST }, undefined, DOCKER_MANIFEST],
  [{ ...index, mediaType: DOCKER_LIST }, 'text/plain', DOCKER_LIST],
];

for (const [at, [document, contentType, mediaType]] of types.entries()) {
  test(`takes its own media type, then the announced one, then that of its fields (${at})`, () => {
    assert.equal(parse(document, contentType).mediaType, mediaType);
  });
}

const bad: readonly (readonly [
  name: string,
  document: unknown,
  contentType: string | undefined,
  code: ErrorCode,
  says: RegExp,
])[] = [
  ['an image announced as an index', image, OCI_INDEX, 'MANIFEST_INVALID', /announced as/],
  ['an index announced as an image', index, OCI_MANIFEST, 'MANIFEST_INVALID', /announced as/],
  ['an OCI image announced as a docker one', image, DOCKER_MANIFEST, 'MANIFEST_INVALID', /announced as/],
  ['bare layers announced as an index', bareImage, OCI_INDEX, 'MANIFEST_INVALID', /fields are not those/],
  ['a bare index announced as an image', bareIndex, OCI_MANIFEST, 'MANIFEST_INVALID', /fields are not those/],
  [
    'an image that calls itself an index',
    { ...image, mediaType: OCI_INDEX },
    undefined,
    'MANIFEST_INVALID',
    /fields are not those/,
  ],
  ['manifests and layers', { ...index, layers: [] }, undefined, 'MANIFEST_INVALID', /both/],
  ['manifests and a config', { ...index, config }, undefined, 'MANIFEST_INVALID', /both/],
  ['manifests and Layers', { ...index, Layers: [layer] }, undefined, 'MANIFEST_INVALID', /"Layers" is not layers/],
  [
    'an unknown media type',
    { ...image, mediaType: 'application/x\u202e' },
    undefined,
    'MANIFEST_INVALID',
    /"application\/x\\u\{202e\}" is not/,
  ],
  ['a media type that is no string', { ...image, mediaType: 2 }, undefined, 'MANIFEST_INVALID', /not a string/],
  ['no schema version', { config, layers: [] }, undefined, 'MANIFEST_INVALID', /schemaVersion/],
  ['schema version 3', { ...image, schemaVersion: 3 }, undefined, 'MANIFEST_INVALID', /schemaVersion/],
  ['schema 1', { schemaVersion: 1, fsLayers: [] }, undefined, 'VERSION_UNSUPPORTED', /schema 1/],
  ['schema 1 layers in schema 2', { ...image, fsLayers: [] }, undefined, 'VERSION_UNSUPPORTED', /schema 1/],
  ['no config', { ...image, config: undefined }, undefined, 'DESCRIPTOR_INVALID', /config/],
  ['no layers', { ...image, layers: undefined }, undefined, 'MANIFEST_INVALID', /layers is not a list/],
  ['a layer that is none', { ...image, layers: [layer, 1] }, undefined, 'DESCRIPTOR_INVALID', /layers\[1\]/],
  [
    'a layer digest that is a path',
    { ...image, layers: [{ ...layer, digest: 'sha256:../..' }] },
    undefined,
    'DIGEST_INVALID',
    /layers\[0\]/,
  ],
  ['too many layers', { ...image, layers: Array(10_001).fill(0) }, undefined, 'LIMIT', /10000/],
  ['annotations that are a list', { ...image, annotations: ['a'] }, undefined, 'DESCRIPTOR_INVALID', /annotations/],
  ['a subject that is none', { ...image, subject: 'x' }, undefined, 'DESCRIPTOR_INVALID', /subject/],
  ['a list', [image], undefined, 'MANIFEST_INVALID', /object/],
  ['null', null, undefined, 'MANIFEST_INVALID', /object/],
];

for (const [name, document, contentType, code, says] of bad) {
  test(`refuses ${name}`, () => assert.match(failure(code, () => parse(document, contentType)).message, says));
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mediaTypes } from '../../src/index.ts';
import * as types from '../../src/model/media-types.ts';

test('NODE-34: the media types of manifests and lists are constants, as both specifications write them', () => {
  assert.equal(mediaTypes.DOCKER_MANIFEST, 'application/vnd.docker.distribution.manifest.v2+json');
  assert.equal(mediaTypes.DOCKER_LIST, 'application/vnd.docker.distribution.manifest.list.v2+json');
  assert.equal(mediaTypes.OCI_MANIFEST, 'application/vnd.oci.image.manifest.v1+json');
  assert.equal(mediaTypes.OCI_INDEX, 'application/vnd.oci.image.index.v1+json');
  assert.equal(mediaTypes.DOCKER_SCHEMA1, 'application/vnd.docker.distribution.manifest.v1+json');
  assert.equal(mediaTypes.DOCKER_SCHEMA1_SIGNED, 'application/vnd.docker.distribution.manifest.v1+prettyjws');
});

test('tells manifests, indexes and configs of both families', () => {
  const all = Object.values(types).filter((value) => typeof value === 'string');
  const those = (is: (mediaType: string) => boolean) => all.filter(is).sort();
  assert.deepEqual(those(types.isIndexType), [types.DOCKER_LIST, types.OCI_INDEX].sort());
  assert.deepEqual(those(types.isManifestType), [types.DOCKER_MANIFEST, types.OCI_MANIFEST].sort());
  assert.deepEqual(those(types.isImageConfigType), [types.DOCKER_CONFIG, types.OCI_CONFIG].sort());
  assert.deepEqual(
    [...types.MANIFEST_TYPES].sort(),
    all.filter((type) => types.isIndexType(type) || types.isManifestType(type)).sort(),
  );
});

test('tells layers that stand elsewhere', () => {
  assert.ok(types.isForeignLayerType('application/vnd.docker.image.rootfs.foreign.diff.tar.gzip'));
  assert.ok(types.isForeignLayerType('application/vnd.oci.image.layer.nondistributable.v1.tar+gzip'));
  assert.ok(!types.isForeignLayerType(types.OCI_LAYER_GZIP));
});

test('takes the media type out of a header', () => {
  assert.equal(types.bareMediaType('Application/JSON; charset=utf-8'), 'application/json');
  assert.equal(types.bareMediaType(' a/b '), 'a/b');
  for (const none of [undefined, '', ' ', ';charset=utf-8']) assert.equal(types.bareMediaType(none), undefined);
});

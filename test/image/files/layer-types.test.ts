/** Which layers are looked into, by what their media types say. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isArchiveType } from '../../../src/image/layer/types.ts';
import { collect } from '../../../src/graph/collect.ts';
import { openFileSystem } from '../../../src/image/files/file-system.ts';
import { OCI_LAYER } from '../../../src/model/media-types.ts';
import { createMemoryStore } from '../../../src/store/memory.ts';
import { putImage } from '../../../src/testing/fixtures.ts';
import { file, tarOf } from '../../support/layered.ts';

test('archives are told by their media types, whoever has made these up', () => {
  for (const mediaType of [
    'application/vnd.oci.image.layer.v1.tar',
    'application/vnd.oci.image.layer.v1.tar+zstd',
    'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
    'application/vnd.docker.image.rootfs.diff.tar.gzip',
    'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
    'application/vnd.cncf.helm.chart.content.v1.tar+gzip',
    'application/x-tar',
    'application/tar+gzip',
    'application/x-tgz',
  ]) {
    assert.ok(isArchiveType(mediaType), mediaType);
  }
  for (const mediaType of [
    'application/octet-stream',
    'application/vnd.oci.empty.v1+json',
    'application/vnd.in-toto+json',
    'application/vnd.oci.image.layer.v1.tar+gzip+encrypted',
    'application/vnd.target.start',
  ]) {
    assert.ok(!isArchiveType(mediaType), mediaType);
  }
});

test('what is no archive is not read, whatever its bytes are', async () => {
  const bytes = await tarOf([file('a')]);
  const open = async (mediaType: string) => {
    const store = createMemoryStore();
    const { manifest } = await putImage(store, { layers: [{ bytes, mediaType }], tags: ['1'] });
    return collect(openFileSystem(store, manifest).list());
  };
  assert.equal((await open(OCI_LAYER)).length, 1);
  const encrypted = open(`${OCI_LAYER}+gzip+encrypted`);
  await assert.rejects(encrypted, { code: 'UNSUPPORTED', hint: 'decrypt the image first' });
  await assert.rejects(open('application/octet-stream'), { code: 'UNSUPPORTED', hint: /artifact/ });
});

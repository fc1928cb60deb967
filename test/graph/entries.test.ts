import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collect } from '../../src/graph/collect.ts';
import { imageEntries } from '../../src/graph/entries.ts';
import type { Descriptor } from '../../src/model/descriptor.ts';
import { OCI_MANIFEST } from '../../src/model/media-types.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { buildIndex } from '../../src/testing/fixtures.ts';
import { overlay } from '../../src/store/overlay.ts';
import { rejection } from '../support/failure.ts';

/** Descriptors of manifests that nobody has. */
function made(count: number, seed: number): Descriptor[] {
  return Array.from({ length: count }, (_, at) => ({
    mediaType: OCI_MANIFEST,
    digest: `sha256:${(seed * 20_000 + at).toString(16).padStart(64, '0')}`,
    size: 1,
  }));
}

test('an index that fans out without end is given up', async () => {
  const fans = Array.from({ length: 11 }, (_, at) => buildIndex({ manifests: made(10_000, at) }));
  const outer = buildIndex({ manifests: fans });
  const source = overlay(createMemoryStore(), { manifests: fans.map(({ manifest }) => manifest) });
  const error = await rejection('LIMIT', collect(imageEntries(source, outer.manifest)));
  assert.ok(error.message.startsWith(outer.manifest.descriptor.digest), error.message);
  const fewer = buildIndex({ manifests: fans.slice(0, 9) });
  assert.equal((await collect(imageEntries(source, fewer.manifest))).length, 90_000);
});

/** What a copy would send: the target is asked what it has only where that decides something. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planCopy } from '../../src/cli/transfer/plan.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { buildImage, buildIndex, putBuilt } from '../../src/testing/fixtures.ts';
import { recordingStore } from '../support/recording-store.ts';

const [one, two] = await Promise.all([1, 2].map((at) => buildImage({ layers: [new Uint8Array([at])] })));
assert.ok(one !== undefined && two !== undefined);
const index = buildIndex({ manifests: [one, two] });
const root = index.manifest.descriptor;
const source = createMemoryStore();
await putBuilt(source, index);

const sizeOf = ({ blobs, manifest }: typeof one): number =>
  blobs.reduce((bytes, { descriptor }) => bytes + descriptor.size, manifest.descriptor.size);
const whole = { objects: 7, bytes: sizeOf(one) + sizeOf(two) + root.size };

test('where there is room for all of it, the target is not asked what it has', async () => {
  const target = recordingStore();
  await putBuilt(target.inner, one);
  const { sent, reused } = await planCopy(source, root, target, {}, { room: whole.bytes });
  assert.deepEqual({ sent, reused, calls: target.calls }, { sent: whole, reused: { objects: 0, bytes: 0 }, calls: [] });
});

test('where there is not, or it is to be told, it is asked for each thing once', async () => {
  for (const room of [whole.bytes - 1, undefined]) {
    const target = recordingStore();
    await putBuilt(target.inner, one);
    const { sent, reused } = await planCopy(source, root, target, {}, { room });
    assert.deepEqual(reused, { objects: 3, bytes: sizeOf(one) });
    assert.deepEqual(sent, { objects: 4, bytes: whole.bytes - sizeOf(one) });
    assert.equal(target.calls.length, whole.objects);
  }
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Attached, attached, type AttachedOptions } from '../../src/image/attached/attached.ts';
import type { Descriptor } from '../../src/model/descriptor.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/types.ts';
import { type Built, buildImage, putBuilt } from '../../src/testing/fixtures.ts';
import { all } from '../../src/testing/samples.ts';
import { artifactOn } from '../support/attachments.ts';

const CREATED = 'org.opencontainers.image.created';
const SBOM = 'application/spdx+json';
const image = await buildImage({ layers: [] });
const subject = image.manifest.descriptor;

async function stored(...built: readonly Built[]): Promise<Store> {
  const store = createMemoryStore();
  await putBuilt(store, image, { tags: ['1'] });
  for (const one of built) await putBuilt(store, one);
  return store;
}

const digests = (list: readonly Attached[]): string[] => list.map(({ descriptor }) => descriptor.digest);
const manifestOf = ({ manifest }: Built): Descriptor => manifest.descriptor;

describe('CAP-I4 CAP-E14: of what is attached', () => {
  const at = (time: string, more: object = {}): Record<string, string> => ({ [CREATED]: time, ...more });
  const old = artifactOn(subject, SBOM, at('2024-01-01T00:00:00Z', { env: 'live' }));
  const young = artifactOn(subject, SBOM, at('2024-03-01T00:00:00+02:00', { env: 'test' }));
  const timeless = artifactOn(subject, SBOM, { env: 'live' });
  const other = artifactOn(subject, 'application/x.report', at('2020-01-01T00:00:00Z'));
  const chosen = async (options: AttachedOptions): Promise<string[]> =>
    digests(await all(attached(await stored(old, young, timeless, other), '1', options)));
  const of = (...built: readonly Built[]): string[] => built.map((one) => manifestOf(one).digest);

  test('one type is chosen, or several', async () => {
    assert.deepEqual(await chosen({ artifactTypes: ['application/x.report'] }), of(other));
    assert.equal((await chosen({ artifactTypes: ['application/x.report', SBOM] })).length, 4);
    assert.deepEqual(await chosen({ artifactTypes: ['application/x.REPORT'] }), []);
  });

  test('those with an annotation are chosen, by its value or whatever that is', async () => {
    assert.deepEqual(await chosen({ annotations: { env: 'live' } }), of(old, timeless));
    assert.deepEqual(await chosen({ annotations: { env: undefined, [CREATED]: undefined } }), of(old, young));
    assert.deepEqual(await chosen({ annotations: { toString: undefined } }), []);
  });

  test('an annotation tells their order, and which is the newest', async () => {
    const version = (text: string): Built => artifactOn(subject, SBOM, at('2024-01-01T00:00:00Z', { version: text }));
    const [nine, ten, untold] = [
      version('1.9'),
      version('1.10'),
      artifactOn(subject, SBOM, at('2025-01-01T00:00:00Z')),
    ];
    const base = await stored(nine, untold, ten, other);
    const order = async (options: AttachedOptions): Promise<string[]> =>
      digests(await all(attached(base, '1', options)));
    assert.deepEqual(await order({ artifactTypes: [SBOM], sortBy: 'version' }), of(ten, nine, untold));
    assert.deepEqual(await order({ sortBy: 'version', latest: true }), of(ten, other));
    assert.deepEqual(await order({ latest: true }), of(untold, other));
  });

  test('the newest of each type is chosen, by its own time', async () => {
    assert.deepEqual(await chosen({ latest: true }), of(young, other));
    assert.deepEqual(await chosen({ latest: true, annotations: { env: 'live' } }), of(old));
    assert.deepEqual(await chosen({ latest: true, artifactTypes: [SBOM] }), of(young));
    const onOld = artifactOn(manifestOf(old), SBOM, at('2020-01-01T00:00:00Z'));
    const list = await all(attached(await stored(old, young, onOld), '1', { latest: true }));
    assert.deepEqual(digests(list), of(young, onOld), 'on each manifest');
  });
});

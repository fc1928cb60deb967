import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { copy, type CopyOptions } from '../../src/graph/copy.ts';
import type { Activity } from '../../src/model/call.ts';
import type { Descriptor } from '../../src/model/descriptor.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { IngestStore, Source, Store } from '../../src/store/types.ts';
import { type Built, putBuilt } from '../../src/testing/fixtures.ts';
import { all } from '../../src/testing/samples.ts';
import {
  artifactOn,
  attestedIndex,
  cosign,
  cosignTag,
  ENVELOPE,
  putCosign,
  SIGNATURE,
} from '../support/attachments.ts';
import { rejection } from '../support/failure.ts';
import { recordingStore } from '../support/recording-store.ts';

const SBOM = 'application/spdx+json';
const { index, images, attestations } = await attestedIndex();
const [amd64] = images;
const subject = index.manifest.descriptor;
const sbom = artifactOn(subject, SBOM);
const onSbom = artifactOn(sbom.manifest.descriptor, 'application/x.review');
const platformSubject = (amd64 as Built).manifest.descriptor;

/** An index with something of every kind attached. */
async function attachedTo(): Promise<Store> {
  const store = createMemoryStore();
  await putBuilt(store, index, { tags: ['1'] });
  for (const one of [sbom, onSbom]) await putBuilt(store, one);
  await putCosign(store, subject, 'sig');
  const attestation = await putCosign(store, subject, 'att');
  await putCosign(store, attestation.manifest.descriptor, 'sig');
  await putCosign(store, platformSubject, 'sig');
  await putCosign(store, sbom.manifest.descriptor, 'sig');
  return store;
}

async function copied(options: CopyOptions, from?: Source): Promise<Store> {
  const to = createMemoryStore();
  await copy(from ?? (await attachedTo()), '1', to, { tags: ['1'], ...options });
  return to;
}

const names = async (store: Source): Promise<string[]> => (await all(store.tags())).filter((tag) => tag !== '1');
const isThere = async (store: Source, { digest }: Descriptor): Promise<boolean> =>
  (await store.resolve(digest)) !== undefined;

describe('CAP-F8 CAP-E16: what is attached to an image', () => {
  test('stays where it is unless it is asked for; what BuildKit attests is a part of the index', async () => {
    const to = await copied({});
    assert.deepEqual(await names(to), []);
    assert.equal(await isThere(to, sbom.manifest.descriptor), false);
    for (const one of attestations) assert.ok(await isThere(to, one.manifest.descriptor));
  });

  test('comes along by every scheme: referrers, and cosign’s tags on the image, its platforms and its SBOM', async () => {
    const to = await copied({ referrers: true });
    assert.deepEqual(
      (await names(to)).sort(),
      [
        cosignTag(subject, 'sig'),
        cosignTag(subject, 'att'),
        cosignTag(platformSubject, 'sig'),
        cosignTag(sbom.manifest.descriptor, 'sig'),
        cosignTag(cosign.att(subject).manifest.descriptor, 'sig'),
      ].sort(),
    );
    for (const one of [sbom, onSbom]) assert.ok(await isThere(to, one.manifest.descriptor));
    const tag = cosignTag(subject, 'sig');
    assert.deepEqual(await to.resolve(tag), await (await attachedTo()).resolve(tag));
  });

  test('is chosen by its type, whatever the scheme', async () => {
    const ofType =
      (...types: readonly string[]): CopyOptions['referrers'] =>
      ({ artifactType = '' }) =>
        types.includes(artifactType);
    const sboms = await copied({ referrers: ofType(SBOM) });
    assert.ok(await isThere(sboms, sbom.manifest.descriptor));
    assert.equal(await isThere(sboms, onSbom.manifest.descriptor), false);
    assert.deepEqual(await names(sboms), []);
    const signed = await copied({ referrers: ofType(SIGNATURE) });
    assert.deepEqual(
      (await names(signed)).sort(),
      [cosignTag(subject, 'sig'), cosignTag(platformSubject, 'sig')].sort(),
    );
    assert.equal(await isThere(signed, sbom.manifest.descriptor), false);
    assert.deepEqual(await names(await copied({ referrers: ofType(ENVELOPE) })), [cosignTag(subject, 'att')]);
  });

  test('is not sent again, and a tag that has moved is moved', async () => {
    const from = await attachedTo();
    const target = recordingStore();
    await copy(from, '1', target, { tags: ['1'], referrers: true });
    target.calls.length = 0;
    const told: Activity[] = [];
    await copy(from, '1', target, { tags: ['1'], referrers: true, on: (activity) => told.push(activity) });
    assert.deepEqual(
      target.calls.filter((call) => call.startsWith('put')),
      [],
    );
    assert.ok(told.every((activity) => activity.type === 'done' && activity.outcome === 'exists'));
    const tag = cosignTag(subject, 'sig');
    await target.putManifest(sbom.manifest, { tags: [tag] });
    await copy(from, '1', target, { tags: ['1'], referrers: true });
    assert.deepEqual(await target.resolve(tag), await from.resolve(tag));
  });

  test('that a registry lists in a circle is copied once, and an endless list not at all', async () => {
    const from = await attachedTo();
    const circular: Source = {
      ...from,
      async *referrers({ digest }) {
        yield digest === subject.digest ? sbom.manifest.descriptor : subject;
      },
    };
    assert.ok(await isThere(await copied({ referrers: true }, circular), sbom.manifest.descriptor));
    const endless: Source = {
      ...from,
      async *referrers() {
        for (;;) yield sbom.manifest.descriptor;
      },
    };
    await rejection('LIMIT', copied({ referrers: true }, endless));
  });
});

test('each manifest is read once, whatever leads to it', async () => {
  const source = (await attachedTo()) as IngestStore;
  const from = recordingStore({}, source);
  const to = createMemoryStore();
  await copy(from, '1', to, { tags: ['1'], referrers: true });
  const read = from.calls.filter((call) => call.startsWith('manifest '));
  assert.deepEqual(read.toSorted(), [...new Set(read)].toSorted());
});

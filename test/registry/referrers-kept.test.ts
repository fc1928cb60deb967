/** What is entered in a list under a fallback tag is looked for again by whoever is still there to do it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isIndex } from '../../src/model/manifest.ts';
import { OCI_INDEX } from '../../src/model/media-types.ts';
import { manifestFromDocument } from '../../src/store/content.ts';
import { buildArtifact, buildImage, putBuilt } from '../../src/testing/fixtures.ts';
import { virtualClock } from '../../src/testing/virtual-clock.ts';
import { rejection } from '../support/failure.ts';
import { testRegistry } from '../support/test-registry.ts';

const image = await buildImage({ layers: [] });
const subject = image.manifest.descriptor;
const tag = subject.digest.replace(':', '-');
const artifact = (name: string) => buildArtifact({ artifactType: `application/x-${name}`, subject });
const empty = manifestFromDocument({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] });

test('who gives up takes no other call with it: what that has entered, and another client wrote away, comes back', async () => {
  const clock = virtualClock();
  const made = testRegistry({ client: { clock, hosts: { 'registry.test': { referrers: 'tag' } } } });
  const served = made.registry.repository('team/app');
  await putBuilt(served, image);
  const controller = new AbortController();
  const [one, two] = [artifact('one'), artifact('two')];
  for (const { blobs } of [one, two]) for (const blob of blobs) await served.putBlob(blob);
  const givenUp = rejection('ABORTED', made.repository.putManifest(one.manifest, { signal: controller.signal }));
  await clock.whenWaiting(1);
  const other = made.repository.putManifest(two.manifest);
  await clock.whenWaiting(2);
  await served.putManifest(empty, { tags: [tag] });
  controller.abort();
  await givenUp;
  for (let seconds = 0; seconds < 10; seconds++) await clock.advance(1000);
  assert.equal(await other, 'written');
  const list = await served.manifest(tag);
  assert.ok(isIndex(list));
  assert.deepEqual(
    list.document.manifests.map(({ digest }) => digest),
    [two.manifest.descriptor.digest],
  );
  assert.equal(clock.waiting, 0);
});

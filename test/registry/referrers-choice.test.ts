import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { buildImage, putBuilt } from '../../src/testing/fixtures.ts';
import * as quirks from '../../src/testing/quirks.ts';
import { all } from '../../src/testing/samples.ts';
import type { Wrap } from '../../src/testing/wrap.ts';
import { artifactOn } from '../support/attachments.ts';
import { rejection } from '../support/failure.ts';
import { type TestRegistry, testRegistry } from '../support/test-registry.ts';

const image = await buildImage({ layers: [] });
const subject = image.manifest.descriptor;
const tag = subject.digest.replace(':', '-');
const sbom = artifactOn(subject, 'application/spdx+json');

async function choosing(referrers: 'api' | 'tag', ...wraps: Wrap[]): Promise<TestRegistry> {
  const made = testRegistry({ wraps, client: { hosts: { 'registry.test': { referrers } } } });
  await putBuilt(made.registry.repository('team/app'), image);
  return made;
}

describe('CAP-I3 CAP-E15: where referrers are listed is chosen for a registry', () => {
  test('under the tag, whatever the registry can', async () => {
    const made = await choosing('tag');
    await putBuilt(made.repository, sbom);
    const served = made.registry.repository('team/app');
    assert.equal((await served.resolve(tag))?.mediaType, 'application/vnd.oci.image.index.v1+json');
    assert.equal((await all(made.repository.referrers(subject))).length, 1);
    assert.ok(!made.lines().some((line) => line.includes('/referrers/')));
    await made.repository.delete({ manifest: sbom.manifest.descriptor.digest });
    assert.deepEqual(await all(made.repository.referrers(subject)), []);
  });

  test('by the API and nothing else', async () => {
    const made = await choosing('api');
    await putBuilt(made.repository, sbom);
    assert.equal((await all(made.repository.referrers(subject))).length, 1);
    assert.equal(await made.registry.repository('team/app').resolve(tag), undefined);
    const silent = await choosing('api', quirks.subjectWithoutReferrers(405));
    await rejection('UNSUPPORTED', all(silent.repository.referrers(subject)));
  });

  test('by the API, which the registry has not got: nothing is kept under the tag', async () => {
    const made = await choosing('api', quirks.noReferrersApi());
    const error = await rejection('UNSUPPORTED', putBuilt(made.repository, sbom));
    assert.match(error.hint ?? '', /no referrers API/);
    assert.equal(await made.registry.repository('team/app').resolve(tag), undefined);
    await rejection('UNSUPPORTED', all(made.repository.referrers(subject)));
  });
});

/** Manifests by tag, where all that speaks for the bytes is what the registry says of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from '../../src/bytes/hash.ts';
import type { Activity } from '../../src/model/call.ts';
import { DOCKER_LIST } from '../../src/model/media-types.ts';
import { buildImage, buildIndex, type Built, putBuilt } from '../../src/testing/fixtures.ts';
import * as faults from '../../src/testing/faults.ts';
import { answering, changing, errorAnswer, only, requestTo, type Wrap } from '../../src/testing/wrap.ts';
import { rejection } from '../support/failure.ts';
import { type TestRegistry, testRegistry } from '../support/test-registry.ts';

const image: Built = await buildImage({ layers: [], family: 'docker' });
const other: Built = await buildImage({
  layers: [],
  family: 'docker',
  platform: { os: 'linux', architecture: 'arm64' },
});
const list = buildIndex({ manifests: [image, other], family: 'docker' });
const { digest } = list.manifest.descriptor;
const wrongDigest = digestOf(new TextEncoder().encode('something else'));
const byTag = (request: Request): boolean => requestTo('manifest', 'GET')(request) && request.url.endsWith('/v1');

/** A registry that knows one tag and nothing by its digest: a recording of one answer, edited by hand. */
const recording = (headers: Readonly<Record<string, string>>): Wrap =>
  answering(requestTo('manifest', 'GET'), (request) =>
    byTag(request)
      ? new Response(list.manifest.bytes.slice(), { headers: { 'content-type': DOCKER_LIST, ...headers } })
      : errorAnswer(404, 'MANIFEST_UNKNOWN'),
  );

async function withList(...wraps: Wrap[]): Promise<TestRegistry> {
  const made = testRegistry({ wraps });
  await putBuilt(made.registry.repository('team/app'), list, { tags: ['v1'] });
  return made;
}

test("D6 READ-7: refuses docker_registry2's recording of ubuntu, whose header has the digest of something else", async () => {
  const { repository, lines } = await withList(recording({ 'docker-content-digest': wrongDigest }));
  const error = await rejection('DIGEST_MISMATCH', repository.manifest('v1'));
  assert.match(error.message, new RegExp(`team/app:v1 has the digest ${digest}.*announced as ${wrongDigest}`));
  assert.deepEqual(error.digests, [wrongDigest]);
  assert.deepEqual(lines(), ['GET /v2/team/app/manifests/v1 200', `GET /v2/team/app/manifests/${digest} 404`]);
});

test("D6 READ-7: refuses docker_registry2's recording of php, which is longer than it says, and has no digest", async () => {
  for (const length of [list.manifest.bytes.length - 244, list.manifest.bytes.length - 1]) {
    const { repository } = await withList(recording({ 'content-length': String(length) }));
    const error = await rejection('SIZE_MISMATCH', repository.manifest('v1'));
    assert.match(error.message, new RegExp(`${list.manifest.bytes.length} bytes, but was announced with ${length}`));
  }
});

test('D6: refuses a manifest by tag that was changed on its way', async () => {
  const { repository } = await withList(only(faults.flipByte(30), { matches: byTag }));
  const error = await rejection('DIGEST_MISMATCH', repository.manifest('v1'));
  assert.deepEqual(error.digests, [digest]);
  assert.equal((await repository.manifest(digest)).descriptor.digest, digest);
});

test('takes bytes that the registry has under their own digest, and warns of what it said of them', async () => {
  for (const headers of [
    { 'docker-content-digest': wrongDigest },
    { 'docker-content-digest': undefined, 'content-length': '7' },
  ]) {
    const { repository } = await withList(changing(byTag, () => ({ headers })));
    const told: Activity[] = [];
    const manifest = await repository.manifest('v1', { on: (activity) => told.push(activity) });
    assert.equal(manifest.descriptor.digest, digest);
    assert.deepEqual(manifest.bytes, list.manifest.bytes);
    assert.equal(told.filter(({ type }) => type === 'warning').length, 1);
  }
});

test('does not take a busy registry for one that has not got the bytes', async () => {
  const lying = changing(byTag, () => ({ headers: { 'docker-content-digest': wrongDigest } }));
  const byDigest = (request: Request): boolean => requestTo('manifest', 'GET')(request) && !byTag(request);
  const { repository } = await withList(only(faults.answerWith(503), { matches: byDigest }), lying);
  await rejection('SERVER_ERROR', repository.manifest('v1'));
});

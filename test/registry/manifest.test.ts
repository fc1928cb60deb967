import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from '../../src/bytes/hash.ts';
import type { Activity } from '../../src/model/call.ts';
import type { Digest } from '../../src/model/digest.ts';
import { DOCKER_SCHEMA1_SIGNED, OCI_INDEX, OCI_MANIFEST } from '../../src/model/media-types.ts';
import { buildImage, buildIndex, type Built, putBuilt } from '../../src/testing/fixtures.ts';
import * as faults from '../../src/testing/faults.ts';
import * as quirks from '../../src/testing/quirks.ts';
import { answering, changing, requestTo, type Wrap } from '../../src/testing/wrap.ts';
import { rejection } from '../support/failure.ts';
import { type TestRegistry, testRegistry } from '../support/test-registry.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const image: Built = await buildImage({ layers: [encode('a layer')] });
const { descriptor, bytes } = image.manifest;
const { digest } = descriptor;

async function withImage(...wraps: Wrap[]): Promise<TestRegistry> {
  const made = testRegistry({ wraps });
  await putBuilt(made.registry.repository('team/app'), image, { tags: ['v1'] });
  return made;
}

/** Other bytes of the same length, under whatever headers the right ones have. */
const wrongBytes = faults.flipByte(20);

test('D6 READ-7 RUBY-31 RUBY-32 GO-19 NODE-28: reads a manifest by tag, by digest and by descriptor, with the answer it came with', async () => {
  const { repository, requests } = await withImage();
  for (const reference of ['v1', digest, descriptor]) {
    const manifest = await repository.manifest(reference);
    assert.deepEqual(manifest.bytes, bytes);
    assert.deepEqual(manifest.descriptor, descriptor);
    assert.equal(manifest.response?.status, 200);
    assert.equal(manifest.response?.headers['content-type'], OCI_MANIFEST);
  }
  assert.equal(requests.length, 3);
  assert.equal(requests[0]?.headers['accept-encoding'], 'identity');
});

test('D6 READ-8: refuses wrong bytes for a digest, whatever the header says', async () => {
  for (const header of [undefined, digest, `sha256:${'0'.repeat(64)}`]) {
    const lie = changing(requestTo('manifest'), () => ({ headers: { 'docker-content-digest': header } }));
    const { repository } = await withImage(lie, wrongBytes);
    const error = await rejection('DIGEST_MISMATCH', repository.manifest(digest));
    assert.deepEqual(error.digests, [digest]);
    await rejection('DIGEST_MISMATCH', repository.manifest(descriptor));
  }
});

test('D6 READ-8: refuses right bytes for a digest that came announced as another', async () => {
  const { repository } = await withImage(quirks.wrongDigestHeader());
  await rejection('DIGEST_MISMATCH', repository.manifest(digest));
});

test('D6: computes the digest of a tag, and warns where the registry announced another', async () => {
  const lie: Digest = `sha256:${'1'.repeat(64)}`;
  const { repository } = await withImage(quirks.wrongDigestHeader(lie));
  const told: Activity[] = [];
  const manifest = await repository.manifest('v1', { on: (activity) => told.push(activity) });
  assert.equal(manifest.descriptor.digest, digest);
  const warnings = told.filter(({ type }) => type === 'warning');
  assert.equal(warnings.length, 1);
  assert.match(JSON.stringify(warnings[0]), new RegExp(`${digest}.*${lie}`));
});

test('refuses a right digest with a wrong size in its descriptor', async () => {
  const { repository } = await withImage();
  await rejection('SIZE_MISMATCH', repository.manifest({ ...descriptor, size: descriptor.size + 1 }));
});

test('refuses an image where a link promised an index', async () => {
  const { repository } = await withImage();
  await rejection('MANIFEST_INVALID', repository.manifest({ ...descriptor, mediaType: OCI_INDEX }));
});

test('refuses a manifest that was announced as something else', async () => {
  const wrap = changing(requestTo('manifest'), () => ({ headers: { 'content-type': OCI_INDEX } }));
  const { repository } = await withImage(wrap);
  await rejection('MANIFEST_INVALID', repository.manifest('v1'));
});

test('reads a manifest that comes as plain JSON, or with parameters in its type', async () => {
  for (const type of ['application/json', `${OCI_MANIFEST}; charset=utf-8`, undefined]) {
    const wrap = changing(requestTo('manifest'), () => ({ headers: { 'content-type': type } }));
    const { repository } = await withImage(wrap);
    assert.deepEqual((await repository.manifest('v1')).descriptor, descriptor);
  }
});

test('D9: decodes a manifest that came compressed', async () => {
  const { repository } = await withImage(quirks.gzipEncoded());
  for (const reference of ['v1', digest]) assert.deepEqual((await repository.manifest(reference)).bytes, bytes);
});

test('reads a manifest that is labelled compressed, but is not', async () => {
  const { repository } = await withImage(quirks.gzipLabelled('gzip'));
  for (const reference of ['v1', digest]) assert.deepEqual((await repository.manifest(reference)).bytes, bytes);
});

test('stops reading a manifest that has no end', async () => {
  const { repository, requests } = await withImage(faults.endlessBody());
  await rejection('TOO_LARGE', repository.manifest('v1'));
  assert.ok((requests[0]?.read ?? 0) < 8.2 * 1024 * 1024);
});

test('takes a manifest out of its descriptor, when it is what the digest says', async () => {
  const { repository, requests } = await withImage();
  const data = Buffer.from(bytes).toString('base64');
  assert.deepEqual((await repository.manifest({ ...descriptor, data })).bytes, bytes);
  assert.equal(requests.length, 0);
  for (const wrong of [Buffer.from('other').toString('base64'), '***', data.slice(4)]) {
    assert.deepEqual((await repository.manifest({ ...descriptor, data: wrong })).bytes, bytes);
  }
  assert.equal(requests.length, 3);
});

test('ERR-4 RUBY-33 GO-5: says what is not there', async () => {
  const { repository, client } = await withImage();
  const tag = await rejection('NOT_FOUND', repository.manifest('v9'));
  assert.match(tag.message, /registry\.test\/team\/app:v9/);
  assert.equal(tag.errors[0]?.code, 'MANIFEST_UNKNOWN');
  const unknown = await rejection('NOT_FOUND', client.repository('registry.test/no/such').manifest('v1'));
  assert.match(unknown.message, /registry\.test\/no\/such:v1/);
  // As this registry tells it: one that knows no repository has no manifest of it, either.
  assert.deepEqual([tag.missing, unknown.missing], ['manifest', 'manifest']);
});

test('READ-9 NODE-29: gives the raw bytes of a manifest of any kind', async () => {
  const schema1 = '{"schemaVersion":1,"name":"team/app"}';
  const headers = { 'content-type': DOCKER_SCHEMA1_SIGNED };
  const { repository, requests } = await withImage(
    answering(requestTo('manifest', 'GET'), () => new Response(schema1, { headers })),
  );
  const raw = await repository.rawManifest('v1', { accept: [DOCKER_SCHEMA1_SIGNED] });
  assert.equal(new TextDecoder().decode(raw.bytes), schema1);
  assert.equal(raw.mediaType, DOCKER_SCHEMA1_SIGNED);
  assert.equal(raw.digest, digestOf(encode(schema1)));
  assert.equal(requests[0]?.headers.accept, DOCKER_SCHEMA1_SIGNED);
  await rejection('VERSION_UNSUPPORTED', repository.manifest('v1'));
});

test('NODE-29: asks for an index, or for an image alone, as the caller accepts', async () => {
  const index = buildIndex({ manifests: [image] });
  // distribution gives who accepts no index the image for linux/amd64 in it.
  const choosing: Wrap = (handler) => (request, info) => {
    const isForAll = request.headers.get('accept')?.includes(OCI_INDEX) === true;
    const url = isForAll ? request.url : request.url.replace(/[^/]+$/, digest);
    return handler(new Request(url, request), info);
  };
  const made = testRegistry({ wraps: [choosing] });
  await putBuilt(made.registry.repository('team/app'), index, { tags: ['v1'] });
  const read = async (accept: readonly string[]): Promise<string> =>
    (await made.repository.rawManifest('v1', { accept })).digest;
  assert.equal(await read([OCI_MANIFEST]), digest);
  assert.equal(await read([OCI_MANIFEST, OCI_INDEX]), index.descriptor.digest);
  assert.equal((await made.repository.manifest('v1')).descriptor.digest, index.descriptor.digest);
  const accepted = made.requests.map(({ headers }) => headers.accept);
  assert.deepEqual(accepted.slice(0, 2), [OCI_MANIFEST, `${OCI_MANIFEST}, ${OCI_INDEX}`]);
});

test('asks the registry itself when a mirror has other bytes', async () => {
  const mirrored = (handler: Parameters<Wrap>[0]): Parameters<Wrap>[0] => {
    const rotten = wrongBytes(handler);
    return (request) => (new URL(request.url).host === 'mirror.test' ? rotten(request) : handler(request));
  };
  const made = testRegistry({
    wraps: [mirrored],
    client: { hosts: { 'registry.test': { mirrors: ['mirror.test'] } } },
  });
  await putBuilt(made.registry.repository('team/app'), image, { tags: ['v1'] });
  const { repository, requests } = made;
  assert.deepEqual((await repository.manifest(digest)).bytes, bytes);
  await repository.manifest(digest);
  assert.deepEqual(
    requests.map(({ url }) => new URL(url).host),
    ['mirror.test', 'registry.test', 'registry.test'],
  );
});

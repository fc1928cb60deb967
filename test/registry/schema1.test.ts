import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copy } from '../../src/graph/copy.ts';
import { select } from '../../src/graph/select.ts';
import { digestOf } from '../../src/bytes/hash.ts';
import type { Digest } from '../../src/model/digest.ts';
import { DOCKER_SCHEMA1, DOCKER_SCHEMA1_SIGNED, SCHEMA1_TYPES } from '../../src/model/media-types.ts';
import { parsePlatform } from '../../src/model/platform.ts';
import { createServer } from '../../src/server/app.ts';
import { createMemoryRegistry, createMemoryStore } from '../../src/store/memory.ts';
import { putImage } from '../../src/testing/fixtures.ts';
import * as quirks from '../../src/testing/quirks.ts';
import { type BuiltSchema1, buildSchema1, putSchema1Blobs, servesSchema1 } from '../../src/testing/schema1.ts';
import { answering, changing, requestTo, type Wrap } from '../../src/testing/wrap.ts';
import { rejection } from '../support/failure.ts';
import { oldImage, replaced, withEachSignature } from '../support/schema1.ts';
import { type TestRegistry, testRegistry } from '../support/test-registry.ts';

const signed = await buildSchema1(oldImage);
const unsigned = await buildSchema1({ ...oldImage, signatures: [] });
const zeros: Digest = `sha256:${'0'.repeat(64)}`;

async function withOld(image: BuiltSchema1, ...wraps: Wrap[]): Promise<TestRegistry> {
  const made = testRegistry({ wraps: [...wraps, servesSchema1(image)] });
  await putSchema1Blobs(made.registry.repository('team/app'), image);
  return made;
}

/** The same digest and headers with other bytes. */
function serving(bytes: Uint8Array): Promise<TestRegistry> {
  return withOld({ ...signed, bytes });
}

test('D13 READ-10 NODE-30: reads a schema 1 manifest where it is asked for, by tag and by digest', async () => {
  for (const image of [signed, unsigned]) {
    const { repository, requests, open } = await withOld(image);
    for (const reference of ['old', image.digest]) {
      const read = await repository.schema1(reference);
      assert.deepEqual(read.bytes, image.bytes);
      assert.equal(read.digest, image.digest);
      assert.deepEqual(read.payload, image === signed ? image.payload : undefined);
      assert.equal(read.document.architecture, 'amd64');
      assert.equal(read.layers.length, 3);
      assert.equal(read.response?.headers['content-type'], image.mediaType);
    }
    assert.deepEqual(
      requests.map(({ method, headers }) => `${method} ${headers.accept}`),
      Array.from({ length: 2 }, () => `GET ${SCHEMA1_TYPES.join(', ')}`),
    );
    assert.equal(open(), 0);
  }
});

test('D13 READ-10 GO-6: refuses it by name where it was not asked for', async () => {
  for (const image of [signed, unsigned]) {
    const { repository } = await withOld(image);
    const descriptor = await repository.resolve('old');
    assert.ok(descriptor);
    for (const reference of ['old', image.digest, descriptor]) {
      const error = await rejection('VERSION_UNSUPPORTED', repository.manifest(reference));
      assert.match(error.message, /^registry\.test\/team\/app[:@]\S+ is a schema 1 manifest/);
      assert.match(error.hint ?? '', /lading copy.*convertSchema1/);
      await rejection('VERSION_UNSUPPORTED', select(repository, reference, { platform: parsePlatform('linux/amd64') }));
      const target = createMemoryStore();
      await rejection('VERSION_UNSUPPORTED', copy(repository, reference, target, { tags: ['v1'] }));
      assert.equal(await target.resolve('v1'), undefined);
    }
  }
});

test('resolves it by HEAD, and by GET where there is no HEAD', async () => {
  for (const image of [signed, unsigned]) {
    const { bytes, digest, mediaType } = image;
    const type = mediaType === DOCKER_SCHEMA1 ? DOCKER_SCHEMA1 : DOCKER_SCHEMA1_SIGNED;
    for (const wraps of [[], [quirks.headUnsupported()], [quirks.headUnsupported(), quirks.withoutDigestHeader()]]) {
      const { repository } = await withOld(image, ...wraps);
      assert.deepEqual(await repository.resolve('old'), { mediaType: type, digest, size: bytes.length });
      assert.equal((await repository.resolve(digest))?.digest, digest);
    }
    const plain = changing(requestTo('manifest'), () => ({ headers: { 'content-type': 'application/json' } }));
    const { repository } = await withOld(image, plain);
    assert.deepEqual(await repository.resolve('old'), { mediaType: type, digest, size: bytes.length });
  }
});

test('NODE-33: gives its raw bytes by digest, though that is the digest of a part of them', async () => {
  const { repository } = await withOld(signed);
  for (const options of [{ accept: SCHEMA1_TYPES }, {}]) {
    for (const reference of ['old', signed.digest]) {
      const raw = await repository.rawManifest(reference, options);
      assert.deepEqual(raw.bytes, signed.bytes);
      assert.equal(raw.digest, signed.digest);
      assert.deepEqual(raw.payload, signed.payload);
    }
  }
});

test('refuses another payload than that of the digest, whatever the header says', async () => {
  const { repository } = await serving((await buildSchema1({ ...oldImage, tag: 'new' })).bytes);
  for (const read of [repository.schema1(signed.digest), repository.rawManifest(signed.digest)]) {
    const error = await rejection('DIGEST_MISMATCH', read);
    assert.deepEqual(error.digests, [signed.digest]);
  }
  const lying = await withOld(signed, quirks.wrongDigestHeader(zeros));
  await rejection('DIGEST_MISMATCH', lying.repository.schema1(signed.digest));
  assert.equal((await lying.repository.schema1('old')).digest, signed.digest);
  const whole = digestOf(signed.bytes);
  const naming = await withOld({ ...signed, digest: whole });
  await rejection('DIGEST_MISMATCH', naming.repository.schema1(whole));
  assert.equal((await naming.repository.schema1('old')).digest, signed.digest);
});

test('NODE-31 NODE-54: refuses a manifest that was changed after it was signed, and names it', async () => {
  const { repository } = await serving(replaced(signed.bytes, '"amd64"', '"arm64"'));
  const error = await rejection('DIGEST_MISMATCH', repository.schema1('old'));
  assert.match(error.message, /registry\.test\/team\/app:old/);
  await rejection('DIGEST_MISMATCH', repository.schema1(signed.digest));
  const none = await serving(withEachSignature(signed, ({ header }) => ({ header: { ...header, alg: 'none' } })));
  await rejection('MANIFEST_INVALID', none.repository.schema1('old'));
});

test('a manifest of today is not one of schema 1, and what is not there is NOT_FOUND', async () => {
  const { repository, registry } = await withOld(signed);
  await putImage(registry.repository('team/app'), { layers: [], tags: ['v2'] });
  await rejection('MANIFEST_INVALID', repository.schema1('v2'));
  await rejection('NOT_FOUND', repository.schema1('v3'));
});

test('a document of today with signatures around it is not taken for that of its digest', async () => {
  const { repository, registry } = testRegistry();
  const { manifest } = await putImage(registry.repository('team/app'), { layers: [], tags: ['v2'] });
  const { digest } = manifest.descriptor;
  const text = new TextDecoder().decode(manifest.bytes).slice(0, -1);
  const format = JSON.stringify({ formatLength: text.length, formatTail: 'fQ' });
  const signature = { header: { alg: 'ES256' }, protected: Buffer.from(format).toString('base64url'), signature: '' };
  const around = `${text},"signatures":[${JSON.stringify(signature)}]}`;
  const headers = { 'content-type': DOCKER_SCHEMA1_SIGNED, 'docker-content-digest': digest };
  const wrap = answering(requestTo('manifest'), () => new Response(around, { headers }));
  const lying = testRegistry({ wraps: [wrap] }).repository;
  await rejection('DIGEST_MISMATCH', lying.rawManifest(digest, { accept: SCHEMA1_TYPES }));
  await rejection('DIGEST_MISMATCH', lying.manifest(digest));
  assert.equal((await repository.manifest(digest)).descriptor.digest, digest);
});

test('is deleted by digest like any other', async () => {
  const deleted: string[] = [];
  const wrap = answering(requestTo('manifest', 'DELETE'), (request) => {
    deleted.push(new URL(request.url).pathname);
    return new Response(null, { status: 202 });
  });
  const { repository } = await withOld(signed, wrap);
  assert.equal(await repository.delete({ manifest: signed.digest }), 'deleted');
  assert.deepEqual(deleted, [`/v2/team/app/manifests/${signed.digest}`]);
});

test('the embedded registry takes none, signed or not', async () => {
  const handler = createServer({ registry: createMemoryRegistry() });
  for (const { bytes, mediaType, digest } of [signed, unsigned]) {
    for (const reference of ['old', digest]) {
      const url = `http://registry.test/v2/team/app/manifests/${reference}`;
      const headers = { 'content-type': mediaType };
      const answer = await handler(new Request(url, { method: 'PUT', headers, body: bytes.slice() }));
      assert.equal(answer.status, 400);
      assert.equal((await handler(new Request(url))).status, 404);
    }
  }
});

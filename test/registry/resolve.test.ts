import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from '../../src/bytes/hash.ts';
import type { Digest } from '../../src/model/digest.ts';
import { OCI_MANIFEST } from '../../src/model/media-types.ts';
import { putImage } from '../../src/testing/fixtures.ts';
import * as quirks from '../../src/testing/quirks.ts';
import { answering, requestTo, type Wrap } from '../../src/testing/wrap.ts';
import { rejection } from '../support/failure.ts';
import { type TestRegistry, testRegistry } from '../support/test-registry.ts';

const layer = new TextEncoder().encode('a layer');
const nobody: Digest = `sha256:${'0'.repeat(64)}`;

/** A registry with one image, tagged v1 and v2. */
async function withImage(...wraps: Wrap[]): Promise<TestRegistry & { digest: Digest; size: number }> {
  const made = testRegistry({ wraps });
  const store = made.registry.repository('team/app');
  const { manifest } = await putImage(store, { layers: [layer], tags: ['v1', 'v2'] });
  return { ...made, digest: manifest.descriptor.digest, size: manifest.bytes.length };
}

test('READ-14 RUBY-39 RUBY-43: resolves a tag by exactly one HEAD', async () => {
  const { repository, requests, lines, digest, size } = await withImage();
  assert.deepEqual(await repository.resolve('v1'), { mediaType: OCI_MANIFEST, digest, size });
  assert.deepEqual(lines(), ['HEAD /v2/team/app/manifests/v1 200']);
  assert.match(requests[0]?.headers.accept ?? '', /^application\/vnd\.oci\.image\.index\.v1\+json, [^;]*$/);
});

test('tells the headers that a tag was resolved with', async () => {
  const { repository, digest } = await withImage();
  const head = await repository.head('v1');
  assert.equal(head?.response.status, 200);
  assert.equal(head?.response.headers['docker-content-digest'], digest);
});

test('RUBY-29 RUBY-33: resolves an unknown tag, digest or repository to nothing', async () => {
  const { repository, client } = await withImage();
  assert.equal(await repository.resolve('v9'), undefined);
  assert.equal(await repository.resolve(nobody), undefined);
  assert.equal(await client.repository('registry.test/no/such').resolve('v1'), undefined);
});

test('makes sure of a 404 to a HEAD by a GET, until a HEAD has told of something', async () => {
  const { repository, lines } = await withImage();
  for (const tag of ['v7', 'v8']) assert.equal(await repository.resolve(tag), undefined);
  assert.ok(await repository.resolve('v1'));
  assert.equal(await repository.resolve('v9'), undefined);
  assert.deepEqual(
    lines().map((line) => line.slice(0, 4)),
    ['HEAD', 'GET ', 'HEAD', 'GET ', 'HEAD', 'HEAD'],
  );
});

test('who is about to write believes a 404 about a digest at once, and makes sure of a tag', async () => {
  const { repository, lines } = await withImage();
  for (const reference of [nobody, 'v8', 'v9']) {
    assert.equal(await repository.resolve(reference, { forWriting: true }), undefined);
  }
  assert.deepEqual(
    lines().map((line) => line.slice(0, 4)),
    ['HEAD', 'HEAD', 'GET ', 'HEAD', 'GET '],
  );
});

test('a tag that stands is found by who is about to write, too, where every HEAD is answered 404', async () => {
  const { repository, digest } = await withImage(quirks.headUnsupported(404));
  for (const tag of ['v9', 'v1']) await repository.resolve(tag, { forWriting: true });
  assert.equal((await repository.resolve('v2', { forWriting: true }))?.digest, digest);
});

test('finds what is there after something that was not, where every HEAD is answered 404', async () => {
  const { repository, digest } = await withImage(quirks.headUnsupported(404));
  assert.equal(await repository.resolve('v9'), undefined);
  assert.equal((await repository.resolve('v1'))?.digest, digest);
});

for (const status of [400, 403, 404, 405, 501]) {
  test(`D8 READ-15 RUBY-43: reads and hashes the manifest where HEAD is answered ${status}, and asks no second HEAD`, async () => {
    const { repository, lines, digest, size } = await withImage(quirks.headUnsupported(status));
    for (const tag of ['v1', 'v2']) {
      assert.deepEqual(await repository.resolve(tag), { mediaType: OCI_MANIFEST, digest, size });
    }
    const paths = ['HEAD /v2/team/app/manifests/v1', 'GET /v2/team/app/manifests/v1', 'GET /v2/team/app/manifests/v2'];
    assert.deepEqual(
      lines().map((line) => line.replace(/ \d+$/, '')),
      paths,
    );
  });
}

const incomplete: Readonly<Record<string, Wrap>> = {
  'tells no digest': quirks.withoutDigestHeader(),
  'tells no length': quirks.withoutContentLength(),
  'tells the length of a compressed body': quirks.gzipLabelled('gzip'),
};

for (const [what, wrap] of Object.entries(incomplete)) {
  test(`D7 READ-14 READ-15: reads and hashes the manifest where HEAD ${what}`, async () => {
    const { repository, requests, digest, size } = await withImage(wrap);
    for (const tag of ['v1', 'v2']) {
      assert.deepEqual(await repository.resolve(tag), { mediaType: OCI_MANIFEST, digest, size });
    }
    assert.deepEqual(
      requests.map(({ method }) => method),
      ['HEAD', 'GET', 'GET'],
    );
  });
}

test('needs no digest header for what is asked for by its digest', async () => {
  const { repository, requests, digest } = await withImage(quirks.withoutDigestHeader());
  assert.equal((await repository.resolve(digest))?.digest, digest);
  assert.equal(requests.length, 1);
});

test('READ-14: refuses an answer about another digest than the one asked for', async () => {
  const { repository, digest } = await withImage(quirks.wrongDigestHeader());
  const error = await rejection('DIGEST_MISMATCH', repository.resolve(digest));
  assert.deepEqual(error.digests, [digest]);
});

test('does not take what an error page says for a manifest', async () => {
  const page = answering(
    requestTo('manifest', 'HEAD'),
    () => new Response(null, { headers: { 'content-type': 'text/html', 'docker-content-digest': nobody } }),
  );
  const { repository, digest } = await withImage(page);
  assert.equal((await repository.resolve('v1'))?.digest, digest);
});

test('says that access was refused, and not that nothing is there', async () => {
  for (const [status, code] of [
    [401, 'UNAUTHORIZED'],
    [403, 'DENIED'],
  ] as const) {
    const { repository } = await withImage(answering(requestTo('manifest'), () => new Response(null, { status })));
    const error = await rejection(code, repository.resolve('v1'));
    assert.equal(error.status, status);
    assert.match(error.message, /registry\.test\/team\/app:v1/);
  }
});

test('sends nothing for a reference that is none', async () => {
  const { repository, requests } = await withImage();
  await rejection('REFERENCE_INVALID', repository.resolve('../../other/manifests/x'));
  await rejection('REFERENCE_INVALID', repository.resolve('a?b#c'));
  await rejection('DIGEST_INVALID', repository.resolve('sha256:../../x'));
  await rejection('DIGEST_INVALID', repository.resolve(`sha256:${'A'.repeat(64)}`));
  await rejection('DIGEST_INVALID', repository.stat('sha256:%2e%2e'));
  assert.equal(requests.length, 0);
});

test('resolves a tag of a manifest that the registry names by sha512', async () => {
  const made = testRegistry();
  const store = made.registry.repository('team/app');
  const { manifest } = await putImage(store, { layers: [layer], tags: ['v1'] });
  const told = digestOf(manifest.bytes, 'sha512');
  const { repository } = testRegistry({
    server: { registry: made.registry },
    wraps: [quirks.wrongDigestHeader(told)],
  });
  assert.equal((await repository.resolve('v1'))?.digest, told);
  assert.equal((await repository.manifest('v1')).descriptor.digest, told);
});

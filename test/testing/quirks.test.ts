import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { digestOf } from '../../src/bytes/hash.ts';
import { OCI_MANIFEST } from '../../src/model/media-types.ts';
import { buildArtifact, buildImage, seededBytes } from '../../src/testing/fixtures.ts';
import * as quirks from '../../src/testing/quirks.ts';
import { combine, type Wrap } from '../../src/testing/wrap.ts';
import { type Api, createApi, errorCodes, locationOf } from '../support/api.ts';
import { pushBlob, pushBuilt, putManifest } from '../support/push.ts';

const bytes = seededBytes(3000, 'quirk');
const digest = digestOf(bytes);
const image = await buildImage({ layers: [new Uint8Array([1])] });
const manifest = `/v2/r/manifests/${image.descriptor.digest}`;
const blob = `/v2/r/blobs/${digest}`;

/** A registry with an image, its tags and a blob, and the same with the quirk. */
async function apiWith(wrap: Wrap, tags: readonly string[] = ['a', 'b', 'c']): Promise<Api> {
  const plain = createApi();
  await pushBuilt(plain, 'r', image);
  for (const tag of tags) await putManifest(plain, 'r', image, tag);
  await pushBlob(plain, 'r', bytes, digest);
  return createApi({ registry: plain.registry }, wrap);
}

describe('quirks of answers', () => {
  it('tell no digest, or a wrong one', async () => {
    const without = await (await apiWith(quirks.withoutDigestHeader())).send('HEAD', manifest);
    assert.deepEqual([without.status, without.headers.get('docker-content-digest')], [200, null]);
    const wrong = await (await apiWith(quirks.wrongDigestHeader())).send('GET', '/v2/r/manifests/a');
    assert.equal(wrong.headers.get('docker-content-digest'), `sha256:${'0'.repeat(64)}`);
    assert.deepEqual(wrong.bytes, image.manifest.bytes);
  });

  it('warn', async () => {
    const { headers } = await (await apiWith(quirks.warningHeader('going "away"'))).send('GET', manifest);
    assert.equal(headers.get('warning'), '299 - "going \\"away\\""');
  });

  it('compress, or only say so', async () => {
    const packed = await (await apiWith(quirks.gzipEncoded())).send('GET', manifest);
    assert.equal(packed.headers.get('content-encoding'), 'gzip');
    assert.deepEqual(new Uint8Array(gunzipSync(packed.bytes)), image.manifest.bytes);
    const labelled = await (await apiWith(quirks.gzipLabelled())).send('GET', blob);
    assert.equal(labelled.headers.get('content-encoding'), 'x-gzip');
    assert.deepEqual(labelled.bytes, bytes);
  });

  it('tell no length', async () => {
    const answer = await (await apiWith(quirks.withoutContentLength())).send('GET', blob);
    assert.deepEqual([answer.headers.get('content-length'), answer.bytes.length], [null, 3000]);
  });

  it('answer a DELETE otherwise', async () => {
    const { status } = await (await apiWith(quirks.deleteAnswers(204))).send('DELETE', manifest);
    assert.equal(status, 204);
  });

  it('refuse in plain text', async () => {
    const answer = await (await apiWith(quirks.plainTextErrors())).send('GET', '/v2/r/manifests/none');
    assert.deepEqual([answer.status, answer.text], [404, 'Too Many Requests (HAP429).\n']);
  });
});

describe('quirks of manifests', () => {
  const put = (api: Api, body: string): ReturnType<Api['send']> =>
    api.send('PUT', '/v2/r/manifests/new', { headers: { 'content-type': OCI_MANIFEST }, body });

  it('have no HEAD', async () => {
    const api = await apiWith(quirks.headUnsupported(403));
    assert.equal((await api.send('HEAD', manifest)).status, 403);
    assert.equal((await api.send('GET', manifest)).status, 200);
  });

  it('delete no tags, or nothing at all', async () => {
    const noTags = await apiWith(quirks.tagDeleteUnsupported());
    const answer = await noTags.send('DELETE', '/v2/r/manifests/a');
    assert.deepEqual([answer.status, errorCodes(answer)], [400, ['DIGEST_INVALID']]);
    assert.equal((await noTags.send('DELETE', manifest)).status, 202);
    const nothing = await apiWith(quirks.deleteUnsupported());
    for (const path of [manifest, '/v2/r/manifests/a', blob])
      assert.equal((await nothing.send('DELETE', path)).status, 405);
  });

  it('delete no manifest that has tags', async () => {
    let tags = ['a'];
    const api = await apiWith(quirks.danglingTagRefused((name) => (name === image.descriptor.digest ? tags : [])));
    assert.deepEqual(errorCodes(await api.send('DELETE', manifest)), ['GOOGLE_MANIFEST_DANGLING_TAG']);
    tags = [];
    assert.equal((await api.send('DELETE', manifest)).status, 202);
  });

  it('want a media type', async () => {
    const api = await apiWith(quirks.mediaTypeRequired());
    const { mediaType: _, ...document } = image.manifest.document;
    assert.equal((await put(api, JSON.stringify(document))).status, 405);
    assert.equal((await put(api, new TextDecoder().decode(image.manifest.bytes))).status, 201);
  });

  it('make no repository', async () => {
    const api = await apiWith(quirks.noAutoCreate(['r']));
    assert.equal((await api.send('POST', '/v2/r/blobs/uploads/')).status, 202);
    assert.deepEqual(errorCodes(await api.send('POST', '/v2/new/blobs/uploads/')), ['NAME_UNKNOWN']);
  });

  it('tell nothing of a PUT, or miss blobs at first', async () => {
    const text = new TextDecoder().decode(image.manifest.bytes);
    const silent = await put(await apiWith(quirks.putWithoutHeaders()), text);
    assert.deepEqual([silent.status, silent.headers.get('location')], [201, null]);
    const late = await apiWith(quirks.blobsSeenLate(1, digest));
    assert.deepEqual(errorCodes(await put(late, text)), ['MANIFEST_BLOB_UNKNOWN']);
    assert.equal((await put(late, text)).status, 201);
  });
});

describe('quirks of blobs', () => {
  it('are elsewhere, where nobody may say who he is', async () => {
    const api = await apiWith(quirks.redirectBlobs('https://cdn.test'));
    const { status, headers } = await api.send('GET', blob);
    assert.deepEqual([status, headers.get('location')], [307, `https://cdn.test${blob}?X-Amz-Signature=abc`]);
    assert.equal((await api.send('HEAD', blob)).status, 200);
    const storage = await apiWith(quirks.refuseAuthorization());
    assert.equal((await storage.send('GET', blob, { headers: { authorization: 'Bearer x' } })).status, 400);
    assert.equal((await storage.send('GET', `${blob}?X-Amz-Signature=abc`)).status, 200);
  });

  it('know no ranges, or the wrong ones', async () => {
    const range = { headers: { range: 'bytes=1000-' } };
    const ignored = await (await apiWith(quirks.ignoreRange())).send('GET', blob, range);
    assert.deepEqual([ignored.status, ignored.bytes.length], [200, 3000]);
    const elsewhere = await (await apiWith(quirks.rangeFromElsewhere(-10))).send('GET', blob, range);
    assert.deepEqual([elsewhere.status, elsewhere.headers.get('content-range')], [206, 'bytes 990-2999/3000']);
    const untold = await (await apiWith(quirks.rangeWithoutContentRange())).send('GET', blob, range);
    assert.deepEqual([untold.status, untold.headers.get('content-range'), untold.bytes.length], [206, null, 2000]);
    assert.equal((await (await apiWith(quirks.alwaysPartial())).send('GET', blob)).status, 206);
  });

  it('are rotten', async () => {
    const { bytes: got } = await (await apiWith(quirks.rottenBlobs())).send('GET', blob);
    assert.deepEqual(got, new Uint8Array(3000));
  });
});

describe('quirks of lists', () => {
  const tagsPath = '/v2/r/tags/list';
  const follow = async (api: Api, path: string): Promise<unknown[]> => {
    const answer = await api.send('GET', path);
    const { tags } = JSON.parse(answer.text) as { tags: unknown[] };
    const next = /^<([^>]+)>/.exec(answer.headers.get('link') ?? '')?.[1];
    return next === undefined ? tags : [...tags, ...(await follow(api, next))];
  };

  it('have a cursor that only the Link knows', async () => {
    const api = await apiWith(quirks.opaqueCursor());
    const first = await api.send('GET', `${tagsPath}?n=1`);
    assert.match(first.headers.get('link') ?? '', /^<\/v2\/r\/tags\/list\?next_page=[^&>]+>; rel="next"$/);
    assert.deepEqual(await follow(api, `${tagsPath}?n=1`), ['a', 'b', 'c']);
    assert.equal((await api.send('GET', `${tagsPath}?n=1&last=a`)).status, 405);
  });

  it('have a Link to a whole URL, to anywhere, or none', async () => {
    const linkOf = async (wrap: Wrap): Promise<string | null> =>
      (await (await apiWith(wrap)).send('GET', `${tagsPath}?n=1`)).headers.get('link');
    assert.equal(
      await linkOf(quirks.absoluteLink('/proxy')),
      '<http://registry.test/proxy/v2/r/tags/list?n=1&last=a>; rel="next"',
    );
    assert.equal(await linkOf(quirks.linkTo(({ url }) => url)), `<http://registry.test${tagsPath}?n=1>; rel="next"`);
    assert.equal(await linkOf(quirks.withoutLink()), null);
  });

  it('have their own idea of a page', async () => {
    const ignoring = await apiWith(quirks.ignorePageSize());
    assert.deepEqual(JSON.parse((await ignoring.send('GET', `${tagsPath}?n=1`)).text).tags, ['a', 'b', 'c']);
    const small = await apiWith(quirks.largestPage(2));
    assert.equal((await small.send('GET', `${tagsPath}?n=3`)).status, 400);
    assert.equal((await small.send('GET', `${tagsPath}?n=2`)).status, 200);
  });

  it('have null for nothing, or nothing at all', async () => {
    const none = await (await apiWith(quirks.tagsNull(), [])).send('GET', tagsPath);
    assert.equal(none.text, '{"name":"r","tags":null}');
    assert.equal((await (await apiWith(quirks.noTagsUnknown(), [])).send('GET', tagsPath)).status, 404);
    assert.equal((await (await apiWith(quirks.noTagsUnknown())).send('GET', tagsPath)).status, 200);
  });

  it('have other things among the tags', async () => {
    const api = await apiWith(quirks.changingTags((tags) => [...tags.toReversed(), null, digest]));
    assert.deepEqual(await follow(api, tagsPath), ['c', 'b', 'a', null, digest]);
  });

  it('have no catalog', async () => {
    const api = await apiWith(quirks.noCatalog(401, 'UNAUTHORIZED'));
    assert.equal((await api.send('GET', '/v2/_catalog')).status, 401);
  });
});

describe('quirks of referrers', () => {
  const sbom = buildArtifact({ artifactType: 'application/a', subject: image.descriptor });
  const path = `/v2/r/referrers/${image.descriptor.digest}?artifactType=application/b`;

  it('are not there, and say so at the push, or not', async () => {
    const without = await apiWith(quirks.noReferrersApi());
    assert.equal((await pushBuilt(without, 'r', sbom)).headers.get('oci-subject'), null);
    assert.equal((await without.send('GET', path)).status, 404);
    const lying = await apiWith(quirks.subjectWithoutReferrers());
    assert.equal((await pushBuilt(lying, 'r', sbom)).headers.get('oci-subject'), image.descriptor.digest);
    assert.equal((await lying.send('GET', path)).status, 404);
  });

  it('are not filtered', async () => {
    const api = await apiWith(quirks.unfilteredReferrers());
    await pushBuilt(api, 'r', sbom);
    const answer = await api.send('GET', path);
    assert.equal(answer.headers.get('oci-filters-applied'), null);
    assert.equal(JSON.parse(answer.text).manifests.length, 1);
  });
});

describe('a profile', () => {
  for (const [name, profile] of Object.entries(quirks.profiles)) {
    it(`(${name}) still gives what is there, and takes a blob in one of the usual ways`, async () => {
      const api = await apiWith(combine(profile()), ['a']);
      const got = await api.send('GET', '/v2/r/manifests/a');
      const isPacked = got.headers.get('content-encoding') === 'gzip';
      assert.deepEqual(new Uint8Array(isPacked ? gunzipSync(got.bytes) : got.bytes), image.manifest.bytes);
      const start = await api.send('POST', '/v2/r/blobs/uploads/');
      const isSplit = name.startsWith('artifactory');
      const patched = isSplit ? await api.send('PATCH', locationOf(start), { body: bytes }) : start;
      const done = await api.send('PUT', locationOf(patched, { digest }), isSplit ? {} : { body: bytes });
      assert.equal(done.status, 201, done.text);
    });
  }
});

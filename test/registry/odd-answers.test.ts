/** Answers that differ from the specification in small ways: the client copes with each by what it gets, and is told of none beforehand. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readAll } from '../../src/bytes/read.ts';
import { collect } from '../../src/graph/collect.ts';
import { OCI_MANIFEST } from '../../src/model/media-types.ts';
import { contentFrom } from '../../src/store/content.ts';
import { buildImage, putBuilt, seededBytes } from '../../src/testing/fixtures.ts';
import { cutBody } from '../../src/testing/faults.ts';
import * as quirks from '../../src/testing/quirks.ts';
import { only, requestTo, type Wrap } from '../../src/testing/wrap.ts';
import { rejection } from '../support/failure.ts';
import { type TestRegistry, testRegistry } from '../support/test-registry.ts';

const layer = seededBytes(100_000, 'odd answers');
const image = await buildImage({ layers: [layer] });
const stored = image.blobs.find(({ descriptor }) => descriptor.size > 50_000)?.descriptor ?? assert.fail();

async function withImage(...wraps: Wrap[]): Promise<TestRegistry> {
  const made = testRegistry({ wraps });
  await putBuilt(made.registry.repository('team/app'), image, { tags: ['v1', 'v2'] });
  return made;
}

const readBlob = ({ repository }: TestRegistry): Promise<Uint8Array> =>
  readAll(repository.blob(stored).open(), 1_000_000, 'the layer');

describe('what is not there', () => {
  test('is not there, though the registry says that it cannot tell', async () => {
    const made = await withImage(quirks.unknownManifestAnswers(501));
    assert.equal(await made.repository.resolve('v9'), undefined);
    const error = await rejection('NOT_FOUND', made.repository.manifest('v9'));
    assert.deepEqual([error.missing, error.status], ['manifest', 501]);
    await putBuilt(made.repository, await buildImage({ layers: [{ files: { a: 'b' } }] }), { tags: ['new'] });
    assert.ok(await made.repository.resolve('new'));
  });

  test('is told as access that is denied where the registry says no more', async () => {
    const made = await withImage(quirks.unknownDenied());
    await rejection('DENIED', made.repository.resolve('v9'));
    await rejection('DENIED', made.repository.manifest('v9'));
    assert.equal((await made.repository.manifest('v1')).descriptor.digest, image.descriptor.digest);
    assert.equal(await made.repository.putBlob(contentFrom(seededBytes(1000, 'new'))), 'written');
  });
});

test('a manifest of a media type that nobody chose is what it says itself', async () => {
  const made = await withImage(quirks.withoutMediaType(), quirks.withoutDigestHeader());
  const expected = { mediaType: OCI_MANIFEST, digest: image.descriptor.digest, size: image.manifest.bytes.length };
  assert.deepEqual(await made.repository.resolve('v1'), expected);
  assert.deepEqual((await made.repository.manifest('v1')).descriptor, expected);
  assert.equal(made.requests.at(-1)?.status, 200);
});

test('a list that says more of its tags is a list of tags', async () => {
  const made = await withImage(
    quirks.moreOfTags({ child: ['team/app/sub'], manifest: { [stored.digest]: { tag: ['v3'] } } }),
  );
  assert.deepEqual(await collect(made.repository.tags()), ['v1', 'v2']);
});

describe('a blob', () => {
  for (const status of [307, 308]) {
    test(`is found where a relative redirect of ${status} leads`, async () => {
      const made = await withImage(quirks.relativeRedirect(status));
      assert.deepEqual(await readBlob(made), layer);
      const path = `/v2/team/app/blobs/${stored.digest}`;
      assert.deepEqual(made.lines(), [`GET ${path} ${status}`, `GET ${path}?signed=1 200`]);
    });
  }

  test('is read anew where the rest of it comes in parts that nobody asked for', async () => {
    const cut = only(cutBody(60_000), { matches: requestTo('blob', 'GET'), times: 1 });
    const made = await withImage(cut, quirks.multipartRange());
    assert.deepEqual(await readBlob(made), layer);
    const asked = made.requests.map(({ headers, status }) => `${headers.range ?? 'all'} ${status}`);
    assert.deepEqual(asked, ['all 200', `bytes=60000- 206`, 'all 200']);
  });
});

describe('an upload', () => {
  const content = contentFrom(seededBytes(3_000_000, 'an upload'));
  const isKept = async ({ registry }: TestRegistry): Promise<boolean> =>
    (await registry.repository('team/app').stat(content.descriptor.digest)) !== undefined;

  test('begins where a slash was too many, by the same method', async () => {
    const made = testRegistry({ wraps: [quirks.slashRedirected()] });
    assert.equal(await made.repository.putBlob(content), 'written');
    assert.deepEqual(
      made.lines().filter((line) => line.startsWith('POST')),
      ['POST /v2/team/app/blobs/uploads/ 301', 'POST /v2/team/app/blobs/uploads 202'],
    );
    assert.ok(await isKept(made));
  });

  test('goes on where it was when its status tells no place', async () => {
    const refused = only(() => async () => new Response(null, { status: 416 }), {
      matches: requestTo('upload', 'PATCH'),
      after: 1,
      times: 1,
    });
    const made = testRegistry({
      wraps: [refused, quirks.statusWithoutLocation()],
      client: { chunkSize: 1_000_000 },
    });
    assert.equal(await made.repository.putBlob(content), 'written');
    const steps = made.requests.filter(({ path }) => path.includes('/uploads/'));
    assert.deepEqual(
      steps.map(({ method, status }) => `${method} ${status}`),
      ['POST 202', 'PATCH 202', 'PATCH 416', 'GET 204', 'PATCH 202', 'PATCH 202', 'PUT 201'],
    );
    assert.ok(await isKept(made));
  });

  test('that became invalid at another node begins anew', async () => {
    const invalid = { status: 400, code: 'BLOB_UPLOAD_INVALID' };
    const made = testRegistry({ wraps: [quirks.loseUploadSession(2, ['PUT'], invalid)] });
    assert.equal(await made.repository.putBlob(content), 'written');
    assert.equal(made.requests.filter(({ method }) => method === 'POST').length, 3);
    assert.ok(await isKept(made));
  });
});

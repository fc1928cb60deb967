import assert from 'node:assert/strict';
import { before, beforeEach, describe, it } from 'node:test';
import { digestOf } from '../../src/bytes/hash.ts';
import { DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST } from '../../src/model/media-types.ts';
import { buildArtifact, buildImage, buildIndex, type Built } from '../../src/testing/fixtures.ts';
import { type Api, createApi, errorCodes } from '../support/api.ts';
import { bytesOfContent, pushBlob, pushBuilt, putManifest } from '../support/push.ts';

let image: Built;
let other: Built;
let api: Api;

before(async () => {
  image = await buildImage({ layers: [new Uint8Array([1]), new Uint8Array([2])] });
  other = await buildImage({ layers: [new Uint8Array([3])] });
});

beforeEach(() => {
  api = createApi();
});

const pathOf = (reference: string): string => `/v2/r/manifests/${reference}`;

describe('a manifest', () => {
  it('comes back byte for byte, by its tag and by its digest, under the type it came with', async () => {
    const put = await pushBuilt(api, 'r', image, 'v1');
    const { digest } = image.descriptor;
    assert.equal(put.headers.get('location'), pathOf(digest));
    assert.equal(put.headers.get('docker-content-digest'), digest);
    assert.equal(put.headers.get('oci-subject'), null);
    for (const reference of ['v1', digest]) {
      const { status, headers, bytes } = await api.send('GET', pathOf(reference));
      assert.equal(status, 200);
      assert.deepEqual(bytes, image.manifest.bytes);
      assert.equal(headers.get('content-type'), OCI_MANIFEST);
      assert.equal(headers.get('content-length'), String(bytes.length));
      assert.equal(headers.get('docker-content-digest'), digest);
      assert.equal(headers.get('etag'), `"${digest}"`);
      const head = await api.send('HEAD', pathOf(reference));
      assert.deepEqual([head.status, head.bytes.length], [200, 0]);
      assert.deepEqual([...head.headers], [...headers]);
    }
  });

  it('keeps odd whitespace and unknown fields', async () => {
    await pushBuilt(api, 'r', image);
    const text = `\n{ "x-unknown" : [ 1, "é" ],${new TextDecoder().decode(image.manifest.bytes).slice(1)}  \n`;
    const body = new TextEncoder().encode(text);
    const { status } = await api.send('PUT', pathOf('odd'), { headers: { 'content-type': OCI_MANIFEST }, body });
    assert.equal(status, 201);
    assert.deepEqual((await api.send('GET', pathOf('odd'))).bytes, body);
    assert.equal((await api.send('GET', pathOf(digestOf(body)))).status, 200);
  });

  it('without a media type of its own has the one that it was announced as', async () => {
    const { mediaType: _, ...document } = image.manifest.document;
    await pushBuilt(api, 'r', image);
    const body = JSON.stringify(document);
    for (const type of [OCI_MANIFEST, DOCKER_MANIFEST]) {
      const headers = { 'content-type': `${type}; charset=utf-8` };
      assert.equal((await api.send('PUT', pathOf('t'), { headers, body })).status, 201);
      assert.equal((await api.send('GET', pathOf('t'))).headers.get('content-type'), type);
    }
  });

  it('is not sent again to who has it', async () => {
    await pushBuilt(api, 'r', image, 'v1');
    const headers = { 'if-none-match': `"${image.descriptor.digest}"` };
    for (const method of ['GET', 'HEAD']) {
      const { status, bytes, headers: got } = await api.send(method, pathOf('v1'), { headers });
      assert.deepEqual([status, bytes.length], [304, 0]);
      assert.equal(got.get('etag'), `"${image.descriptor.digest}"`);
    }
  });

  it('is unknown where it is not', async () => {
    await pushBuilt(api, 'r', image, 'v1');
    for (const path of [pathOf('v2'), pathOf(`sha256:${'0'.repeat(64)}`), '/v2/other/manifests/v1']) {
      const answer = await api.send('GET', path);
      assert.deepEqual([answer.status, errorCodes(answer)], [404, ['MANIFEST_UNKNOWN']]);
      assert.equal((await api.send('HEAD', path)).status, 404);
    }
  });

  it('may be named by sha512', async () => {
    await pushBuilt(api, 'r', image);
    const name = digestOf(image.manifest.bytes, 'sha512');
    const headers = { 'content-type': OCI_MANIFEST };
    const put = await api.send('PUT', pathOf(name), { headers, body: image.manifest.bytes });
    assert.deepEqual([put.status, put.headers.get('docker-content-digest')], [201, name]);
    assert.deepEqual((await api.send('GET', pathOf(name))).bytes, image.manifest.bytes);
  });

  it('pushed by digest gets the tags of the query, and says which', async () => {
    await pushBuilt(api, 'r', image);
    const { digest } = image.descriptor;
    const headers = { 'content-type': OCI_MANIFEST };
    const body = image.manifest.bytes;
    const put = await api.send('PUT', `${pathOf(digest)}?tag=1.2.3&tag=1.2&tag=latest`, { headers, body });
    assert.deepEqual([put.status, put.headers.get('oci-tag')], [201, '1.2.3, 1.2, latest']);
    assert.equal((await api.send('GET', pathOf('1.2'))).headers.get('docker-content-digest'), digest);
    const bad = await api.send('PUT', `${pathOf(digest)}?tag=a/b`, { headers, body });
    assert.equal(bad.status, 400);
    const many = Array.from({ length: 101 }, (_, at) => `tag=t${at}`).join('&');
    assert.equal((await api.send('PUT', `${pathOf(digest)}?${many}`, { headers, body })).status, 414);
  });
});

describe('what a manifest refers to', () => {
  it('must be there: every digest that is missing is told', async () => {
    const [config, layer, missing] = image.blobs;
    assert.ok(config && layer && missing);
    await pushBlob(api, 'r', await bytesOfContent(layer), layer.descriptor.digest);
    const answer = await putManifest(api, 'r', image, 'v1');
    assert.equal(answer.status, 400);
    const { errors } = JSON.parse(answer.text) as { errors: { code: string; detail: { digest: string } }[] };
    const expected = [config, missing].map(({ descriptor }) => ['MANIFEST_BLOB_UNKNOWN', descriptor.digest]);
    assert.deepEqual(
      errors.map(({ code, detail }) => [code, detail.digest]),
      expected,
    );
    assert.equal((await api.send('HEAD', pathOf('v1'))).status, 404);
    assert.equal((await api.send('HEAD', pathOf(image.descriptor.digest))).status, 404);
  });

  it('may be manifests, which must be there too', async () => {
    const index = buildIndex({ manifests: [image, other] });
    await pushBuilt(api, 'r', image);
    const answer = await putManifest(api, 'r', index, 'multi');
    assert.deepEqual([answer.status, errorCodes(answer)], [400, ['MANIFEST_BLOB_UNKNOWN']]);
    assert.match(answer.text, new RegExp(other.descriptor.digest));
    await pushBuilt(api, 'r', other);
    assert.equal((await putManifest(api, 'r', index, 'multi')).status, 201);
    assert.equal((await api.send('GET', pathOf('multi'))).headers.get('content-type'), OCI_INDEX);
  });

  it('need not be there when it is kept elsewhere, or is what the manifest is attached to', async () => {
    const [config] = image.blobs;
    assert.ok(config);
    await pushBlob(api, 'r', await bytesOfContent(config), config.descriptor.digest);
    const foreign = {
      mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
      digest: `sha256:${'f'.repeat(64)}`,
      size: 7,
      urls: ['https://elsewhere.test/layer'],
    };
    const subject = { mediaType: OCI_MANIFEST, digest: `sha256:${'e'.repeat(64)}`, size: 9 };
    const document = {
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: config.descriptor,
      layers: [foreign],
      subject,
    };
    const headers = { 'content-type': OCI_MANIFEST };
    const put = await api.send('PUT', pathOf('foreign'), { headers, body: JSON.stringify(document) });
    assert.equal(put.status, 201, put.text);
    assert.equal(put.headers.get('oci-subject'), subject.digest);
  });
});

describe('the tag of a manifest', () => {
  const names = async (): Promise<string[]> => {
    const { tags } = JSON.parse((await api.send('GET', '/v2/r/tags/list')).text) as { tags: string[] };
    return tags;
  };

  it('moves to what is pushed under it last; what it named stays under its digest', async () => {
    await pushBuilt(api, 'r', image, 'v1');
    await pushBuilt(api, 'r', other, 'v1');
    assert.deepEqual((await api.send('GET', pathOf('v1'))).bytes, other.manifest.bytes);
    assert.deepEqual((await api.send('GET', pathOf(image.descriptor.digest))).bytes, image.manifest.bytes);
  });

  it('is deleted alone: other tags of the same manifest stay, and the manifest too', async () => {
    await pushBuilt(api, 'r', image, 'a');
    await putManifest(api, 'r', image, 'b');
    assert.equal((await api.send('DELETE', pathOf('a'))).status, 202);
    assert.deepEqual(await names(), ['b']);
    assert.equal((await api.send('GET', pathOf(image.descriptor.digest))).status, 200);
    const again = await api.send('DELETE', pathOf('a'));
    assert.deepEqual([again.status, errorCodes(again)], [404, ['MANIFEST_UNKNOWN']]);
  });

  it('goes with its manifest, when that is deleted by digest', async () => {
    await pushBuilt(api, 'r', image, 'a');
    await putManifest(api, 'r', image, 'b');
    await pushBuilt(api, 'r', other, 'c');
    assert.equal((await api.send('DELETE', pathOf(image.descriptor.digest))).status, 202);
    assert.deepEqual(await names(), ['c']);
    assert.equal((await api.send('GET', pathOf('a'))).status, 404);
    assert.equal((await api.send('DELETE', pathOf(image.descriptor.digest))).status, 404);
  });

  it('is only moved from the manifest that If-Match names', async () => {
    await pushBuilt(api, 'r', image, 'v1');
    await pushBuilt(api, 'r', other);
    const put = (tag: string, condition: string): ReturnType<Api['send']> =>
      api.send('PUT', pathOf(tag), {
        headers: { 'content-type': OCI_MANIFEST, 'if-match': condition },
        body: other.manifest.bytes,
      });
    for (const [tag, condition] of [
      ['v1', `"${other.descriptor.digest}"`],
      ['new', '*'],
      ['v1', '"x"'],
    ] as const) {
      const answer = await put(tag, condition);
      assert.equal(answer.status, 412, condition);
      assert.equal(answer.headers.get('content-type'), 'text/plain; charset=utf-8');
    }
    assert.deepEqual((await api.send('GET', pathOf('v1'))).bytes, image.manifest.bytes);
    assert.equal((await put('v1', `"x", "${image.descriptor.digest}"`)).status, 201);
    assert.equal((await put('v1', '*')).status, 201);
    assert.deepEqual((await api.send('GET', pathOf('v1'))).bytes, other.manifest.bytes);
  });
});

describe('deleting that is switched off', () => {
  it('is refused for tags, manifests and blobs alike, and uploads can still be given up', async () => {
    const options = { allowDelete: false };
    const readOnly = createApi(options);
    await pushBuilt(readOnly, 'r', image, 'v1');
    const [blob] = image.blobs;
    assert.ok(blob);
    for (const path of [pathOf('v1'), pathOf(image.descriptor.digest), `/v2/r/blobs/${blob.descriptor.digest}`]) {
      const answer = await readOnly.send('DELETE', path);
      assert.deepEqual([answer.status, errorCodes(answer)], [405, ['UNSUPPORTED']]);
      assert.equal((await readOnly.send('HEAD', path)).status, 200);
    }
    const start = await readOnly.send('POST', '/v2/r/blobs/uploads/');
    assert.equal((await readOnly.send('DELETE', start.headers.get('location') ?? '')).status, 204);
  });
});

describe('an artifact', () => {
  it('tells what it is attached to', async () => {
    await pushBuilt(api, 'r', image, 'v1');
    const sbom = buildArtifact({ artifactType: 'application/spdx+json', subject: image.descriptor });
    const put = await pushBuilt(api, 'r', sbom);
    assert.equal(put.headers.get('oci-subject'), image.descriptor.digest);
  });
});

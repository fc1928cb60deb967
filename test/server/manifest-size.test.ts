import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OCI_MANIFEST } from '../../src/model/media-types.ts';
import { buildImage } from '../../src/testing/fixtures.ts';
import { createApi, errorCodes } from '../support/api.ts';
import { pushBuilt } from '../support/push.ts';

const LIMIT = 4 * 1024 * 1024;

describe('the size of a manifest', () => {
  it('may be 4 MiB, and not one byte more', async () => {
    const api = createApi();
    const image = await buildImage({ layers: [new Uint8Array([1])] });
    await pushBuilt(api, 'r', image);
    for (const [size, status] of [
      [LIMIT, 201],
      [LIMIT + 1, 413],
    ] as const) {
      const body = new Uint8Array(size).fill(0x20);
      body.set(image.manifest.bytes);
      const answer = await api.send('PUT', '/v2/r/manifests/big', { headers: { 'content-type': OCI_MANIFEST }, body });
      assert.equal(answer.status, status, answer.text);
      if (status === 413) assert.deepEqual(errorCodes(answer), ['SIZE_INVALID']);
    }
  });

  it('is refused unread when it is announced, and after the limit when it is not', async () => {
    const api = createApi();
    let read = 0;
    const endless = (): ReadableStream<Uint8Array> =>
      new ReadableStream<Uint8Array>(
        {
          pull(controller) {
            read += 65_536;
            controller.enqueue(new Uint8Array(65_536));
          },
        },
        { highWaterMark: 0 },
      );
    const headers = { 'content-type': OCI_MANIFEST };
    const told = { ...headers, 'content-length': String(LIMIT + 1) };
    assert.equal((await api.send('PUT', '/v2/r/manifests/x', { headers: told, body: endless() })).status, 413);
    assert.equal(read, 0);
    assert.equal((await api.send('PUT', '/v2/r/manifests/x', { headers, body: endless() })).status, 413);
    assert.ok(read <= LIMIT + 65_536, `${read} bytes were read`);
  });
});

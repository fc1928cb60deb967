import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { basicAccess } from '../../src/server/basic-access.ts';
import { digestOf } from '../../src/bytes/hash.ts';
import { buildImage } from '../../src/testing/fixtures.ts';
import * as quirks from '../../src/testing/quirks.ts';
import type { Wrap } from '../../src/testing/wrap.ts';
import { type Api, createApi, errorCodes } from '../support/api.ts';
import { pushBuilt } from '../support/push.ts';

const image = await buildImage({ layers: [new Uint8Array([1])] });
const nobody = digestOf(new Uint8Array([9, 9, 9]));
const blob = `/v2/r/blobs/${image.blobs[1]?.descriptor.digest ?? ''}`;

async function apiWith(wrap: Wrap): Promise<Api> {
  const plain = createApi();
  await pushBuilt(plain, 'r', image, 'a');
  return createApi({ registry: plain.registry }, wrap);
}

/** A registry that lets nobody in but `alice:wonder`. */
function closed(wrap: Wrap): Api {
  return createApi({ access: basicAccess({ check: (_, password) => password === 'wonder' }) }, wrap);
}

const basic = (password: string): { headers: Record<string, string> } => ({
  headers: { authorization: `Basic ${btoa(`alice:${password}`)}` },
});

describe('quirks of refusals', () => {
  it('have another challenge, or none', async () => {
    const without = closed(
      quirks.changingChallenge((challenge, { method }) => (method === 'HEAD' ? undefined : `${challenge}, x="y"`)),
    );
    const [head, get] = [await without.send('HEAD', '/v2/'), await without.send('GET', '/v2/')];
    assert.deepEqual([head.status, head.headers.get('www-authenticate')], [401, null]);
    assert.match(get.headers.get('www-authenticate') ?? '', /^Basic realm="registry", charset="UTF-8", x="y"$/);
    assert.equal((await without.send('GET', '/v2/', basic('wonder'))).status, 200);
  });

  it('let nobody ping with Basic', async () => {
    const api = closed(quirks.basicPingRefused());
    assert.equal((await api.send('GET', '/v2/', basic('wonder'))).status, 403);
    assert.equal((await api.send('GET', '/v2/')).status, 401);
    assert.equal((await api.send('GET', '/v2/_catalog', basic('wonder'))).status, 200);
  });

  it('are no 401 for wrong credentials', async () => {
    const api = closed(quirks.wrongCredentialsAnswer());
    const wrong = await api.send('GET', '/v2/', basic('under'));
    assert.deepEqual([wrong.status, errorCodes(wrong), wrong.headers.get('www-authenticate')], [400, ['DENIED'], null]);
    assert.equal((await api.send('GET', '/v2/')).status, 401);
    assert.equal((await api.send('GET', '/v2/', basic('wonder'))).status, 200);
  });

  it('are vague, or odd, about what is not there', async () => {
    const vague = await (await apiWith(quirks.vagueErrors())).send('GET', '/v2/r/manifests/b');
    assert.deepEqual([vague.status, errorCodes(vague)], [404, ['UNKNOWN']]);
    const odd = await apiWith(quirks.unknownBlobAnswers());
    assert.equal((await odd.send('HEAD', `/v2/r/blobs/${nobody}`)).status, 405);
    assert.equal((await odd.send('GET', blob)).status, 200);
    assert.equal((await odd.send('GET', '/v2/r/manifests/b')).status, 404);
  });

  it('come when too much was read', async () => {
    const api = await apiWith(quirks.rateLimit(1));
    const ask = async (method: string): Promise<[number, string | null]> => {
      const { status, headers } = await api.send(method, '/v2/r/manifests/a');
      return [status, headers.get('ratelimit-remaining')];
    };
    assert.deepEqual(await ask('HEAD'), [200, '1;w=21600']);
    assert.deepEqual(await ask('GET'), [200, '0;w=21600']);
    assert.deepEqual(await ask('GET'), [429, null]);
    assert.deepEqual(await ask('HEAD'), [200, '0;w=21600']);
  });
});

describe('quirks of answers', () => {
  it('say their version twice', async () => {
    const { headers } = await (await apiWith(quirks.versionSaidTwice())).send('GET', '/v2/');
    assert.equal(headers.get('docker-distribution-api-version'), 'registry/2.0, registry/2.0');
  });

  it('send readers elsewhere only to what is there', async () => {
    const api = await apiWith(quirks.redirectManifests('https://cdn.test', { methods: ['GET', 'HEAD'] }));
    for (const method of ['GET', 'HEAD']) {
      const { status, headers } = await api.send(method, '/v2/r/manifests/a');
      assert.deepEqual(
        [status, headers.get('location')],
        [302, 'https://cdn.test/v2/r/manifests/a?X-Amz-Signature=abc'],
      );
    }
    assert.equal((await api.send('GET', '/v2/r/manifests/b')).status, 404);
    assert.equal((await api.send('GET', blob)).status, 200);
  });

  it('to a chunk have no body where they say so', async () => {
    const api = await apiWith(quirks.patchAnswers(204));
    const start = await api.send('POST', '/v2/r/blobs/uploads/');
    const { status, headers } = await api.send('PATCH', start.headers.get('location') ?? '', { body: 'abc' });
    assert.deepEqual([status, headers.get('range')], [204, '0-2']);
  });
});

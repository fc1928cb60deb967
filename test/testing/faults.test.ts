import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { afterEach, describe, it } from 'node:test';
import { digestOf } from '../../src/bytes/hash.ts';
import { serve, type Served } from '../../src/node/serve/serve.ts';
import { createServer } from '../../src/server/app.ts';
import { createMemoryRegistry } from '../../src/store/memory.ts';
import * as faults from '../../src/testing/faults.ts';
import { seededBytes } from '../../src/testing/fixtures.ts';
import { only, requestTo, type Wrap } from '../../src/testing/wrap.ts';
import { type RawAnswer, rawRequest } from '../support/real/raw-request.ts';
import { until } from '../support/until.ts';

const bytes = seededBytes(300_000, 'fault');
const digest = digestOf(bytes);
const blob = `/v2/r/blobs/${digest}`;
let served: Served | undefined;

/** A registry that has the blob, with the fault in every GET of it. */
async function startWith(
  wrap: Wrap,
  occasion: Parameters<typeof only>[1] = { matches: requestTo('blob', 'GET') },
): Promise<string> {
  const handler = createServer({ registry: createMemoryRegistry() });
  const query = `/v2/r/blobs/uploads/?digest=${digest}`;
  await handler(new Request(`http://registry.test${query}`, { method: 'POST', body: bytes }));
  served = await serve(only(wrap, occasion)(handler), { graceMs: 0 });
  return served.url;
}

afterEach(() => served?.close());

/** What comes before the connection ends, and how it ends. */
async function receive(url: string): Promise<{ status: number; size: number; error: string | undefined }> {
  const sent = httpRequest(url, { agent: false }).end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  sent.on('error', () => {});
  let size = 0;
  try {
    for await (const chunk of answer) size += (chunk as Uint8Array).length;
    return { status: Number(answer.statusCode), size, error: undefined };
  } catch (error) {
    return { status: Number(answer.statusCode), size, error: (error as NodeJS.ErrnoException).code };
  }
}

describe('a fault', () => {
  it('happens so often, and then all is well', async () => {
    const url = await startWith(faults.answerWith(503, { 'retry-after': '3' }, 'busy'), {
      matches: requestTo('blob', 'GET'),
      after: 1,
      times: 2,
    });
    const answers: RawAnswer[] = [];
    for (let count = 0; count < 4; count++) answers.push(await rawRequest({ url: url + blob }));
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 503, 503, 200],
    );
    assert.equal(answers[1]?.headers['retry-after'], '3');
    assert.equal((await rawRequest({ url: url + blob, method: 'HEAD' })).status, 200);
  });

  for (const kind of ['reset', 'end'] as const) {
    it(`cuts the connection before the answer (${kind})`, async () => {
      const url = await startWith(faults.cutBeforeAnswer(kind));
      await assert.rejects(rawRequest({ url: url + blob }), { code: 'ECONNRESET' });
    });

    it(`cuts the connection within the body (${kind})`, async () => {
      const url = await startWith(faults.cutBody(100_000, kind));
      await assert.rejects(rawRequest({ url: url + blob }), { code: 'ECONNRESET' });
    });
  }

  it('resets the connection after bytes that have gone out', async () => {
    const url = await startWith(faults.cutBody(1000));
    assert.deepEqual(await receive(url + blob), { status: 200, size: 1000, error: 'ECONNRESET' });
  });

  for (const size of [0, 1, 100_000, 299_999]) {
    it(`cuts the body after ${size} bytes, which all arrive`, async () => {
      const url = await startWith(faults.cutBody(size, 'end'));
      assert.deepEqual(await receive(url + blob), { status: 200, size, error: 'ECONNRESET' });
    });
  }

  it('loses the answer to what was done', async () => {
    const url = await startWith(faults.cutAfterWork(), { matches: requestTo('blob', 'DELETE') });
    await assert.rejects(rawRequest({ url: url + blob, method: 'DELETE' }), { code: 'ECONNRESET' });
    assert.equal((await rawRequest({ url: url + blob })).status, 404);
  });

  it('cuts the connection within the body of a request, and what came before is kept', async () => {
    const url = await startWith(faults.cutRequest(1000), { matches: requestTo('upload', 'PATCH') });
    const start = await rawRequest({ url: `${url}/v2/r/blobs/uploads/`, method: 'POST' });
    const session = url + start.headers.location;
    await assert.rejects(rawRequest({ url: session, method: 'PATCH', body: bytes }), /ECONNRESET|EPIPE/);
    assert.equal((await rawRequest({ url: session })).headers.range, '0-999');
  });

  it('looks like an end when the body has no length', async () => {
    const wrap: Wrap = (handler) => faults.closeDelimited()(faults.cutBody(1234, 'end')(handler));
    assert.deepEqual(await receive((await startWith(wrap)) + blob), { status: 200, size: 1234, error: undefined });
  });

  for (const [name, wrap, expected] of [
    ['before the answer', faults.stallBeforeAnswer(), undefined],
    ['within the body', faults.stallBody(1000), 1000],
    ['before the body', faults.stallBody(0), 0],
  ] as const) {
    it(`stalls ${name} until the client goes`, async () => {
      const url = await startWith(wrap);
      const sent = httpRequest(url + blob, { agent: false }).end();
      sent.on('error', () => {});
      if (expected !== undefined) {
        const [answer] = (await once(sent, 'response')) as [IncomingMessage];
        let size = 0;
        answer.on('data', (chunk: Uint8Array) => (size += chunk.length)).on('error', () => {});
        await until(() => size === expected, 'the bytes before the stall have come');
      }
      sent.destroy();
    });
  }

  it('changes one byte', async () => {
    const { bytes: got } = await rawRequest({ url: (await startWith(faults.flipByte(200_000))) + blob });
    const wrong = bytes.slice();
    wrong[200_000] = (wrong[200_000] ?? 0) ^ 0xff;
    assert.equal(digestOf(got), digestOf(wrong));
  });

  it('sends in small pieces', async () => {
    const wrap = only(faults.trickleBody(100_000, 1), {});
    assert.deepEqual(await receive((await startWith(wrap)) + blob), { status: 200, size: 300_000, error: undefined });
  });

  it('sends more than the length says', async () => {
    const url = await startWith(faults.extraBytes(50));
    const socket = await receive(url + blob);
    assert.equal(socket.size, 300_000, 'the client takes what the length says');
  });

  it('sends without an end', async () => {
    const url = await startWith(faults.endlessBody());
    const sent = httpRequest(url + blob, { agent: false }).end();
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    assert.equal(answer.headers['content-length'], undefined);
    let size = 0;
    answer.on('data', (chunk: Uint8Array) => (size += chunk.length)).on('error', () => {});
    await until(() => size > 10 * bytes.length, 'ten times the blob has come');
    sent.destroy();
  });
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { afterEach, describe, it } from 'node:test';
import { digestOf } from '../../src/bytes/hash.ts';
import { serve, type Served } from '../../src/node/serve/serve.ts';
import { bytesOf } from '../../src/server/body.ts';
import type { Handler } from '../../src/server/handler.ts';
import { createMemoryRegistry } from '../../src/store/memory.ts';
import { seededBytes } from '../../src/testing/fixtures.ts';
import { rawRequest } from '../support/real/raw-request.ts';
import { settled, until } from '../support/until.ts';

let served: Served | undefined;

async function start(handler: Handler): Promise<string> {
  served = await serve(handler, { graceMs: 0 });
  return served.url;
}

afterEach(async () => {
  await served?.close();
});

/** More than all buffers between two sockets hold, and far less than what is offered. */
const BUFFERS = 32 * 1024 * 1024;
const chunk = new Uint8Array(256 * 1024);

function sending(url: string): { readonly sent: ClientRequest; readonly count: () => number } {
  const sent = httpRequest(url, { method: 'PUT', agent: false });
  let written = 0;
  const write = (): void => {
    for (let room = true; room && written < 3 * BUFFERS && !sent.destroyed; ) {
      room = sent.write(chunk);
      written += chunk.length;
    }
  };
  sent.on('drain', write).on('error', () => {});
  write();
  return { sent, count: () => written };
}

describe('a body on its way in', () => {
  it('comes no faster than it is read', async () => {
    let goOn: (() => void) | undefined;
    let read = 0;
    const url = await start(async ({ body, signal }) => {
      for await (const { length } of bytesOf(body, signal)) {
        if (read === 0) await new Promise<void>((resolve) => (goOn = resolve));
        read += length;
      }
      return new Response('done');
    });
    const { sent, count } = sending(url);
    const taken = await settled(count);
    assert.ok(taken < BUFFERS, `${taken} bytes were taken while nobody read`);
    goOn?.();
    await until(() => count() >= 3 * BUFFERS, 'all was taken');
    sent.end();
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    assert.equal((await answer.toArray()).join(''), 'done');
    assert.ok(read >= 3 * BUFFERS);
  });

  it('breaks off when its client goes, and the handler is told', async () => {
    let ended: unknown;
    let signal: AbortSignal | undefined;
    const url = await start(async (request) => {
      ({ signal } = request);
      try {
        for await (const _ of bytesOf(request.body, request.signal));
      } catch (error) {
        ended = error;
      }
      return new Response('nobody reads this');
    });
    const sent = httpRequest(url, { method: 'PUT', headers: { 'content-length': '1000000' } });
    sent.on('error', () => {}).write('the beginning');
    await until(() => signal !== undefined, 'the request has come');
    sent.destroy();
    await until(() => ended !== undefined, 'the body has ended');
    await until(() => signal?.aborted === true, 'the signal was given');
  });
});

describe('a body on its way out', () => {
  const endless = (tell: (bytes: number) => void, closed: () => void): Handler => {
    const produce = async function* (): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          tell(chunk.length);
          yield chunk;
        }
      } finally {
        closed();
      }
    };
    return async () => new Response(ReadableStream.from(produce()));
  };

  it('is made no faster than it is taken, and no more when its client goes', async () => {
    let made = 0;
    let isClosed = false;
    const url = await start(
      endless(
        (bytes) => (made += bytes),
        () => (isClosed = true),
      ),
    );
    const sent = httpRequest(url, { agent: false }).end();
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    answer.pause();
    const untaken = await settled(() => made);
    assert.ok(untaken < BUFFERS, `${untaken} bytes were made while nobody read`);
    answer.on('error', () => {});
    answer.destroy();
    await until(() => isClosed, 'the source was closed');
  });

  it('that waits for its source is given up when the client goes', async () => {
    let cancelled = false;
    const url = await start(
      async () => new Response(new ReadableStream<Uint8Array>({ cancel: () => void (cancelled = true) })),
    );
    const sent = httpRequest(url, { agent: false }).end();
    sent.on('error', () => {});
    await once(sent, 'response');
    sent.destroy();
    await until(() => cancelled, 'the source was cancelled');
  });
});

describe('an upload whose connection breaks', () => {
  it('goes on where it was', async () => {
    served = await serve({ registry: createMemoryRegistry() }, { graceMs: 0 });
    const { url } = served;
    const bytes = seededBytes(2_000_000, 'broken');
    const digest = digestOf(bytes);
    const started = await rawRequest({ url: `${url}/v2/r/blobs/uploads/`, method: 'POST' });
    const session = url + started.headers.location;
    const sent = httpRequest(session, { method: 'PATCH', headers: { 'content-length': '2000000' } });
    sent.on('error', () => {}).write(bytes.subarray(0, 1_000_000));
    const rangeNow = async (): Promise<string> => String((await rawRequest({ url: session })).headers.range);
    let range = '';
    while ((range = await rangeNow()) !== '0-999999');
    sent.destroy();
    const rest = { headers: { 'content-range': '1000000-1999999' }, body: bytes.subarray(1_000_000) };
    const done = await rawRequest({ url: `${session}?digest=${digest}`, method: 'PUT', ...rest });
    assert.equal(done.status, 201, `${range} ${new TextDecoder().decode(done.bytes)}`);
    assert.equal(digestOf((await rawRequest({ url: `${url}/v2/r/blobs/${digest}` })).bytes), digest);
  });
});

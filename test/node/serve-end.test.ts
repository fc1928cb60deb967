import assert from 'node:assert/strict';
import { Agent, type IncomingMessage, request as httpRequest } from 'node:http';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { rawRequest } from '../support/real/raw-request.ts';
import { serveEach, textAnswer } from '../support/serve-each.ts';
import { settled, until } from '../support/until.ts';

const start = serveEach();

describe('the end of a server', () => {
  it('ends connections that rest', async () => {
    const { url, close } = await start(async () => textAnswer('x'));
    const agent = new Agent({ keepAlive: true });
    const sent = httpRequest(url, { agent }).end();
    const [answer] = await once(sent, 'response');
    answer.resume();
    await once(answer, 'end');
    const { socket } = sent;
    await close();
    await until(() => socket?.destroyed === true, 'the resting connection ended');
    agent.destroy();
  });

  it('waits for a request that is under way, and takes no other', async () => {
    let finish: (() => void) | undefined;
    const { url, close } = await start(async () => {
      await new Promise<void>((resolve) => (finish = resolve));
      return textAnswer('late');
    });
    const agent = new Agent({ keepAlive: true });
    const sent = httpRequest(url, { agent }).end();
    await until(() => finish !== undefined, 'the request has come');
    const closing = close();
    await assert.rejects(rawRequest({ url }), { code: 'ECONNREFUSED' });
    finish?.();
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    assert.deepEqual([(await answer.toArray()).join(''), answer.headers.connection], ['late', 'close']);
    await closing;
  });

  it('ends a connection whose answer had begun before, as soon as that is done', async () => {
    let finish: (() => void) | undefined;
    const body = async function* (): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(10);
      await new Promise<void>((resolve) => (finish = resolve));
    };
    const { url, close } = await start(async () => new Response(ReadableStream.from(body())), { graceMs: 3_600_000 });
    const agent = new Agent({ keepAlive: true });
    const sent = httpRequest(url, { agent }).end();
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    await until(() => finish !== undefined, 'the answer is on its way');
    const closing = close();
    finish?.();
    assert.equal((await answer.toArray()).length, 1);
    await closing;
    agent.destroy();
  });

  it('does not wait for ever', async () => {
    let aborted = false;
    const { url, close } = await start(
      ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            aborted = true;
            reject(new Error('gone'));
          });
        }),
      { graceMs: 0 },
    );
    const pending = rawRequest({ url });
    const outcome = assert.rejects(pending, { code: 'ECONNRESET' });
    await settled(() => 0);
    await close();
    await outcome;
    await until(() => aborted, 'the handler was told');
  });

  it('waits for what a handler still does for a client that has gone', async () => {
    let finish: (() => void) | undefined;
    let hasCome = false;
    let isDone = false;
    const { url, close } = await start(
      async ({ signal }) => {
        hasCome = true;
        await once(signal, 'abort');
        await new Promise<void>((resolve) => (finish = resolve));
        isDone = true;
        return textAnswer('to nobody');
      },
      { graceMs: 3_600_000 },
    );
    const sent = httpRequest(url).on('error', () => {});
    sent.end();
    await until(() => hasCome, 'the request has come');
    const closing = close().then(() => isDone);
    sent.destroy();
    await until(() => finish !== undefined, 'the handler was told');
    finish?.();
    assert.equal(await closing, true);
  });
});

import assert from 'node:assert/strict';
import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { digestOf } from '../../src/bytes/hash.ts';
import { serve } from '../../src/node/serve/serve.ts';
import { createMemoryRegistry } from '../../src/store/memory.ts';
import { seededBytes } from '../../src/testing/fixtures.ts';
import { rawRequest } from '../support/real/raw-request.ts';
import { rejection } from '../support/failure.ts';
import { serveEach, textAnswer } from '../support/serve-each.ts';
import { until } from '../support/until.ts';

const start = serveEach();

describe('a served registry', () => {
  it('listens on a free loopback port, and tells where', async () => {
    const { url, host, port } = await start({ registry: createMemoryRegistry() });
    assert.equal(host, `127.0.0.1:${port}`);
    assert.equal(url, `http://${host}`);
    const { status, headers, bytes } = await rawRequest({ url: `${url}/v2/` });
    assert.deepEqual([status, new TextDecoder().decode(bytes), headers['content-length']], [200, '{}', '2']);
    assert.equal(headers['transfer-encoding'], undefined);
  });

  it('takes a blob and gives it back', async () => {
    const { url } = await start({ registry: createMemoryRegistry() });
    const body = seededBytes(3_000_000, 'served');
    const digest = digestOf(body);
    const posted = await rawRequest({ url: `${url}/v2/r/blobs/uploads/?digest=${digest}`, method: 'POST', body });
    assert.equal(posted.status, 201);
    const got = await rawRequest({ url: url + posted.headers.location });
    assert.equal(digestOf(got.bytes), digest);
    const head = await rawRequest({ url: url + posted.headers.location, method: 'HEAD' });
    assert.deepEqual([head.headers['content-length'], head.bytes.length], ['3000000', 0]);
    const range = await rawRequest({ url: url + posted.headers.location, headers: { range: 'bytes=1000000-1999999' } });
    assert.deepEqual(range.bytes.subarray(), Buffer.from(body.subarray(1_000_000, 2_000_000)));
  });

  it('cannot listen where another one does, and says so', async () => {
    const { port } = await start(async () => textAnswer('first'));
    const error = await rejection(
      'IO',
      serve(async () => textAnswer('second'), { port }),
    );
    assert.match(error.message, new RegExp(`127\\.0\\.0\\.1 port ${port}: EADDRINUSE`));
    assert.match(error.hint ?? '', /another port/);
  });
});

describe('a request on the wire', () => {
  it('has its method, path, query, headers and address', async () => {
    let seen: Request | undefined;
    let address: string | undefined;
    const { url, host } = await start(async (request, info) => {
      seen = request;
      address = info?.remoteAddress;
      return textAnswer('');
    });
    await rawRequest({ url: `${url}/a%20b?c=%2F`, method: 'DELETE', headers: { 'X-One': '1', 'x-one': '2' } });
    assert.deepEqual([seen?.method, seen?.url], ['DELETE', `http://${host}/a%20b?c=%2F`]);
    assert.equal(seen?.headers.get('x-one'), '2');
    assert.equal(address, '127.0.0.1');
  });

  it('that the web has no words for is refused', async () => {
    const { url } = await start(async () => assert.fail('it got through'));
    assert.equal((await rawRequest({ url, headers: { host: 'a b' } })).status, 400);
    assert.equal((await rawRequest({ url, method: 'TRACE' })).status, 400);
  });

  it('may have 32 KiB of headers, and no more', async () => {
    const { url } = await start(async ({ headers }) => textAnswer(String(headers.get('x-long')?.length)));
    const status = async (size: number): Promise<number> =>
      (await rawRequest({ url, headers: { 'x-long': 'x'.repeat(size) } })).status;
    assert.equal(await status(31 * 1024), 200);
    assert.equal(await status(33 * 1024), 431);
  });

  it('that waits for 100 Continue gets it when its body is wanted', async () => {
    const { url } = await start(async (request) => textAnswer(await request.text()));
    const sent = httpRequest(url, { method: 'PUT', headers: { expect: '100-continue', 'content-length': '4' } });
    sent.flushHeaders();
    await once(sent, 'continue');
    sent.end('body');
    const [answer] = await once(sent, 'response');
    assert.deepEqual((await answer.toArray()).join(''), 'body');
  });

  it('that waits for 100 Continue in vain gets its answer and no 100', async () => {
    const { url } = await start(async () => new Response(null, { status: 401 }));
    const sent = httpRequest(url, { method: 'PUT', headers: { expect: '100-continue', 'content-length': '4' } });
    sent.on('continue', () => assert.fail('it was asked for the body'));
    sent.flushHeaders();
    const [answer] = await once(sent, 'response');
    assert.deepEqual([answer.statusCode, answer.headers.connection], [401, 'close']);
    answer.resume();
    await once(answer, 'close');
    sent.destroy();
  });

  it('whose body nobody wants is still answered, and then its connection ends', async () => {
    const { url } = await start(async () => new Response('too large', { status: 413 }));
    const answer = await rawRequest({ url, method: 'PUT', body: new Uint8Array(3_000_000) });
    assert.deepEqual([answer.status, new TextDecoder().decode(answer.bytes)], [413, 'too large']);
    assert.equal(answer.headers.connection, 'close');
  });

  it('whose body nobody wants the rest of is read all the same, so that no reset overtakes the answer', async () => {
    const { port } = await start(async ({ body }) => {
      const reader = body?.getReader();
      await reader?.read();
      await reader?.cancel();
      return textAnswer('no');
    });
    const socket = connect(port, '127.0.0.1');
    let got = '';
    let failed: unknown;
    socket.on('data', (chunk) => (got += chunk.toString())).on('error', (error) => (failed = error));
    socket.write('PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\nbody');
    await until(() => got.endsWith('no'), 'the answer has come');
    socket.write(new Uint8Array(1_999_996));
    await new Promise((resolve) => socket.once('close', resolve));
    assert.equal(failed, undefined);
    assert.match(got, /^HTTP\/1\.1 200 OK\r\n/);
  });

  it('whose body has no end, and nobody wants it, is not read for ever', async () => {
    const { url } = await start(async () => new Response('no', { status: 413 }));
    const sent = httpRequest(url, { method: 'PUT', agent: false });
    sent.on('error', () => {});
    let written = 0;
    const chunk = new Uint8Array(256 * 1024);
    const write = (): void => {
      for (let room = true; room && !sent.destroyed; written += chunk.length) room = sent.write(chunk);
    };
    sent.on('drain', write);
    write();
    await new Promise((resolve) => sent.once('close', resolve));
    assert.ok(written < 64 * 1024 * 1024, `${written} bytes were taken`);
  });
});

describe('an answer on the wire', () => {
  it('without a length is sent in chunks', async () => {
    const { url } = await start(async () => new Response('chunked'));
    const { headers, bytes } = await rawRequest({ url });
    assert.equal(headers['transfer-encoding'], 'chunked');
    assert.equal(new TextDecoder().decode(bytes), 'chunked');
  });

  it('may end with its connection', async () => {
    const { url } = await start(async () => new Response('rest', { headers: { 'transfer-encoding': 'identity' } }));
    const { headers, bytes } = await rawRequest({ url });
    assert.deepEqual([headers['transfer-encoding'], headers['content-length']], [undefined, undefined]);
    assert.equal(headers.connection, 'close');
    assert.equal(new TextDecoder().decode(bytes), 'rest');
  });

  it('of 204 and of a HEAD has no body', async () => {
    const { url } = await start(async ({ method }) =>
      method === 'HEAD' ? textAnswer('abc') : new Response(null, { status: 204 }),
    );
    const head = await rawRequest({ url, method: 'HEAD' });
    assert.deepEqual([head.status, head.headers['content-length'], head.bytes.length], [200, '3', 0]);
    const none = await rawRequest({ url });
    assert.deepEqual(
      [none.status, none.headers['transfer-encoding'], none.headers['content-length']],
      [204, undefined, undefined],
    );
  });

  it('keeps its connection for the next request', async () => {
    const { url } = await start(async (request) => textAnswer(await request.text()));
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ports = new Set<number | undefined>();
    for (const body of ['one', 'two', 'three']) {
      const sent = httpRequest(url, { agent, method: 'POST' }).end(body);
      const [answer] = await once(sent, 'response');
      ports.add(sent.socket?.localPort);
      assert.equal((await answer.toArray()).join(''), body);
    }
    agent.destroy();
    assert.equal(ports.size, 1);
  });

  it('that the handler cannot give is the end of the connection', async () => {
    const { url } = await start(async () => {
      throw new Error('inside');
    });
    await assert.rejects(rawRequest({ url }), { code: 'ECONNRESET' });
  });

  it('that breaks off is no answer: its client can tell', async () => {
    const body = async function* (): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(1000);
      throw new Error('the disk is gone');
    };
    const { url } = await start(async () => new Response(ReadableStream.from(body())));
    await assert.rejects(rawRequest({ url }), { code: 'ECONNRESET' });
  });
});

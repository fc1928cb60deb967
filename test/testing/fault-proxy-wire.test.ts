/** Every fault of the proxy as a client sees it that looks at nothing but bytes. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { type FaultName, faultFamilies, faults, resetAt, startFaultProxy } from '../../src/testing/proxy/index.ts';
import { type Origin, startOrigin } from '../support/http-origin.ts';
import { type RawClient, rawClient, requestText } from '../support/raw-client.ts';

const BODY = Array.from({ length: 200 }, (_, at) => String.fromCharCode(33 + (at % 90))).join('');
const bodyOf = (text: string): string => text.slice(text.indexOf('\r\n\r\n') + 4);

interface Case {
  /** A GET unless told. */
  readonly request?: string;
  /** How the connection ends; it stays open unless told. */
  readonly ends?: string;
  /** What has come by then. */
  readonly until?: RegExp;
  readonly look: (text: string) => void;
}

const nothing = (text: string): void => assert.equal(text, '');
const has =
  (...patterns: readonly RegExp[]) =>
  (text: string): void => {
    for (const pattern of patterns) assert.match(text, pattern);
  };
const body =
  (expected: string) =>
  (text: string): void =>
    assert.equal(bodyOf(text), expected);
const put = requestText('/v2/a/blobs/uploads/1', {}, 'x'.repeat(100));
const ranged = requestText('/blob', { Range: 'bytes=50-' });
const status = (line: string, ...patterns: readonly RegExp[]): Case => ({
  until: /\}$/,
  look: has(new RegExp(`^HTTP/1\\.1 ${line}\r\n`), /\{"errors":\[\{"code":"[A-Z_]+"/, ...patterns),
});
const headersOf = (text: string, name: string): string[] =>
  [...text.matchAll(new RegExp(`^${name}: (.*)\r$`, 'gim'))].map(([, value = '']) => value);

const cases: Partial<Record<FaultName, Case>> = {
  'accept-then-reset': { ends: 'ECONNRESET', look: nothing },
  'accept-then-end': { ends: 'end', look: nothing },
  'reset-after-head': { ends: 'ECONNRESET', look: nothing },
  'reset-mid-request': { request: put, ends: 'ECONNRESET', look: nothing },
  'continue-never': { request: put.replace('Host', 'Expect: 100-continue\r\nHost'), look: nothing },
  'slow-head': { until: /HTTP/, look: (text) => assert.doesNotMatch(text, /\r\n\r\n/) },
  'header-20k': { until: /\r\n\r\n[^]{200}/, look: has(/^X-Padding: x{20480}\r$/m) },
  'header-1m': { until: /\r\n\r\n[^]{200}/, look: has(/^X-Padding: x{1048576}\r$/m) },
  'bare-lf': {
    ends: 'end',
    look: (text) => (assert.doesNotMatch(text, /\r/), assert.ok(text.endsWith(`\n\n${BODY}`))),
  },
  'length-and-chunks': {
    ends: 'end',
    look: (text) => {
      assert.deepEqual(
        [headersOf(text, 'content-length'), headersOf(text, 'transfer-encoding')],
        [['200'], ['chunked']],
      );
      assert.equal(bodyOf(text), `c8\r\n${BODY}\r\n0\r\n\r\n`);
    },
  },
  'two-lengths': { ends: 'end', look: (text) => assert.deepEqual(headersOf(text, 'content-length'), ['200', '201']) },
  'length-too-small': { ends: 'end', look: has(/^content-length: 199\r$/im, /\r\n\r\n[^]{200}$/) },
  'length-too-big': { ends: 'end', look: has(/^content-length: 201\r$/im, /\r\n\r\n[^]{200}$/) },
  'chunked-cut': { ends: 'end', look: body(`64\r\n${BODY.slice(0, 100)}\r\n`) },
  'close-cut': {
    ends: 'end',
    look: (text) => {
      assert.deepEqual(headersOf(text, 'content-length'), []);
      assert.equal(bodyOf(text), BODY.slice(0, 100));
    },
  },
  'reset-at-1': { ends: 'ECONNRESET', look: body(BODY.slice(0, 2)) },
  'reset-at-50': { ends: 'ECONNRESET', look: body(BODY.slice(0, 100)) },
  'reset-at-last': { ends: 'ECONNRESET', look: body(BODY.slice(0, 199)) },
  'stall-at-0': { until: /\r\n\r\n/, look: body('') },
  'stall-at-50': { until: /\r\n\r\n[^]{100}/, look: body(BODY.slice(0, 100)) },
  'stall-at-last': { until: /\r\n\r\n[^]{199}/, look: body(BODY.slice(0, 199)) },
  trickle: { until: /\r\n\r\n[^]/, look: (text) => assert.ok(bodyOf(text).length < 100) },
  'extra-bytes': { until: /FOR$/, ends: 'end', look: has(/^content-length: 200\r$/im, /EXTRA BYTES/) },
  'bit-flip': {
    until: /\r\n\r\n[^]{200}/,
    look: (text) => {
      const wrong = Array.from(bodyOf(text))
        .map((char, at) => char.charCodeAt(0) ^ BODY.charCodeAt(at))
        .filter((bits) => bits > 0);
      assert.equal(wrong.length, 1);
      assert.ok(Number.isInteger(Math.log2(wrong[0] ?? 0)), 'one bit of one byte');
    },
  },
  'block-twice': {
    until: /\r\n\r\n[^]{200}/,
    look: (text) => {
      assert.equal(bodyOf(text).length, 200);
      const same = Array.from(bodyOf(text)).findIndex((char, at) => char !== BODY[at]);
      assert.equal(bodyOf(text).slice(same), BODY.slice(same - 50, 150));
    },
  },
  'gzip-encoded': {
    until: /\r\n\r\n[^]{100}/,
    look: (text) => {
      assert.deepEqual(headersOf(text, 'content-encoding'), ['gzip']);
      assert.equal(gunzipSync(Buffer.from(bodyOf(text), 'latin1')).toString(), BODY);
    },
  },
  'gzip-label': {
    until: /\r\n\r\n[^]{200}/,
    look: (text) => (has(/^content-encoding: gzip\r$/im)(text), body(BODY)(text)),
  },
  '429-seconds': status('429 [\\w ]+', /^Retry-After: 1\r$/m),
  '429-date': status('429 [\\w ]+', /^Retry-After: \w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT\r$/m),
  '429-none': { ...status('429 [\\w ]+'), look: (text) => assert.doesNotMatch(text, /Retry-After/) },
  '429-year': status('429 [\\w ]+', /^Retry-After: 31536000\r$/m),
  '500': status('500 [\\w ]+'),
  '502': status('502 [\\w ]+'),
  '503-retry-after': status('503 [\\w ]+', /^Retry-After: 1\r$/m),
  '504': status('504 [\\w ]+'),
  '401': status('401 [\\w ]+', /^WWW-Authenticate: Bearer realm="http:\/\/127\.0\.0\.1:\d+\/fault-proxy\/token"/m),
  '403': status('403 [\\w ]+'),
  '404-session': { ...status('404 [\\w ]+', /BLOB_UPLOAD_UNKNOWN/), request: put },
  '416': { ...status('416 [\\w ]+'), request: ranged },
  '200-for-206': { request: ranged, until: /\r\n\r\n[^]{200}/, look: has(/^HTTP\/1\.1 200 /) },
  'wrong-206': {
    request: ranged,
    until: /\r\n\r\n[^]{150}/,
    look: has(/^HTTP\/1\.1 206 /, /^content-range: bytes 51-200\/200\r$/im),
  },
  '307-loop': { until: /\}$/, look: has(/^HTTP\/1\.1 307 /, /^Location: \/blob\r$/m) },
};

describe('on the wire', () => {
  let origin: Origin;
  before(async () => {
    origin = await startOrigin((request, response) => {
      const [, start] = /^bytes=(\d+)-/.exec(request.headers.range ?? '') ?? [];
      const part = BODY.slice(Number(start ?? 0));
      if (start !== undefined) response.writeHead(206, { 'content-range': `bytes ${start}-199/200` });
      request.resume().once('end', () => response.end(part));
    });
  });
  after(() => origin[Symbol.asyncDispose]());

  for (const [name, { request = requestText('/blob'), ends, until, look }] of Object.entries(cases)) {
    test(name, async () => {
      const proxy = await startFaultProxy(origin.url, { plans: [{ fault: faults[name as FaultName] }] });
      const client: RawClient = rawClient(proxy.host);
      try {
        client.send(request);
        if (until !== undefined) await client.seen(until);
        if (ends !== undefined) assert.equal(await client.over(), ends);
        // What stays silent is asked about again, by another who is answered or not.
        if (until === undefined && ends === undefined) await new Promise((resolve) => setTimeout(resolve, 30));
        if (ends === undefined) assert.equal(client.ended, 'open');
        look(client.text);
      } finally {
        client.close();
        await proxy.close();
      }
      assert.equal(proxy.open, 0);
    });
  }

  test('reset-reused: the first request of a connection is answered, the second one is not', async () => {
    const proxy = await startFaultProxy(origin.url, { plans: [{ fault: faults['reset-reused'] }] });
    const client = rawClient(proxy.host);
    client.send(requestText('/blob'));
    assert.ok((await client.seen(/\r\n\r\n[^]{200}/)).endsWith(BODY));
    client.send(requestText('/blob'));
    assert.equal(await client.over(), 'ECONNRESET');
    await proxy.close();
  });

  test('reset at a random place: the seed decides', async () => {
    const lengths: number[] = [];
    for (const seed of [1, 1, 2]) {
      const proxy = await startFaultProxy(origin.url, { seed, plans: [{ fault: resetAt('random') }] });
      const client = rawClient(proxy.host);
      client.send(requestText('/blob'));
      await client.over();
      lengths.push(bodyOf(client.text).length);
      await proxy.close();
    }
    assert.equal(lengths[0], lengths[1]);
    assert.notEqual(lengths[0], lengths[2]);
  });

  test('no fault is without a test', () => {
    const elsewhere: FaultName[] = ['connect-refused', 'connect-black-hole', 'reset-reused', ...faultFamilies.tls];
    const named = Object.values(faultFamilies).flat();
    assert.deepEqual([...Object.keys(cases), ...elsewhere].sort(), [...named].sort());
  });
});

/** Raw bytes on a socket of the server: an answer that is no 5xx, or none, and the next client is served as ever. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import * as fc from 'fast-check';
import { serve, type Served } from '../../src/node/serve/serve.ts';
import { createMemoryRegistry } from '../../src/store/memory.ts';
import { lines } from '../lines.ts';
import type { FuzzTarget } from '../target.ts';

let served: Promise<Served> | undefined;
const failures: unknown[] = [];
const onRejection = (reason: unknown): void => void failures.push(reason);

function open(): Promise<Served> {
  if (served === undefined) {
    process.on('unhandledRejection', onRejection);
    served = serve({ registry: createMemoryRegistry(), limits: { uploadsPerRepository: 100_000 } });
  }
  return served;
}

const method = fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'CONNECT', 'get');
const path = fc.constantFrom(
  '/v2/',
  '/v2/r/tags/list?n=1',
  '/v2/r/manifests/1',
  '/v2/r/blobs/uploads/',
  '/v2/_catalog?n=-1',
  '*',
  '/%',
);
const field = fc.constantFrom(
  'Range: bytes=0-1',
  'Content-Length: 5',
  'Transfer-Encoding: chunked',
  'Expect: 100-continue',
  'Host: a:b',
  'X: é',
);
const request = fc
  .tuple(method, path, fc.array(field, { maxLength: 4 }), fc.string({ maxLength: 20 }))
  .map(([verb, at, fields, body]) => `${[`${verb} ${at} HTTP/1.1`, 'Host: x', ...fields].join('\r\n')}\r\n\r\n${body}`);

export const target: FuzzTarget = {
  name: 'server-http',
  corpus: () => lines('server-http'),
  arbitrary: request.map((sent) => Buffer.from(sent, 'latin1')),
  tokens: [
    '\r\n',
    '\r\n\r\n',
    'GET ',
    'PUT ',
    'HTTP/1.1',
    'HTTP/1.0',
    'Host: x',
    'Content-Length: 5',
    'Transfer-Encoding: chunked',
    '0\r\n\r\n',
    'Expect: 100-continue',
    'Upgrade: h2c',
  ],
  share: 1 / 10,
  growth: 8 * 1024,
  async run(input) {
    const { port } = await open();
    const answer = await exchange(port, input);
    assert.equal(failures.length, 0, String(failures[0]));
    const statuses = [...answer.matchAll(/(?:^|\r\n)HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
    for (const status of statuses) assert.ok(status < 500 || status === 501 || status === 505, `answered ${status}`);
    const ping = await exchange(port, Buffer.from('GET /v2/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'));
    assert.match(ping, /^HTTP\/1\.1 200 /);
    const last = statuses.at(-1);
    return last !== undefined && last < 400 ? 'taken' : 'refused';
  },
  async close() {
    const standing = await served;
    served = undefined;
    process.off('unhandledRejection', onRejection);
    await standing?.close();
  },
};

/** Sends everything, says that there is no more, and reads to the end. */
function exchange(port: number, bytes: Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const chunks: Buffer[] = [];
    // What the server still waits for does not come: it is left alone then.
    const timer = setTimeout(() => socket.destroy(), 5000);
    socket.on('data', (chunk: Buffer) => void chunks.push(chunk));
    socket.on('end', () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(Buffer.concat(chunks).toString('latin1'));
    });
    socket.end(bytes);
  });
}

/** Whatever goes wrong with a registry, every verb fails with the one class, or answers as in normal life. */
import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { describe, test } from 'node:test';
import { type ErrorCode, isOciError, OciError } from '../../src/errors.ts';
import type { Send } from '../../src/http/types.ts';
import { fetchTransport } from '../../src/http/fetch-transport.ts';
import { nodeTransport } from '../../src/node/http/transport.ts';
import { createClient } from '../../src/registry/client.ts';
import type { Repository } from '../../src/registry/repository.ts';
import { contentFrom } from '../../src/store/content.ts';
import { buildImage } from '../../src/testing/fixtures.ts';
import { all } from '../../src/testing/samples.ts';
import { startOrigin, startRaw } from '../support/http-origin.ts';
import { testClock } from '../support/test-clock.ts';

interface Place extends AsyncDisposable {
  /** Where it is said to be: `http://127.0.0.1:34567`. */
  readonly url: string;
}

const answers =
  (status: number, body = '', headers: Readonly<Record<string, string>> = {}): (() => Promise<Place>) =>
  () =>
    startOrigin(((_, response) => void response.writeHead(status, headers).end(body)) satisfies RequestListener);
const errors = (code: string): string => JSON.stringify({ errors: [{ code, message: 'no' }] });
const json = { 'content-type': 'application/json' };
const nobody: Place = { url: '', [Symbol.asyncDispose]: async () => undefined };

/** What is wrong, and the code that reading a manifest fails with. */
const failures: readonly (readonly [string, ErrorCode, () => Promise<Place>])[] = [
  ['DNS', 'UNREACHABLE', async () => ({ ...nobody, url: 'http://no-such-host.invalid' })],
  ['a refused connection', 'UNREACHABLE', async () => ({ ...nobody, url: 'http://127.0.0.1:1' })],
  ['a reset', 'UNREACHABLE', () => startRaw((socket) => void socket.resetAndDestroy())],
  [
    'an end without an answer',
    'UNREACHABLE',
    () => startRaw((socket) => void socket.once('data', () => socket.destroy())),
  ],
  ['silence', 'TIMEOUT', () => startRaw(() => undefined)],
  [
    'no TLS',
    'TLS',
    async () => {
      const plain = await startOrigin((_, response) => void response.end());
      return { ...plain, url: plain.url.replace('http:', 'https:') };
    },
  ],
  ['another protocol', 'PROTOCOL', () => startRaw((socket) => void socket.end('SSH-2.0-OpenSSH_9.2p1\r\n'))],
  ['400', 'PROTOCOL', answers(400)],
  ['400 with a code', 'MANIFEST_INVALID', answers(400, errors('MANIFEST_INVALID'), json)],
  ['401', 'UNAUTHORIZED', answers(401)],
  ['403', 'DENIED', answers(403, errors('DENIED'), json)],
  ['404', 'NOT_FOUND', answers(404, errors('MANIFEST_UNKNOWN'), json)],
  ['405', 'UNSUPPORTED', answers(405)],
  ['408', 'PROTOCOL', answers(408)],
  ['418', 'PROTOCOL', answers(418, 'a teapot')],
  ['429', 'RATE_LIMITED', answers(429, errors('TOOMANYREQUESTS'), json)],
  ['500', 'SERVER_ERROR', answers(500, 'it broke')],
  ['503 in HTML', 'SERVER_ERROR', answers(503, '<html>', { 'content-type': 'text/html' })],
  ['304', 'PROTOCOL', answers(304)],
  ['a redirect to nowhere', 'PROTOCOL', answers(307)],
  ['HTML', 'MANIFEST_INVALID', answers(200, '<html>', { 'content-type': 'text/html' })],
  ['bad JSON', 'MANIFEST_INVALID', answers(200, '{"schemaVersion":', json)],
  ['JSON that is something else', 'MANIFEST_INVALID', answers(200, '[null]', json)],
  ['nothing at all', 'MANIFEST_INVALID', answers(200)],
  [
    'a body that is cut',
    'UNREACHABLE',
    () =>
      startRaw(
        (socket) => void socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"a"')),
      ),
  ],
];

const image = await buildImage({ layers: [{ files: { a: 'b' } }] });
const content = contentFrom(new TextEncoder().encode('a blob'));

type Verbs = Readonly<Record<string, (repository: Repository) => Promise<unknown>>>;

const verbs: Verbs = {
  tags: (repository) => all(repository.tags()),
  'a page of tags': (repository) => repository.tagPage(),
  resolve: (repository) => repository.resolve('v1'),
  manifest: (repository) => repository.manifest('v1'),
  'manifest by digest': (repository) => repository.manifest(image.manifest.descriptor),
  schema1: (repository) => repository.schema1('v1'),
  stat: (repository) => repository.stat(content.descriptor.digest),
  blob: (repository) => all(repository.blob(content.descriptor).open()),
  referrers: (repository) => all(repository.referrers(image.manifest.descriptor)),
  putBlob: (repository) => repository.putBlob(content),
  putManifest: (repository) => repository.putManifest(image.manifest, { tags: ['v1'] }),
  'delete a tag': (repository) => repository.delete({ tag: 'v1' }),
  'delete a manifest': (repository) => repository.delete({ manifest: image.manifest.descriptor.digest }),
};

/** @param headMs how long an answer is waited for */
const transports: Readonly<Record<string, (headMs: number) => Send>> = {
  node: (headMs) => nodeTransport({ proxy: false, timeouts: { headMs, writtenMs: headMs } }),
  fetch: (headMs) => fetchTransport(undefined, { headMs }),
};

for (const [runtime, transportOf] of Object.entries(transports)) {
  describe(`GEN-1: over ${runtime}`, { concurrency: 4 }, () => {
    for (const [what, code, start] of failures) {
      test(`GEN-1 ERR-1 ERR-3 ERR-5: ${what} is ${code}, and every verb fails with the one class`, async () => {
        await using place = await start();
        const hosts = { 'reg.test': { origin: place.url } };
        const transport = transportOf(what === 'silence' ? 60 : 20_000);
        const client = createClient({ transport, hosts, retry: { attempts: 1 }, clock: testClock() });
        const repository = client.repository('reg.test/team/app');
        const registry = client.registry('reg.test');
        const run: Verbs = { ...verbs, catalog: () => all(registry.repositories()), ping: () => registry.ping() };
        for (const [verb, ask] of Object.entries(run)) {
          const error: unknown = await ask(repository).then(
            () => undefined,
            (thrown: unknown) => thrown,
          );
          if (error !== undefined) isOurs(error, verb);
          if (verb === 'manifest') assert.equal(isOciError(error) && error.code, code);
        }
        await client.close();
      });
    }
  });
}

function isOurs(error: unknown, told: string): void {
  assert.ok(error instanceof OciError && isOciError(error), told);
  assert.match(error.message, /^[\x20-\x7e…]+$/, told);
  assert.ok(JSON.stringify(error).includes(`"code":"${error.code}"`), told);
}

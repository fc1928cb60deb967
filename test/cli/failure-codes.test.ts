/** Each way in which a registry can fail a command: its code in the line, and its exit code. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ErrorCode } from '../../src/errors.ts';
import { cli } from '../support/cli.ts';
import { startOrigin, startRaw } from '../support/http-origin.ts';

interface Place extends AsyncDisposable {
  readonly url: string;
}

const nobody = (url: string): (() => Promise<Place>) => {
  return async () => ({ url, [Symbol.asyncDispose]: async () => undefined });
};
const answers =
  (status: number, body = '', type = 'application/json'): (() => Promise<Place>) =>
  () =>
    startOrigin((_, response) => void response.writeHead(status, { 'content-type': type }).end(body));
const errors = (...codes: readonly string[]): string =>
  JSON.stringify({ errors: codes.map((code) => ({ code, message: `it is ${code}` })) });

const failures: readonly (readonly [string, ErrorCode, number, () => Promise<Place>])[] = [
  ['an unknown host', 'UNREACHABLE', 6, nobody('http://no-such-host.invalid')],
  ['a refused connection', 'UNREACHABLE', 6, nobody('http://127.0.0.1:1')],
  ['silence', 'TIMEOUT', 6, () => startRaw(() => undefined)],
  [
    'no TLS',
    'TLS',
    6,
    async () => {
      const plain = await startOrigin((_, response) => void response.end());
      return { ...plain, url: plain.url.replace('http:', 'https:') };
    },
  ],
  ['400', 'PROTOCOL', 1, answers(400)],
  ['401', 'UNAUTHORIZED', 4, answers(401, errors('UNAUTHORIZED'))],
  ['403', 'DENIED', 4, answers(403, errors('DENIED'))],
  ['404', 'NOT_FOUND', 3, answers(404, errors('NAME_UNKNOWN'))],
  ['405', 'UNSUPPORTED', 7, answers(405)],
  ['429', 'RATE_LIMITED', 1, answers(429, errors('TOOMANYREQUESTS'))],
  ['500', 'SERVER_ERROR', 1, answers(500, 'it broke', 'text/plain')],
  ['501', 'UNSUPPORTED', 7, answers(501)],
  ['HTML', 'PROTOCOL', 1, answers(200, '<html>', 'text/html')],
  ['bad JSON', 'PROTOCOL', 1, answers(200, '{"tags":')],
];

describe('a command that a registry fails', () => {
  for (const [what, code, exitCode, start] of failures) {
    test(`GEN-1 ERR-2 ERR-3 ERR-4 ERR-5: with ${what} ends with ${exitCode}, ${code}`, async () => {
      await using place = await start();
      const line = ['tags', 'reg.test/a', '--host', `reg.test,origin=${place.url}`, '--retry', '0'];
      const told = await cli(what === 'silence' ? [...line, '--timeout', '100ms'] : line);
      assert.equal(told.code, exitCode, told.stderr);
      assert.match(told.stderr, new RegExp(`^error: [\\x20-\\x7e]+ \\(${code}\\)(?:; hint: [^\\n]+)?\\n$`));
      assert.equal(told.stdout, '');
    });
  }
});

test("GEN-2 ERR-1 ERR-6: with --progress json the error has its code, status, request, and all of the registry's own", async () => {
  await using place = await answers(404, errors('MANIFEST_UNKNOWN', 'DENIED'))();
  const host = ['--host', `reg.test,origin=${place.url}`];
  const { code, stderr } = await cli(['manifest', 'reg.test/a:1', '--progress', 'json', ...host]);
  const lines = stderr.trimEnd().split('\n');
  const { message, hint: _, ...error } = JSON.parse(lines.at(-1) ?? '') as Record<string, unknown>;
  assert.match(
    String(message),
    /^cannot read reg\.test\/a:1: .* answered 404 \(MANIFEST_UNKNOWN: "it is MANIFEST_UNKNOWN"; /,
  );
  assert.deepEqual(error, {
    type: 'error',
    code: 'NOT_FOUND',
    status: 404,
    errors: [
      { code: 'MANIFEST_UNKNOWN', message: 'it is MANIFEST_UNKNOWN' },
      { code: 'DENIED', message: 'it is DENIED' },
    ],
    request: { method: 'GET', url: `${place.url}/v2/a/manifests/1` },
    missing: 'manifest',
    exitCode: 3,
  });
  assert.equal(code, 3);
});

test('ERR-6: a body that is no error of a registry is quoted, bounded and harmless', async () => {
  const hostile = `\u001b[2J::error::x\r\n${'long '.repeat(1000)}`;
  await using place = await answers(400, hostile, 'text/plain')();
  const { stderr } = await cli(['tags', 'reg.test/a', '--host', `reg.test,origin=${place.url}`]);
  assert.match(stderr, /answered 400 \("\\u\{1b\}\[2J::error::x long long /);
  assert.ok(stderr.length < 600);
});

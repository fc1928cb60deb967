import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { ErrorCode, OciError } from '../../src/errors.ts';
import { failureOf } from '../../src/http/failure.ts';
import type { HttpRequest } from '../../src/http/types.ts';
import { type Answer, inOrder } from '../support/scripted-transport.ts';

const request: HttpRequest = {
  method: 'GET',
  url: 'https://reg.test/v2/a/manifests/x?token=CANARY',
  headers: {},
  registry: 'https://reg.test',
};

async function failing(answer: Answer, change: Partial<HttpRequest> = {}): Promise<OciError> {
  const wire = inOrder(answer);
  const sent = { ...request, ...change };
  const error = await failureOf(await wire.send(sent), 'cannot read reg.test/a:x', sent);
  assert.equal(wire.open(), 0);
  assert.match(error.message, /^[\x20-\x7e…]+$/);
  return error;
}

const errors = (code: string, message?: string, detail?: unknown): string =>
  JSON.stringify({ errors: [{ code, message, detail }] });

describe('ERR-5 GEN-1: an answer is the error', () => {
  for (const [status, body, code] of [
    [401, errors('UNAUTHORIZED'), 'UNAUTHORIZED'],
    [401, errors('DENIED'), 'UNAUTHORIZED'],
    [403, errors('DENIED'), 'DENIED'],
    [400, errors('DENIED'), 'UNAUTHORIZED'],
    [404, errors('MANIFEST_UNKNOWN'), 'NOT_FOUND'],
    [404, errors('NAME_UNKNOWN'), 'NOT_FOUND'],
    [404, errors('BLOB_UPLOAD_UNKNOWN'), 'UPLOAD_INVALID'],
    [404, '<html>', 'NOT_FOUND'],
    [400, errors('MANIFEST_BLOB_UNKNOWN'), 'MANIFEST_BLOB_UNKNOWN'],
    [404, errors('MANIFEST_BLOB_UNKNOWN'), 'MANIFEST_BLOB_UNKNOWN'],
    [400, errors('MANIFEST_INVALID'), 'MANIFEST_INVALID'],
    [400, errors('NAME_INVALID'), 'REFERENCE_INVALID'],
    [400, errors('SIZE_INVALID'), 'SIZE_MISMATCH'],
    [400, errors('toString'), 'PROTOCOL'],
    [400, '', 'PROTOCOL'],
    [405, errors('UNSUPPORTED'), 'UNSUPPORTED'],
    [405, '', 'UNSUPPORTED'],
    [407, '', 'UNREACHABLE'],
    [412, '', 'CONFLICT'],
    [413, '', 'TOO_LARGE'],
    [429, errors('TOOMANYREQUESTS'), 'RATE_LIMITED'],
    [500, errors('UNKNOWN'), 'SERVER_ERROR'],
    [501, '', 'UNSUPPORTED'],
  ] as const satisfies readonly (readonly [number, string, ErrorCode])[]) {
    test(`${code} for ${status} ${body}`, async () => assert.equal((await failing({ status, body })).code, code));
  }

  test('of wrong bytes for an upload, and of a lack for a tag that is to be deleted', async () => {
    const body = errors('DIGEST_INVALID', 'provided digest did not match uploaded content');
    assert.equal((await failing({ status: 400, body }, { method: 'PUT' })).code, 'DIGEST_MISMATCH');
    assert.equal((await failing({ status: 400, body }, { method: 'DELETE' })).code, 'UNSUPPORTED');
  });
});

describe('ERR-4: what is not found', () => {
  for (const [status, code, missing] of [
    [404, 'NAME_UNKNOWN', 'repository'],
    [404, 'MANIFEST_UNKNOWN', 'manifest'],
    [404, 'BLOB_UNKNOWN', 'blob'],
    [400, 'NAME_UNKNOWN', 'repository'],
    [404, 'NOT_FOUND', undefined],
    [404, 'constructor', undefined],
  ] as const) {
    test(`${code} with ${status} is about ${missing ?? 'nothing that is told'}`, async () => {
      const error = await failing({ status, body: errors(code) });
      assert.deepEqual([error.code, error.missing], ['NOT_FOUND', missing]);
    });
  }

  test('is never guessed', async () => {
    for (const body of ['', '<html>', '{}', errors('UNKNOWN')]) {
      for (const method of ['GET', 'HEAD'] as const) {
        const error = await failing({ status: 404, body }, { method });
        assert.deepEqual([error.code, error.missing], ['NOT_FOUND', undefined]);
      }
    }
    const denied = await failing({ status: 401, body: errors('NAME_UNKNOWN') });
    assert.deepEqual([denied.code, denied.missing], ['UNAUTHORIZED', undefined]);
    const list = JSON.stringify({ errors: [{ code: 'TOOMANY' }, { code: 'NAME_UNKNOWN' }, { code: 'BLOB_UNKNOWN' }] });
    assert.equal((await failing({ status: 404, body: list })).missing, 'repository');
  });
});

describe("ERR-6: the registry's words", () => {
  test('ERR-1 GEN-2 NODE-48: are kept, and the message says what was tried where', async () => {
    const error = await failing({ status: 404, body: errors('MANIFEST_UNKNOWN', 'manifest unknown', { Tag: 'x' }) });
    assert.equal(
      error.message,
      'cannot read reg.test/a:x: reg.test answered 404 (MANIFEST_UNKNOWN: "manifest unknown")',
    );
    assert.deepEqual(error.errors, [{ code: 'MANIFEST_UNKNOWN', message: 'manifest unknown', detail: { Tag: 'x' } }]);
    assert.deepEqual(
      [error.status, error.request],
      [404, { method: 'GET', url: 'https://reg.test/v2/a/manifests/x?token=REDACTED' }],
    );
  });

  test('may be plain text, or of another form', async () => {
    assert.match(
      (await failing({ status: 429, body: 'Too Many Requests\n(HAP429)\n' })).message,
      /\("Too Many Requests \(HAP429\)"\)$/,
    );
    assert.match(
      (await failing({ status: 401, body: '{"details":"incorrect username or password"}' })).message,
      /UNKNOWN: "incorrect/,
    );
    assert.match(
      (await failing({ status: 400, body: '{"error":"invalid_grant","error_description":"expired"}' })).message,
      /invalid_grant: "expired"/,
    );
  });

  test('obey nobody', async () => {
    const hostile = '\u001b[2J\r\n::set-output name=x::y\u202e\u0000';
    for (const body of [errors('X\u001b[2J', hostile), hostile, `{"message":${JSON.stringify(hostile)}}`])
      await failing({ status: 400, body });
    await failing({ status: 429, headers: { 'ratelimit-remaining': '\u001b[2J' } });
  });

  test('are bounded', async () => {
    const long = await failing({ status: 400, body: errors('A'.repeat(9999), 'b'.repeat(9999)) });
    assert.ok(long.message.length < 500);
    const many = await failing({
      status: 400,
      body: JSON.stringify({ errors: Array.from({ length: 5000 }, () => ({ code: 'X' })) }),
    });
    assert.equal(many.errors.length, 100);
    assert.deepEqual((await failing({ status: 400, body: 'x'.repeat(128 * 1024 + 1) })).errors, []);
  });

  test('are cut off where they are nested without bound', async () => {
    const deep = `${'['.repeat(20_000)}"x"${']'.repeat(20_000)}`;
    const { code, errors: told } = await failing({
      status: 404,
      body: `{"errors":[{"code":"NAME_UNKNOWN","message":"m","detail":{"deep":${deep},"flat":[1,{"a":null}]}}]}`,
    });
    assert.equal(code, 'NOT_FOUND');
    assert.equal(told[0]?.message, 'm');
    assert.match(JSON.stringify(told), /"flat":\[1,\{"a":null\}\]/);
    assert.doesNotMatch(JSON.stringify(told), /"x"/);
  });

  test('are read when they come encoded', async () => {
    const gzip = { 'content-encoding': 'gzip' };
    const error = await failing({ status: 404, headers: gzip, body: gzipSync(errors('NAME_UNKNOWN', 'who?')) });
    assert.equal(error.errors[0]?.message, 'who?');
    assert.equal((await failing({ status: 404, headers: gzip, body: 'no gzip' })).code, 'NOT_FOUND');
    assert.equal((await failing({ status: 404, headers: { 'content-encoding': 'br' }, body: 'x' })).code, 'NOT_FOUND');
  });
});

test('ERR-5: a limit tells when it ends, and the quota', async () => {
  const headers = {
    'retry-after': '31536000',
    date: 'Wed, 21 Oct 2026 07:28:00 GMT',
    'ratelimit-limit': '100;w=21600',
    'ratelimit-remaining': '0;w=21600',
  };
  const error = await failing({ status: 429, headers });
  assert.equal(error.retryAfterMs, 31_536_000_000);
  assert.equal(error.hint, 'try again after 2027-10-21T07:28:00.000Z');
  assert.match(error.message, /quota "0;w=21600" of "100;w=21600"/);
  assert.match((await failing({ status: 429 })).hint ?? '', /log in/);
  assert.equal((await failing({ status: 429, headers: { 'retry-after': '999999999999' } })).hint, 'try again later');
});

test('a limit that ends after the last date there is tells none', async () => {
  const headers = { 'retry-after': '90000', date: 'Fri, 12 Sep 275760 23:59:59 GMT' };
  assert.equal((await failing({ status: 429, headers })).hint, 'try again later');
});

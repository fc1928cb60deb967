import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ErrorCode, OciError } from '../../src/errors.ts';
import { createMemoryRegistry } from '../../src/store/memory.ts';
import { type Answer, createApi } from '../support/api.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const secret = '/var/lib/registry/secret';

async function answerTo(error: unknown): Promise<Answer> {
  const registry = createMemoryRegistry();
  const stat = async (): Promise<never> => {
    throw error;
  };
  const store = { ...registry.repository('r'), stat };
  const api = createApi({ registry: { ...registry, repository: () => store } });
  return await api.send('GET', `/v2/r/blobs/${digest}`);
}

describe('what a store fails with', () => {
  const expected: readonly (readonly [ErrorCode, number, string])[] = [
    ['REFERENCE_INVALID', 400, 'NAME_INVALID'],
    ['DIGEST_INVALID', 400, 'DIGEST_INVALID'],
    ['DIGEST_MISMATCH', 400, 'DIGEST_INVALID'],
    ['SIZE_MISMATCH', 400, 'SIZE_INVALID'],
    ['MANIFEST_INVALID', 400, 'MANIFEST_INVALID'],
    ['UPLOAD_INVALID', 400, 'BLOB_UPLOAD_INVALID'],
    ['TOO_LARGE', 413, 'SIZE_INVALID'],
    ['NOT_FOUND', 404, 'NAME_UNKNOWN'],
    ['DENIED', 403, 'DENIED'],
    ['UNSUPPORTED', 405, 'UNSUPPORTED'],
    ['RATE_LIMITED', 429, 'TOOMANYREQUESTS'],
    ['DISK_FULL', 507, 'UNKNOWN'],
    ['IO', 500, 'UNKNOWN'],
    ['SERVER_ERROR', 500, 'UNKNOWN'],
    ['UNAUTHORIZED', 500, 'UNKNOWN'],
    ['LAYOUT_INVALID', 500, 'UNKNOWN'],
  ];
  for (const [code, status, wire] of expected) {
    it(`${code} is ${status} ${wire}`, async () => {
      const answer = await answerTo(new OciError(code, 'it failed'));
      assert.equal(answer.status, status);
      const { errors } = JSON.parse(answer.text) as { errors: { code: string; message: string }[] };
      assert.deepEqual(
        errors.map((error) => error.code),
        [wire],
      );
      assert.equal(answer.headers.get('content-type'), 'application/json');
      assert.equal(answer.headers.get('content-length'), String(answer.bytes.length));
    });
  }

  it('is no code of the specification where there is none: plain text', async () => {
    const { status, headers } = await answerTo(new OciError('CONFLICT', 'x'));
    assert.deepEqual([status, headers.get('content-type')], [412, 'text/plain; charset=utf-8']);
  });

  it('tells how long to wait', async () => {
    const { headers } = await answerTo(new OciError('RATE_LIMITED', 'x', { retryAfterMs: 1500 }));
    assert.equal(headers.get('retry-after'), '2');
  });

  for (const code of ['NOT_FOUND', 'DENIED', 'UNSUPPORTED', 'DISK_FULL', 'IO', 'UPLOAD_INVALID', 'CONFLICT'] as const) {
    it(`${code} tells nothing of the inside`, async () => {
      assert.ok(!(await answerTo(new OciError(code, secret, { hint: secret }))).text.includes(secret));
    });
  }

  for (const thrown of [new Error(secret), secret, undefined, { message: secret }]) {
    it(`${typeof thrown} that nobody knows is 500, and nothing of it is told`, async () => {
      const { status, text } = await answerTo(thrown);
      assert.equal(status, 500);
      assert.equal(text, '{"errors":[{"code":"UNKNOWN","message":"internal error"}]}');
    });
  }
});

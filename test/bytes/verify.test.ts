import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOciError } from '../../src/errors.ts';
import { createHasher, digestOf } from '../../src/bytes/hash.ts';
import { createHasher as portableHasher } from '../../src/bytes/hash-portable.ts';
import { verify } from '../../src/bytes/verify.ts';
import type { Descriptor } from '../../src/model/descriptor.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const describe = (text: string): Descriptor => ({
  mediaType: 'text/plain',
  digest: digestOf(encode(text)),
  size: text.length,
});

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield encode(text);
}

/** Reads until the end or the error, and tells what had come out. */
async function readOut(bytes: AsyncIterable<Uint8Array>): Promise<{ out: string; code?: string }> {
  let out = '';
  try {
    for await (const chunk of bytes) out += new TextDecoder().decode(chunk);
    return { out };
  } catch (error) {
    return { out, code: isOciError(error) ? error.code : String(error) };
  }
}

test('right bytes pass', async () => {
  assert.deepEqual(await readOut(verify(chunks('ab', 'cd', 'ef'), describe('abcdef'))), { out: 'abcdef' });
});

test('the last chunk is withheld when the bytes are wrong', async () => {
  assert.deepEqual(await readOut(verify(chunks('ab', 'cd', 'eX'), describe('abcdef'))), {
    out: 'abcd',
    code: 'DIGEST_MISMATCH',
  });
});

test('a missing byte and a byte too many are a wrong size', async () => {
  assert.equal((await readOut(verify(chunks('ab', 'cde'), describe('abcdef')))).code, 'SIZE_MISMATCH');
  assert.deepEqual(await readOut(verify(chunks('abc', 'defg'), describe('abcdef'))), {
    out: '',
    code: 'SIZE_MISMATCH',
  });
});

test('an endless body is left one chunk after its size', async () => {
  let asked = 0;
  const endless = (async function* () {
    for (;;) {
      asked++;
      yield encode('abc');
    }
  })();
  assert.equal((await readOut(verify(endless, describe('abcdef')))).code, 'SIZE_MISMATCH');
  assert.equal(asked, 3);
});

test('a resumed read is verified whole', async () => {
  const prefix = createHasher('sha256');
  prefix.update(encode('abc'));
  assert.deepEqual(await readOut(verify(chunks('def'), describe('abcdef'), { offset: 3, prefix: prefix.copy() })), {
    out: 'def',
  });
  const wrong = createHasher('sha256');
  wrong.update(encode('abX'));
  assert.equal(
    (await readOut(verify(chunks('def'), describe('abcdef'), { offset: 3, prefix: wrong }))).code,
    'DIGEST_MISMATCH',
  );
});

test('both implementations of the hash seam agree, copies included', () => {
  for (const algorithm of ['sha256', 'sha384', 'sha512'] as const) {
    const digests = [createHasher, portableHasher].map((create) => {
      const hasher = create(algorithm);
      hasher.update(encode('abc'));
      const copy = hasher.copy();
      copy.update(encode('X'));
      hasher.update(encode('def'));
      return [hasher.digest(), copy.digest()];
    });
    assert.deepEqual(digests[0], digests[1]);
    assert.equal(digests[0]?.[0], digestOf(encode('abcdef'), algorithm));
  }
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { isOciError } from '../../src/errors.ts';
import { digestOf } from '../../src/bytes/hash.ts';
import { parseSchema1 } from '../../src/model/schema1.ts';
import { buildSchema1 } from '../../src/testing/schema1.ts';
import { failure } from '../support/failure.ts';
import { oldImage, protectedWith, withEachSignature, withSignatures } from '../support/schema1.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const json = (value: unknown): Uint8Array => encode(JSON.stringify(value));
const image = await buildSchema1(oldImage);
const blob = `sha256:${'1'.repeat(64)}`;

/** The smallest that there is, with some of it changed. */
function unsigned(change: Record<string, unknown> = {}): Uint8Array {
  const least = { schemaVersion: 1, fsLayers: [{ blobSum: blob }], history: [{ v1Compatibility: '{}' }] };
  return json({ ...least, ...change });
}

test('NODE-33: the digest of a signed manifest is that of its payload, that of an unsigned one of all its bytes', () => {
  // What docker-registry 2.8 signed; sha256sum of its first 895 bytes and "\n}" is the digest that it announced.
  const bytes = new Uint8Array(readFileSync(new URL('./corpus/schema1-signed.json', import.meta.url)));
  const { payload } = parseSchema1(bytes);
  assert.ok(payload);
  assert.equal(digestOf(payload), 'sha256:5e4d8c52adcaa83d1a2cf96a6b0887cbc24f0c3c83d11e13a7bab30d734c9bc1');
  assert.equal(parseSchema1(payload).payload, undefined);
  assert.deepEqual(parseSchema1(image.bytes).payload, image.payload);
});

test('names the layers from the lowest to the topmost, and tells those that changed nothing', () => {
  for (const bytes of [image.bytes, image.payload]) {
    const { document, layers } = parseSchema1(bytes);
    assert.equal(document.name, 'team/app');
    assert.equal(document.tag, 'old');
    assert.equal(document.architecture, 'amd64');
    assert.deepEqual(
      layers.map(({ throwaway }) => throwaway),
      [false, true, false],
    );
    assert.deepEqual(
      layers.map(({ blob }) => blob),
      document.fsLayers.map(({ blobSum }) => blobSum).reverse(),
    );
    assert.deepEqual(layers.at(-1)?.v1.config, oldImage.config);
  }
});

test('refuses what is no schema 1 manifest', () => {
  const refused: readonly (readonly [RegExp, Uint8Array])[] = [
    [/schemaVersion is not 1/, json({ schemaVersion: 2, layers: [] })],
    [/not a JSON object/, json([])],
    [/not JSON/, encode('{')],
    [/stands twice/, encode('{"schemaVersion":1,"fsLayers":[],"fsLayers":[]}')],
    [/is not blobSum/, unsigned({ fsLayers: [{ blobsum: blob }] })],
    [/fsLayers is not a list/, unsigned({ fsLayers: {} })],
    [/no layers/, unsigned({ fsLayers: [], history: [] })],
    [/1 layers, but a history of 2/, unsigned({ history: [{ v1Compatibility: '{}' }, { v1Compatibility: '{}' }] })],
    [/history\[0\]\.v1Compatibility is not a string/, unsigned({ history: [{ v1Compatibility: {} }] })],
    [/history\[0\]\.v1Compatibility is not a valid/, unsigned({ history: [{ v1Compatibility: '{' }] })],
    [/history\[0\]\.v1Compatibility is not a JSON/, unsigned({ history: [{ v1Compatibility: '[]' }] })],
    [/throwaway is not true or false/, unsigned({ history: [{ v1Compatibility: '{"throwaway":1}' }] })],
    [/architecture is not a string/, unsigned({ architecture: 1 })],
  ];
  for (const [message, bytes] of refused)
    assert.match(failure('MANIFEST_INVALID', () => parseSchema1(bytes)).message, message);
  failure('DIGEST_INVALID', () => parseSchema1(unsigned({ fsLayers: [{ blobSum: 'sha256:../x' }] })));
  failure('TOO_LARGE', () => parseSchema1(new Uint8Array(9 * 1024 * 1024)));
  const many = Array.from({ length: 10_001 }, () => ({ blobSum: blob }));
  failure('LIMIT', () => parseSchema1(unsigned({ fsLayers: many })));
});

test('refuses signatures that do not tell what is signed', async () => {
  const two = await buildSchema1({ ...oldImage, signatures: ['ES256', 'ES384'] });
  let count = 0;
  const differing = (change: Record<string, unknown>): Uint8Array =>
    withEachSignature(two, (one) => (count++ % 2 === 0 ? {} : { protected: protectedWith(one, change) }));
  const all = (change: Record<string, unknown>): Uint8Array =>
    withEachSignature(image, (one) => ({ protected: protectedWith(one, change) }));
  const refused: readonly (readonly [RegExp, Uint8Array])[] = [
    [/different payloads/, differing({ formatLength: 10 })],
    [/different payloads/, differing({ formatTail: 'fQ' })],
    [/formatLength is more/, all({ formatLength: 1_000_000 })],
    [/does not tell/, all({ formatLength: 1.5 })],
    [/does not tell/, all({ formatLength: '10' })],
    [/does not tell/, all({ formatTail: undefined })],
    [/formatTail is not base64url/, all({ formatTail: '\n}' })],
    [/protected is not base64url/, withEachSignature(image, () => ({ protected: '{}' }))],
    [/not a list of signatures/, withSignatures(image, () => [])],
    [/not a list of signatures/, withSignatures(image, () => ({}))],
    [/more than 100/, withSignatures(image, (all) => Array.from({ length: 101 }, () => all[0]))],
    [/signatures\[0\] is not a signature/, withSignatures(image, () => ['x'])],
    [/jwk that is no key/, withEachSignature(image, () => ({ header: { alg: 'ES256', jwk: 'x' } }))],
  ];
  for (const [message, bytes] of refused)
    assert.match(failure('MANIFEST_INVALID', () => parseSchema1(bytes)).message, message);
});

test('refuses a manifest that says something else than what is signed', () => {
  const more = new TextDecoder().decode(image.bytes).replace(/\n}$/, ',\n   "config": {}\n}');
  assert.match(failure('MANIFEST_INVALID', () => parseSchema1(encode(more))).message, /something else/);
  const schema2 = JSON.stringify({ schemaVersion: 2 });
  const around = withEachSignature(image, (one) => ({
    protected: protectedWith(one, { formatLength: 0, formatTail: Buffer.from(schema2).toString('base64url') }),
  }));
  assert.match(failure('MANIFEST_INVALID', () => parseSchema1(around)).message, /something else/);
});

test('whatever the bytes are, they are parsed or refused by one of our errors', () => {
  const parse = (bytes: Uint8Array): void => {
    try {
      parseSchema1(bytes);
    } catch (error) {
      if (!isOciError(error)) throw error;
    }
  };
  const damage = fc.array(fc.tuple(fc.nat(image.bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(damage, (changes) => {
      const bytes = image.bytes.slice();
      for (const [at, value] of changes) bytes[at] = value;
      parse(bytes);
    }),
    { numRuns: 500 },
  );
  fc.assert(fc.property(fc.jsonValue(), (history) => parse(unsigned({ history }))));
  fc.assert(fc.property(fc.jsonValue(), (signatures) => parse(unsigned({ signatures }))));
  fc.assert(
    fc.property(fc.jsonValue(), (v1) => parse(unsigned({ history: [{ v1Compatibility: JSON.stringify(v1) }] }))),
  );
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (formatLength, formatTail) =>
      parse(withEachSignature(image, (one) => ({ protected: protectedWith(one, { formatLength, formatTail }) }))),
    ),
  );
});

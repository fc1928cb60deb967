import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseStrictJson, type StrictDocument } from '../../src/model/strict-json.ts';
import { failure } from '../support/failure.ts';

const encode = (text: string) => new TextEncoder().encode(text);
const read = (text: string, document?: StrictDocument) => parseStrictJson(encode(text), document);
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
const manyKeys = (count: number) => `{${Array.from({ length: count }, (_, at) => `"k${at}":0`).join()}}`;

const refused: readonly (readonly [name: string, text: string | Uint8Array, says: RegExp])[] = [
  ['nothing', '', /not JSON/],
  ['text after the document', '{} x', /not JSON/],
  ['a second document', '{}{}', /not JSON/],
  ['NaN', '{"a":NaN}', /not JSON/],
  ['comments', '{/**/}', /not JSON/],
  ['a string without an end', '{"a":"', /does not end/],
  ['a byte order mark', Uint8Array.of(0xef, 0xbb, 0xbf, 0x7b, 0x7d), /byte order mark/],
  ['bytes that are not UTF-8', Uint8Array.of(0x22, 0xff, 0x22), /not UTF-8/],
  ['an overlong encoding', Uint8Array.of(0x22, 0xc0, 0xaf, 0x22), /not UTF-8/],
  ['UTF-16', Uint8Array.of(0xff, 0xfe, 0x7b, 0, 0x7d, 0), /not UTF-8/],
  ['a surrogate encoded in UTF-8', Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22), /not UTF-8/],
  ['a lone surrogate', '{"a":"\\ud800"}', /lone surrogate/],
  ['a lone surrogate in a key', '{"\\uDC00":1}', /lone surrogate/],
  ['a key twice', '{"a":1,"a":2}', /"a" stands twice/],
  ['a key twice, once escaped', '{"digest":1,"\\u0064igest":2}', /"digest" stands twice/],
  ['a key twice, deep', '{"x":[{"a":{"b":1,"c":2,"b":3}}]}', /"b" stands twice/],
  ['a key twice, around an object', '{"a":{"a":1},"a":2}', /"a" stands twice/],
  ['a field in two cases', '{"layers":[],"Layers":[]}', /"Layers" is not layers/],
  ['a field in another case', '{"Layers":[]}', /"Layers" is not layers/],
  ['a field with a long s', '{"manife\u017fts":[]}', /"manife\\u\{17f\}ts" is not manifests/],
  ['a deep field in another case', '{"config":{"SIZE":1}}', /"SIZE" is not size/],
  ['a field in another case beside annotations', '{"annotations":{"a":"b"},"Config":{}}', /"Config" is not config/],
  ['an annotation twice', '{"annotations":{"a":"1","a":"2"}}', /"a" stands twice/],
  ['an exponent', '{"size":1e3}', /whole/],
  ['a fraction', '{"size":1.0}', /whole/],
  ['too deep a nesting', nested(65), /deeper than 64/],
  ['a bottomless nesting', '['.repeat(1_000_000), /deeper than 64/],
  ['too many keys', manyKeys(100_001), /more than 100000 keys/],
];

for (const [name, text, says] of refused) {
  test(`refuses ${name}`, () => {
    const bytes = typeof text === 'string' ? encode(text) : text;
    assert.match(failure('MANIFEST_INVALID', () => parseStrictJson(bytes)).message, says);
  });
}

const accepted: readonly (readonly [name: string, text: string])[] = [
  ['the deepest nesting', nested(64)],
  ['annotations that differ in case', '{"annotations":{"Size":"1","size":"2","SIZE":"3"}}'],
  ['the same key in two objects', '{"a":{"digest":1},"b":{"digest":2},"c":[{"digest":1},{"digest":2}]}'],
  ['values that are field names', '{"a":"Layers","b":["Size","size","Size"]}'],
  ['brackets, quotes and commas in strings', '{"a":"{[\\",\\"a\\":\\\\","b":"}]"}'],
  ['whole surrogate pairs', '{"a":"\\ud83d\\udc33"}'],
  ['keys of every object', '{"__proto__":{"a":1},"constructor":2}'],
  ['words with an e', '{"a":true,"b":false,"c":null,"d":[1,-2,0]}'],
];

for (const [name, text] of accepted) {
  test(`accepts ${name}`, () => assert.deepEqual(read(text), JSON.parse(text)));
}

test('lets a config have fractions and keys in any case, but none twice', () => {
  assert.deepEqual(read('{"Size":1.5,"extra":2e3}', 'image config'), { Size: 1.5, extra: 2000 });
  assert.match(
    failure('MANIFEST_INVALID', () => read('{"os":"a","OS":"b"}', 'image config')).message,
    /config: the key "OS"/,
  );
  assert.deepEqual(read('{"config":{"Labels":{"OS":"a","os":"b"}}}', 'image config'), {
    config: { Labels: { OS: 'a', os: 'b' } },
  });
});

test('reads what JSON.parse reads, or refuses it', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      try {
        assert.deepEqual(read(text, 'image config'), JSON.parse(text));
      } catch (error) {
        failure('MANIFEST_INVALID', () => {
          throw error;
        });
      }
    }),
  );
  const noise = fc.string({ unit: fc.constantFrom('{', '}', '[', ']', ',', ':', '"', '\\', 'a', '1', '.', 'e', ' ') });
  fc.assert(
    fc.property(noise, (text) => {
      const wanted = attempt(() => JSON.parse(text) as unknown);
      const got = attempt(() => read(text, 'image config'));
      if (got !== undefined) assert.deepEqual(got, wanted);
    }),
  );
});

function attempt(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    return undefined;
  }
}

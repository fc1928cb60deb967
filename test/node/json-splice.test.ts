import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { setMember } from '../../src/node/credentials/json-splice.ts';

const changes: readonly (readonly [text: string, path: readonly string[], value: unknown, result: string])[] = [
  ['{}', ['a'], 1, '{\n\t"a": 1\n}'],
  ['{}', ['a', 'b'], {}, '{\n\t"a": {\n\t\t"b": {}\n\t}\n}'],
  ['{"z":1}', ['a'], [2], '{"z":1,"a":[2]}'],
  ['{"z":1,"a":0,"y":2}', ['a'], 'x', '{"z":1,"a":"x","y":2}'],
  ['{"z":1,"a":0,"y":2}', ['a'], undefined, '{"z":1,"y":2}'],
  ['{"z":1,"a":0}', ['a'], undefined, '{"z":1}'],
  ['{ "a" : 0 }', ['a'], undefined, '{}'],
  ['{"z":1}', ['a'], undefined, '{"z":1}'],
  ['{"z":1}', ['a', 'b'], undefined, '{"z":1}'],
  [
    '{\n  "n": 1.0,\n  "big": 12345678901234567890\n}\n',
    ['a'],
    true,
    '{\n  "n": 1.0,\n  "big": 12345678901234567890,\n  "a": true\n}\n',
  ],
  ['{\r\n\t"z": 1\r\n}', ['a'], { b: 1 }, '{\r\n\t"z": 1,\r\n\t"a": {\r\n\t\t"b": 1\r\n\t}\r\n}'],
  ['{"a":{}}', ['a', 'b'], 1, '{"a":{"b":1}}'],
  ['{\n\t"a": {}\n}', ['a', 'b'], 1, '{\n\t"a": {\n\t\t"b": 1\n\t}\n}'],
  ['{"a":null}', ['a', 'b'], 1, '{"a":{"b":1}}'],
  ['{"10":1,"2":2}', ['1'], 3, '{"10":1,"2":2,"1":3}'],
  ['{"x":"}{\\"a\\":","a":"\\\\"}', ['a'], 1, '{"x":"}{\\"a\\":","a":1}'],
  ['{"\\u0061":0}', ['a'], 1, '{"\\u0061":1}'],
  ['{"a":0,"a":1}', ['a'], 2, '{"a":0,"a":2}'],
  ['{"a":{"b":{"c":[1,{"d":"]"}]},"e":2}}', ['a', 'e'], 3, '{"a":{"b":{"c":[1,{"d":"]"}]},"e":3}}'],
];

for (const [text, path, value, result] of changes) {
  test(`${JSON.stringify(text)}: ${path.join('.')} = ${JSON.stringify(value)}`, () => {
    assert.equal(setMember(text, path, value), result);
  });
}

const key = fc.constantFrom('a', 'b', 'auths', 'https://r.io/v1/', '"', '\\', '{', 'ä', '');
const document = fc.dictionary(key, fc.oneof(fc.jsonValue(), fc.dictionary(key, fc.jsonValue())));
const layout = fc.constantFrom(undefined, 1, 2, 4, '\t');

test('does to the text what an assignment does to the object', () => {
  fc.assert(
    fc.property(document, layout, key, key, fc.jsonValue(), (object, indent, first, second, value) => {
      const changed = JSON.parse(setMember(JSON.stringify(object, null, indent), [first, second], value)) as unknown;
      const inner = object[first];
      const isObject = typeof inner === 'object' && inner !== null && !Array.isArray(inner);
      const expected = { ...object, [first]: { ...(isObject ? inner : {}), [second]: value } };
      assert.equal(JSON.stringify(changed), JSON.stringify(expected));
    }),
  );
});

test('what was set can be removed again', () => {
  fc.assert(
    fc.property(document, layout, fc.jsonValue(), (object, indent, value) => {
      const text = JSON.stringify(object, null, indent);
      const there = setMember(text, ['new'], value);
      assert.deepEqual(JSON.parse(setMember(there, ['new'], undefined)), JSON.parse(text));
      if (Object.keys(object).length > 0) assert.equal(setMember(there, ['new'], undefined), text);
    }),
  );
});

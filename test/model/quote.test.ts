import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quote } from '../../src/model/quote.ts';

test('whatever a stranger sends is shown on one line, bounded, and never fails', () => {
  assert.equal(quote('a\u001b[31m\n'), '"a\\u{1b}[31m\\u{a}"');
  assert.equal(quote('x'.repeat(200), 10), `"${'x'.repeat(10)}…"`);
  assert.equal(quote({ a: [1, null] }), '{"a":[1,null]}');
  assert.equal(quote(undefined), 'undefined');
  let deep: unknown = [];
  for (let depth = 0; depth < 100_000; depth++) deep = [deep];
  assert.equal(quote(deep), 'object');
});

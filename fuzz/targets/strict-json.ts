/** JSON that every reader reads the same: what is taken is what `JSON.parse` makes of it, and hides nothing from anybody else. */
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { parseStrictJson } from '../../src/model/strict-json.ts';
import { text, valueOf, verdictOf } from '../judge.ts';
import { lines } from '../lines.ts';
import type { FuzzTarget } from '../target.ts';

export const target: FuzzTarget = {
  name: 'strict-json',
  corpus: () => lines('strict-json'),
  arbitrary: fc.json({ maxDepth: 6 }).map((json) => new TextEncoder().encode(json)),
  tokens: [
    '{"',
    '":',
    '",',
    '"layers"',
    '"Layers"',
    '"size":',
    '1e3',
    '\\u',
    '\\ud800',
    '\\"',
    '[[[[',
    ']]]]',
    '"annotations":{',
    '\ufeff',
    '1.0',
  ],
  run(input) {
    const value = valueOf(() => [parseStrictJson(input)]);
    if (value !== undefined) {
      const given = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(input);
      assert.deepEqual(value[0], JSON.parse(given));
      // As many keys as are written are there: none has taken the place of another.
      assert.equal(
        keysOf(value[0]),
        [...given.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)].filter(([, colon]) => colon !== undefined).length,
      );
    }
    for (const document of ['image config', 'manifest.json'] as const) valueOf(() => parseStrictJson(input, document));
    assert.ok(text(input) !== '' || value === undefined);
    return verdictOf(value);
  },
};

function keysOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const members = Object.values(value).reduce((sum: number, member) => sum + keysOf(member), 0);
  return members + (Array.isArray(value) ? 0 : Object.keys(value).length);
}

/** What is shown on a terminal: no text, no line and no JSON of strangers holds what a terminal or a CI system would obey. */
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { escapeJson, inertLine, safeJson, safeText } from '../../src/cli/terminal/safe-text.ts';
import { quote } from '../../src/model/quote.ts';
import { lines } from '../lines.ts';
import type { FuzzTarget } from '../target.ts';

const active = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

export const target: FuzzTarget = {
  name: 'safe-text',
  corpus: () => lines('safe-text'),
  arbitrary: fc.string({ unit: 'binary' }).map((given) => Buffer.from(given, 'utf16le')),
  tokens: [
    '\u001b]52;c;',
    '\u001b[2J',
    '\u009b',
    '::set-output',
    '##[group]',
    '\u202e',
    '\u{e0041}',
    '\u200b',
    '\r',
    '\n::',
  ],
  run(input) {
    // Two readings of the same bytes: as UTF-8, and as halves of characters, of which some stand alone.
    const readings = [
      new TextDecoder('utf-8', { ignoreBOM: true }).decode(input),
      Buffer.from(input).toString('utf16le'),
    ];
    for (const given of readings) {
      const shown = safeText(given);
      assert.doesNotMatch(shown, active);
      assert.equal(safeText(shown), shown);
      assert.ok(shown.length <= given.length * 9);
      assert.doesNotMatch(inertLine(shown), /^\s*::|##\[/);
      assert.match(quote(given), /^"[\x20-\x7e…]*"$/);
      const json = safeJson({ given });
      assert.doesNotMatch(json, active);
      assert.deepEqual(JSON.parse(json), { given });
      assert.equal(escapeJson(json), json);
    }
    const [first = ''] = readings;
    return safeText(first) === first && inertLine(first) === first ? 'taken' : 'refused';
  },
};

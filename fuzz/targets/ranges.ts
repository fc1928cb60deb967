/**
 * Ranges, by which a registry and its client tell each other which bytes are meant: `content-range …` and `upload …` as the client
 * reads them, `range …` and `chunk …` as the server does. Nothing is ever beyond what there is.
 */
import assert from 'node:assert/strict';
import { parseContentRange, uploadedBytes } from '../../src/registry/ranges.ts';
import { parseContentRange as parseChunk, parseRange } from '../../src/server/range.ts';
import { headerText, verdictOf } from '../judge.ts';
import { lines } from '../lines.ts';
import type { FuzzTarget, Verdict } from '../target.ts';

const SIZE = 1000;

const readers: Readonly<Record<string, (header: string) => Verdict>> = {
  'content-range'(header) {
    const range = parseContentRange(header);
    if (range === undefined) return 'refused';
    const { start, end, total } = range;
    const shown = start === undefined || end === undefined ? '*' : `${start}-${end - 1}`;
    assert.equal(header.replace(/(\D|^)0+(?=\d)/g, '$1'), `bytes ${shown}/${total ?? '*'}`);
    for (const number of [start, end, total]) assert.ok(number === undefined || Number.isSafeInteger(number));
    assert.ok((start ?? 0) < (end ?? 1) && (end ?? 0) <= (total ?? Infinity));
    return 'taken';
  },
  upload(header) {
    const bytes = uploadedBytes(header, 5);
    assert.ok(bytes === undefined || (Number.isSafeInteger(bytes) && bytes >= 0));
    return verdictOf(bytes);
  },
  range(header) {
    const window = parseRange(header, SIZE);
    if (window === undefined || window === 'unsatisfiable') return 'refused';
    assert.ok(Number.isInteger(window.start) && 0 <= window.start && window.start < window.end && window.end <= SIZE);
    return 'taken';
  },
  chunk(header) {
    const window = parseChunk(header);
    assert.ok(
      window === undefined || (0 <= window.start && window.start < window.end && Number.isSafeInteger(window.end)),
    );
    return verdictOf(window);
  },
};

export const target: FuzzTarget = {
  name: 'ranges',
  corpus: () => lines('ranges'),
  tokens: [
    'bytes ',
    'bytes=',
    '0-99',
    '/1000',
    '/*',
    '*',
    '-',
    '0--1',
    'content-range ',
    'upload ',
    'range ',
    'chunk ',
  ],
  run(input) {
    const whole = headerText(input);
    const at = whole.indexOf(' ');
    const reader = at < 0 ? undefined : Object.entries(readers).find(([name]) => name === whole.slice(0, at))?.[1];
    return reader?.(whole.slice(at + 1)) ?? 'refused';
  },
};

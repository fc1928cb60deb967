import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { parseContentRange, parseRange } from '../../src/server/range.ts';

describe('a Range header', () => {
  it('is a window within the blob, or none, whatever it says', () => {
    const text = fc.oneof(
      fc.string(),
      fc.tuple(fc.bigInt({ min: 0n }), fc.bigInt({ min: 0n })).map(([a, b]) => `bytes=${a}-${b}`),
      fc.tuple(fc.nat(50), fc.nat(50)).map(([a, b]) => `bytes=${a}-${b}`),
      fc.nat(50).map((a) => `bytes=-${a}`),
      fc.nat(50).map((a) => `bytes=${a}-`),
    );
    fc.assert(
      fc.property(text, fc.nat(40), (header, size) => {
        const window = parseRange(header, size);
        if (window === undefined || window === 'unsatisfiable') return;
        assert.ok(window.start >= 0 && window.start < window.end && window.end <= size);
      }),
    );
  });

  it('gives exactly the bytes that it names', () => {
    fc.assert(
      fc.property(fc.nat(100), fc.nat(100), fc.integer({ min: 1, max: 100 }), (first, last, size) => {
        const inside = Array.from({ length: size }, (_, at) => at).filter((at) => at >= first && at <= last);
        const window = parseRange(`bytes=${first}-${last}`, size);
        if (inside.length === 0) assert.equal(window, 'unsatisfiable');
        else assert.deepEqual(window, { start: inside[0], end: (inside.at(-1) ?? 0) + 1 });
      }),
    );
  });
});

describe('a Content-Range header', () => {
  it('is a window that is not empty, or none', () => {
    const text = fc.oneof(
      fc.string(),
      fc.tuple(fc.bigInt(), fc.bigInt()).map(([a, b]) => `${a}-${b}`),
    );
    fc.assert(
      fc.property(text, (header) => {
        const window = parseContentRange(header);
        assert.ok(window === undefined || (window.start < window.end && Number.isSafeInteger(window.end)));
      }),
    );
  });

  it('is read in the form of the specification and of HTTP', () => {
    for (const header of ['5-9', 'bytes 5-9', 'bytes 5-9/10', 'bytes 5-9/*', ' 5-9 ']) {
      assert.deepEqual(parseContentRange(header), { start: 5, end: 10 }, header);
    }
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { framingOf } from '../../../src/node/wire/framing.ts';

const ends = ['0\r\n\r\n', '000\r\n\r\n', '0;last=yes\r\n\r\n', '0\r\nx-checksum: 1\r\ny: 2\r\n\r\n'];
const chunk = fc.record({
  bytes: fc.uint8Array({ minLength: 1, maxLength: 300 }),
  extension: fc.constantFrom('', ';a', ' ;a=b', '; a="b"'),
  upper: fc.boolean(),
});

interface Body {
  readonly body: Buffer;
  /** Of all that came. */
  readonly used: number;
  readonly isOver: boolean;
}

/** What is read when it comes in pieces of these sizes, over and over. */
function read(wire: Uint8Array, sizes: readonly number[] = [wire.length]): Body {
  const framing = framingOf('chunked');
  const pieces: Uint8Array[] = [];
  let [used, there] = [0, 0];
  for (let turn = 0; there < wire.length && !framing.isOver; turn++) {
    there = Math.min(wire.length, there + Math.max(1, sizes[turn % sizes.length] ?? 1));
    for (let taken = -1; taken !== 0 && !framing.isOver; ) {
      const { piece, used: more } = framing.take(wire.subarray(used, there));
      if (piece.length > 0) pieces.push(piece);
      used += more;
      taken = more;
    }
  }
  return { body: Buffer.concat(pieces), used, isOver: framing.isOver };
}

/** Undefined: it is no chunked body, or its end has not come. */
function dechunk(wire: Uint8Array, sizes?: readonly number[]): Body | undefined {
  try {
    const found = read(wire, sizes);
    return found.isOver ? found : undefined;
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'HPE_INVALID_CHUNK_SIZE');
    return undefined;
  }
}

const sizes = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 5 });

interface Chunked {
  readonly body: Buffer;
  readonly wire: Buffer;
}

/** Any body, cut into any chunks. */
const chunked: fc.Arbitrary<Chunked> = fc
  .record({ chunks: fc.array(chunk, { maxLength: 6 }), end: fc.constantFrom(...ends) })
  .map(({ chunks, end }) => {
    const parts = chunks.flatMap(({ bytes, extension, upper }) => {
      const digits = bytes.length.toString(16);
      return [Buffer.from(`${upper ? digits.toUpperCase() : digits}${extension}\r\n`), bytes, Buffer.from('\r\n')];
    });
    return {
      body: Buffer.concat(chunks.map(({ bytes }) => bytes)),
      wire: Buffer.concat([...parts, Buffer.from(end)]),
    };
  });

test('a chunked body is what was cut into chunks, and takes what it took, however it comes, and whatever stands behind it', () => {
  fc.assert(
    fc.property(chunked, fc.uint8Array({ maxLength: 20 }), sizes, ({ body, wire }, behind, cuts) => {
      const found = dechunk(Buffer.concat([wire, behind]), cuts);
      assert.ok(found !== undefined && Buffer.from(found.body).equals(body));
      assert.equal(found.used, wire.length);
    }),
  );
});

test('a chunked body that ends anywhere before its end is not there yet', () => {
  fc.assert(
    fc.property(chunked, fc.nat(), ({ wire }, at) => {
      assert.equal(dechunk(wire.subarray(0, at % wire.length)), undefined);
    }),
  );
});

test('whatever comes, it is a body within those bytes, or none', () => {
  const near = fc
    .array(fc.constantFrom('0', '1', 'a', 'f', 'ffffffff', '\r\n', '\r', '\n', ';', ' ', 'x', '-'), { maxLength: 40 })
    .map((words) => Buffer.from(words.join('')));
  fc.assert(
    fc.property(fc.oneof(near, fc.uint8Array({ maxLength: 200 })), (bytes) => {
      const found = dechunk(bytes);
      assert.ok(found === undefined || (found.used <= bytes.length && found.body.length < found.used));
    }),
  );
});

for (const [what, text] of [
  ['no digits', '\r\n\r\n'],
  ['a sign', '+1\r\na\r\n0\r\n\r\n'],
  ['more digits than any body has', `${'0'.repeat(20)}1\r\na\r\n0\r\n\r\n`],
  ['a name in place of the size', 'one\r\na\r\n0\r\n\r\n'],
  ['a size without its extension', '1 a\r\na\r\n0\r\n\r\n'],
  ['more bytes than it says', '1\r\nab\r\n0\r\n\r\n'],
] as const) {
  test(`a chunk with ${what} never becomes a body`, () => {
    assert.equal(dechunk(Buffer.from(text)), undefined);
  });
}

test('long hostile framing takes no longer than it is long', () => {
  const size = 1 << 18;
  for (const hostile of [
    `1${' \t'.repeat(size)}\r\n`,
    `1;${' ;'.repeat(size)}\n\r\n`,
    `0\r\n${'a\r\n'.repeat(size)}`,
    '1\r\na\r\n'.repeat(size),
  ]) {
    assert.equal(dechunk(Buffer.from(hostile)), undefined);
  }
});

test('a body of a known length is that long, and one of an unknown length has no end', () => {
  const bytes = Buffer.from('abcdef');
  const known = framingOf(4);
  assert.deepEqual([known.take(bytes.subarray(0, 3)).used, known.left, known.isOver], [3, 1, false]);
  assert.deepEqual([known.take(bytes.subarray(3)).used, known.left, known.isOver], [1, 0, true]);
  const unknown = framingOf('rest');
  assert.deepEqual([unknown.take(bytes).used, unknown.isOver], [6, false]);
  assert.equal(framingOf(0).isOver, true);
});

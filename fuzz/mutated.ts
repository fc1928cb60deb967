/** Mutations of kept inputs as an arbitrary, so that fast-check takes them back one by one until only what matters is left. */
import * as fc from 'fast-check';

type Change = (bytes: Uint8Array) => Uint8Array;

/** Numbers at which readers have failed. */
const numbers = ['0', '-1', '1', '255', '256', '65535', '65536', '2147483647', '2147483648', '4294967296', '1e3', '1.5']
  .concat(['9007199254740991', '9007199254740993', '18446744073709551616', '9'.repeat(400), '0x10', 'NaN', '-0', '007'])
  .map(encode);

/** What means something to one reader or another. */
const common = [
  '\0',
  '\n',
  '\r\n',
  '\t',
  ' ',
  '"',
  '\\',
  '/',
  '..',
  '../',
  '%2e%2e',
  '%00',
  '%',
  '=',
  ',',
  ';',
  ':',
  '@',
  '#',
  '?',
]
  .concat([
    '[',
    ']',
    '{',
    '}',
    '<',
    '>',
    '<<',
    '--',
    '\u001b[2J',
    '\u202e',
    '\ufeff',
    '\u2028',
    'é',
    '\u{1f433}',
    '__proto__',
  ])
  .concat(['constructor', 'null', 'true', '[]', '{}', '\u017f', '\u212a'])
  .map(encode);

/** Inputs with up to six changes; some stay as they are. */
export function mutated(kept: readonly Uint8Array[], tokens: readonly string[] = []): fc.Arbitrary<Uint8Array> {
  const base = fc.constantFrom(...kept);
  const words = [...common, ...numbers, ...tokens.map(encode)];
  return fc
    .tuple(base, fc.array(changes(base, words), { maxLength: 6 }))
    .map(([bytes, list]) => list.reduce((changed, change) => change(changed), bytes));
}

function changes(base: fc.Arbitrary<Uint8Array>, words: readonly Uint8Array[]): fc.Arbitrary<Change> {
  const place = fc.nat(1_000_000);
  const length = fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 1, max: 12 }) }, fc.nat(1000));
  const span = fc.tuple(place, length);
  return fc.oneof(
    fc.tuple(place, fc.nat(7)).map(([at, bit]) => flip(at, bit)),
    fc.tuple(place, fc.nat(255)).map(([at, byte]) => replace(at, 1, new Uint8Array([byte]))),
    fc.tuple(place, fc.constantFrom(...words)).map(([at, word]) => replace(at, 0, word)),
    fc.tuple(place, fc.constantFrom(...words)).map(([at, word]) => replace(at, word.length, word)),
    fc.tuple(place, fc.constantFrom(...numbers)).map(([at, number]) => renumber(at, number)),
    span.map(([at, size]) => replace(at, size, new Uint8Array(0))),
    place.map(
      (at): Change =>
        (bytes) =>
          bytes.subarray(0, at % (bytes.length + 1)),
    ),
    fc.tuple(span, fc.nat(40)).map(([[at, size], times]) => again(at, size, times)),
    fc.tuple(span, place).map(([[at, size], to]) => moved(at, size, to)),
    fc.tuple(base, place, place).map(([other, at, from]) => splice(at, other, from)),
  );
}

function flip(at: number, bit: number): Change {
  return (bytes) => {
    const changed = Uint8Array.from(bytes);
    const place = at % Math.max(1, bytes.length);
    if (place < changed.length) changed[place] = (changed[place] ?? 0) ^ (1 << bit);
    return changed;
  };
}

function replace(at: number, size: number, by: Uint8Array): Change {
  return (bytes) => {
    const place = at % (bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, place), by, bytes.subarray(place + size)]);
  };
}

/** Another number in the place of one of those that stand in the text. */
function renumber(which: number, number: Uint8Array): Change {
  return (bytes) => {
    const found = [...Buffer.from(bytes).toString('latin1').matchAll(/\d+/g)];
    const one = found[which % Math.max(1, found.length)];
    return one === undefined ? bytes : replace(one.index, one[0].length, number)(bytes);
  };
}

function again(at: number, size: number, times: number): Change {
  return (bytes) => {
    const place = at % (bytes.length + 1);
    const piece = bytes.subarray(place, place + size);
    return replace(place, 0, Buffer.concat(Array.from({ length: times }, () => piece)))(bytes);
  };
}

function moved(at: number, size: number, to: number): Change {
  return (bytes) => {
    const place = at % (bytes.length + 1);
    const piece = bytes.slice(place, place + size);
    return replace(to, 0, piece)(replace(place, size, new Uint8Array(0))(bytes));
  };
}

function splice(at: number, other: Uint8Array, from: number): Change {
  return (bytes) =>
    Buffer.concat([bytes.subarray(0, at % (bytes.length + 1)), other.subarray(from % (other.length + 1))]);
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

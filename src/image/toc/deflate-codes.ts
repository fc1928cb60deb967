/**
 * The prefix codes of a deflate block (RFC 1951, 3.2), as tables for who wants to know how long things are and not what they are: a
 * look-up takes as many literals as it holds, and the match behind them with its extra bits.
 */

/** What an entry of {@link DeflateCodes.symbols} leads to. */
export const MORE = 0; // only literals: the next symbol follows
export const DISTANCE = 1; // the distance of a match follows
export const END = 2; // the block is over
export const EXTRA = 3; // extra bits of a match, then its distance
export const LONG = 4; // nothing: the code is longer than the table is deep

/** How deep the tables are, in bits. */
export const SYMBOL_BITS = 11;
export const DISTANCE_BITS = 9;

export interface DeflateCodes {
  /** By the next bits: 5 bits how many they are, 10 bits how many bytes they stand for, 3 bits what follows, then a count of extra bits. */
  readonly symbols: Int32Array;
  /** By the next bits: how many bits a distance has, extra bits included; 0: its code is longer than the table is deep. */
  readonly distances: Uint8Array;
  readonly longSymbols: CodeLengths;
  readonly longDistances: CodeLengths;
  /** Takes the code lengths of literals and matches, and those of the distances behind them. */
  fill(lengths: Uint8Array, literals: number, distances: number): void;
}

/** A code as its lengths define it: symbols by length, then by value. */
export interface CodeLengths {
  /** How many symbols have a code of so many bits. */
  readonly counts: Uint16Array;
  readonly sorted: Uint16Array;
}

/** How many bytes the shortest match of each symbol has, from symbol 257 on, and how many extra bits tell the rest. */
export const MATCH_BASES: readonly number[] = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
];

/** The extra bits of a match, by its symbol from 257 on. */
export function matchExtra(symbol: number): number {
  return symbol < 265 || symbol === 285 ? 0 : (symbol - 261) >> 2;
}

/** The extra bits of a distance, by its symbol. */
export function distanceExtra(symbol: number): number {
  return symbol < 4 ? 0 : (symbol >> 1) - 1;
}

export function deflateCodes(): DeflateCodes {
  const single = new Int32Array(1 << SYMBOL_BITS);
  const codes: DeflateCodes = {
    symbols: new Int32Array(1 << SYMBOL_BITS),
    distances: new Uint8Array(1 << DISTANCE_BITS),
    longSymbols: codeLengths(288),
    longDistances: codeLengths(32),
    fill(lengths, literals, distances) {
      fillSingle(single, codes.longSymbols, lengths.subarray(0, literals));
      join(single, codes.symbols);
      fillDistances(codes.distances, codes.longDistances, lengths.subarray(literals, literals + distances));
    },
  };
  return codes;
}

export function codeLengths(symbols: number): CodeLengths {
  return { counts: new Uint16Array(16), sorted: new Uint16Array(symbols) };
}

/**
 * Sorts symbols by their codes, and tells each code that has at most so many bits.
 * @param tell with the code as it stands in the stream: its first bit lowest.
 */
export function assignCodes(
  { counts, sorted }: CodeLengths,
  lengths: Uint8Array,
  depth: number,
  tell: (symbol: number, code: number, length: number) => void,
): void {
  counts.fill(0);
  for (const length of lengths) counts[length] = (counts[length] ?? 0) + 1;
  counts[0] = 0;
  for (let length = 1, code = 0, at = 0; length < 16; length++, code <<= 1) {
    if (counts[length] === 0) continue;
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      if (lengths[symbol] !== length) continue;
      sorted[at++] = symbol;
      if (length <= depth) tell(symbol, reversed(code, length), length);
      code++;
    }
  }
}

/** Of the next bits, `symbol << 4 | length`; undefined: no code begins so. */
export function longSymbol({ counts, sorted }: CodeLengths, bits: number): number | undefined {
  for (let length = 1, code = 0, first = 0, at = 0; length < 16; length++) {
    code |= (bits >>> (length - 1)) & 1;
    const count = counts[length] ?? 0;
    if (code - first < count) return ((sorted[at + code - first] ?? 0) << 4) | length;
    at += count;
    first = (first + count) << 1;
    code <<= 1;
  }
  return undefined;
}

function reversed(code: number, length: number): number {
  let result = 0;
  for (let bit = 0; bit < length; bit++) result |= ((code >> bit) & 1) << (length - 1 - bit);
  return result;
}

function fillSingle(table: Int32Array, known: CodeLengths, lengths: Uint8Array): void {
  table.fill(LONG << 15);
  assignCodes(known, lengths, SYMBOL_BITS, (symbol, code, length) => {
    for (let index = code; index < table.length; index += 1 << length) {
      table[index] = entryOf(symbol, length, index >> length);
    }
  });
}

function entryOf(symbol: number, length: number, rest: number): number {
  if (symbol < 256) return length | (1 << 5);
  if (symbol === 256) return length | (END << 15);
  const base = MATCH_BASES[symbol - 257] ?? 0;
  const extra = matchExtra(symbol);
  if (length + extra > SYMBOL_BITS) return length | (base << 5) | (EXTRA << 15) | (extra << 18);
  return (length + extra) | ((base + (rest & ((1 << extra) - 1))) << 5) | (DISTANCE << 15);
}

/** Puts behind each literal what follows it, as long as the table is deep enough. */
function join(single: Int32Array, joined: Int32Array): void {
  for (let index = 0; index < single.length; index++) {
    let entry = single[index] ?? 0;
    while (entry >> 15 === MORE) {
      const bits = entry & 31;
      const next = single[index >> bits] ?? 0;
      const all = bits + (next & 31);
      if (next >> 15 > END || all > SYMBOL_BITS) break;
      entry = all | (((entry & 0x7fe0) + (next & 0x7fe0)) & 0x7fe0) | (next & ~0x7fff);
    }
    joined[index] = entry;
  }
}

function fillDistances(table: Uint8Array, known: CodeLengths, lengths: Uint8Array): void {
  table.fill(0);
  assignCodes(known, lengths, DISTANCE_BITS, (symbol, code, length) => {
    for (let index = code; index < table.length; index += 1 << length) table[index] = length + distanceExtra(symbol);
  });
}

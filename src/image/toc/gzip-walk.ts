/** Walks through gzip data (RFC 1952), member by member, and tells where in it reading could begin anew. */
import { quote } from '../../model/quote.ts';
import { addBytes, bitBuffer, deflateWalk, STARVED, takeBits } from './deflate-walk.ts';

/** Where a block of a deflate stream begins. */
export interface BlockStart {
  /** In bits from the beginning of the data. */
  readonly bit: number;
  /** Plain bytes that come before it. */
  readonly out: number;
  /** The first of its member: nothing before it is referred to. */
  readonly isFirst: boolean;
  /** The byte that the bit stands in. */
  readonly head: number;
}

export interface GzipVisitor {
  readonly block: (start: BlockStart) => void;
  /** The blocks of a member have ended, before this bit. */
  readonly end: (bit: number) => void;
}

export interface GzipWalk {
  /** Takes the next bytes. @throws Error where they are no gzip data to it; then it is lost for good */
  readonly push: (chunk: Uint8Array) => void;
  /** Plain bytes that what it has walked through stands for. */
  readonly out: () => number;
}

const FLAG_CRC = 2;
const FLAG_EXTRA = 4;
const FLAG_NAME = 8;
const FLAG_COMMENT = 16;
const MAX_TEXT = 4096;
/** Blocks are some 20 KB long. Data made of the shortest possible ones would be walked through for hours. */
const MIN_BLOCK_BITS = 2048;
const FREE_BLOCKS = 4096;

type Step = 'member' | 'open' | 'block' | 'trailer' | 'over';

export function gzipWalk(visitor: GzipVisitor): GzipWalk {
  const buffer = bitBuffer();
  const deflate = deflateWalk(buffer);
  let isFirst = true;
  let blocks = 0;
  const steps: Record<Exclude<Step, 'over'>, () => Step> = {
    member() {
      if (!takeHeader((count) => takeBits(buffer, count), buffer.base + buffer.at > 0)) return 'over';
      isFirst = true;
      return 'open';
    },
    open() {
      const { base, at, bytes } = buffer;
      const start = { bit: base + at, out: deflate.out, isFirst, head: bytes[at >>> 3] ?? 0 };
      deflate.open();
      if (++blocks > FREE_BLOCKS + start.bit / MIN_BLOCK_BITS) throw new Error('its blocks are too short');
      visitor.block(start);
      isFirst = false;
      return 'block';
    },
    block() {
      const state = deflate.walk();
      if (state === 'open') throw STARVED;
      if (state === 'closed') return 'open';
      visitor.end(buffer.base + buffer.at);
      return 'trailer';
    },
    trailer() {
      buffer.at = (buffer.at + 7) & ~7;
      for (let left = 4; left > 0; left--) takeBits(buffer, 16);
      return 'member';
    },
  };
  let step: Step = 'member';
  const advance = (): boolean => {
    if (step === 'over') return false;
    const { at } = buffer;
    try {
      step = steps[step]();
      return true;
    } catch (error) {
      if (error !== STARVED) throw error;
      // In a block it stands where it was left; all else is read again from its beginning.
      if (step !== 'block') buffer.at = at;
      return false;
    }
  };
  return {
    out: () => deflate.out,
    push(chunk) {
      addBytes(buffer, chunk);
      while (advance());
    },
  };
}

/** @returns false where data has ended and something else follows, which zlib does not read either. */
function takeHeader(take: (count: number) => number, mayEnd: boolean): boolean {
  if (take(8) !== 0x1f || take(8) !== 0x8b) {
    if (mayEnd) return false;
    throw new Error('it is no gzip data');
  }
  const method = take(8);
  if (method !== 8) throw new Error(`its method is ${quote(method)}`);
  const flags = take(8);
  for (let left = 3; left > 0; left--) take(16); // time, level, system
  if ((flags & FLAG_EXTRA) !== 0) for (let left = take(16); left > 0; left--) take(8);
  for (const flag of [FLAG_NAME, FLAG_COMMENT]) if ((flags & flag) !== 0) takeText(take);
  if ((flags & FLAG_CRC) !== 0) take(16);
  return true;
}

function takeText(take: (count: number) => number): void {
  for (let length = 0; take(8) !== 0; length++) if (length > MAX_TEXT) throw new Error('its name does not end');
}

/**
 * Makes the index of a gzip layer while that is read for the first time: where reading can begin anew, what stands before those places,
 * what digests the plain bytes between them have, and where in them the files are. The compressed bytes are walked through before they
 * are unpacked, so that such a place is known when its bytes come.
 */
import { gzip } from '../../bytes/compress.ts';
import { createHasher, type Hasher } from '../../bytes/hash.ts';
import { concat, fromArray, readAll } from '../../bytes/read.ts';
import type { TarPlace } from '../../bytes/tar.ts';
import { collect, mapLimited } from '../../graph/collect.ts';
import type { Digest } from '../../model/digest.ts';
import { type GzipPiece, MAX_PIECE, WINDOW_BYTES } from './gzip-piece.ts';
import { type BlockStart, gzipWalk } from './gzip-walk.ts';

/** What has been learnt of a layer. */
export interface GzipIndex {
  readonly entries: readonly TarPlace[];
  readonly pieces: readonly IndexedPiece[];
}

export interface IndexedPiece extends GzipPiece {
  /** Plain bytes before it, and in it; the last one may go on. */
  readonly out: number;
  readonly size: number;
  readonly digest: Digest;
}

export interface GzipRecorder {
  /** The layer's bytes, before they are unpacked. */
  readonly packed: (chunk: Uint8Array) => void;
  readonly unpacked: (chunk: Uint8Array) => void;
  readonly entry: (entry: TarPlace) => void;
  /** The index of what went by; undefined where there can be none. */
  readonly finish: () => Promise<GzipIndex | undefined>;
}

/** A piece is as many compressed bytes, of a large layer a part of it; */
const PIECE_BYTES = 256 * 1024;
const PIECES = 256;
/** or as many plain ones. It ends with a block, so it may be larger. */
const PIECE_OUT = 4 * 1024 * 1024;
/** No index is better than one that takes more memory than this: layers of 8 GiB and more have none. */
const MAX_WINDOWS = 2048;
export const MAX_PIECES = 65_536;
export const MAX_INDEXED_ENTRIES = 250_000;
const COMPRESSED_AT_A_TIME = 4;
const MAX_PENDING = 4 * 1024 * 1024;

/** A place to begin at, as the walk finds it. */
interface Place {
  readonly start: BlockStart;
  /** Where its piece ends, in bits. */
  to: number | undefined;
  isLast: boolean;
}

/** A piece as its plain bytes have gone by. */
interface Proven {
  readonly place: Place;
  readonly window: Uint8Array;
  readonly size: number;
  readonly digest: Digest;
}

/**
 * @param size of the layer, in bytes.
 * @param spacing of the places to begin at, in bytes of the layer.
 */
export function gzipRecorder(size: number, spacing: number = Math.max(PIECE_BYTES, size / PIECES)): GzipRecorder {
  const places = gzipPlaces(spacing);
  const proof = pieceProof(places.all);
  const entries: TarPlace[] = [];
  let isLost = false;
  const unlessLost = <T>(work: () => T): T | undefined => {
    if (isLost) return undefined;
    try {
      return work();
    } catch {
      // Whether the layer is valid is for others to say; here it only has no index.
      isLost = true;
      return undefined;
    }
  };
  return {
    packed: (chunk) => unlessLost(() => places.push(chunk)),
    unpacked: (chunk) => unlessLost(() => proof.push(chunk, places.out())),
    entry: (entry) =>
      unlessLost(() => {
        if (entries.push(entry) > MAX_INDEXED_ENTRIES) throw new Error('there are too many entries');
      }),
    async finish() {
      const proven = unlessLost(() => {
        proof.push(new Uint8Array(0), places.out());
        return proof.finish();
      });
      if (proven === undefined || proven.length === 0) return undefined;
      const index = { entries, pieces: await collect(mapLimited(proven, COMPRESSED_AT_A_TIME, indexed)) };
      return fitsTogether(index, size) ? index : undefined;
    },
  };
}

/** Are all files in the pieces, these one behind the other, of a size that can be held, and in a layer of that size? */
export function fitsTogether({ entries, pieces }: GzipIndex, layerSize: number): boolean {
  let at = 0;
  let end = 0;
  for (const { from, to, out, size, windowSize } of pieces) {
    if (out !== at || from < end || from >= to || to > layerSize * 8) return false;
    if (size > MAX_PIECE || to - from > MAX_PIECE * 8 || windowSize > WINDOW_BYTES) return false;
    at += size;
    end = to;
  }
  return entries.every(({ offset, size }) => offset + size <= at);
}

async function indexed({ place, window, size, digest }: Proven): Promise<IndexedPiece> {
  const { start, to = 0, isLast } = place;
  const packed = window.length === 0 ? window : await readAll(gzip(fromArray(window)), 2 * WINDOW_BYTES, 'the window');
  const { bit: from, head, out } = start;
  return { from, to, head, isLast, window: packed, windowSize: window.length, out, size, digest };
}

interface GzipPlaces {
  readonly all: readonly Place[];
  readonly push: (chunk: Uint8Array) => void;
  readonly out: () => number;
}

/** Chooses among the blocks: the first of each member, and then one every so often. */
function gzipPlaces(spacing: number): GzipPlaces {
  const all: Place[] = [];
  let windows = 0;
  const walk = gzipWalk({
    block(start) {
      const last = all.at(-1);
      if (last !== undefined && !start.isFirst) {
        const { bit, out } = last.start;
        if (start.bit - bit < spacing * 8 && start.out - out < PIECE_OUT) return;
        last.to = start.bit;
        windows++;
      }
      all.push({ start, to: undefined, isLast: false });
      if (windows > MAX_WINDOWS || all.length > MAX_PIECES) throw new Error('there are too many pieces');
    },
    end(bit) {
      const last = all.at(-1);
      if (last !== undefined) [last.to, last.isLast] = [bit, true];
    },
  });
  return { all, push: walk.push, out: walk.out };
}

interface PieceProof {
  /** Takes plain bytes, of which the first so many are known to be walked through. */
  push(chunk: Uint8Array, known: number): void;
  finish(): readonly Proven[] | undefined;
}

/** Hashes the plain bytes piece by piece, and keeps what stands before each. */
function pieceProof(places: readonly Place[]): PieceProof {
  const proven: Proven[] = [];
  let pending: Uint8Array = new Uint8Array(0);
  let tail: Uint8Array = new Uint8Array(0);
  let at = 0;
  let open: { readonly place: Place; readonly window: Uint8Array; readonly hasher: Hasher } | undefined;
  let next = 0;

  const close = (): void => {
    if (open === undefined) return;
    const { place, window, hasher } = open;
    const size = at - place.start.out;
    if (size > 0) proven.push({ place, window, size, digest: hasher.digest() });
  };
  /** More than one begins at a place where blocks are empty; the last of them is the piece. */
  const begin = (): void => {
    for (let place = places[next]; place?.start.out === at; place = places[++next]) {
      close();
      const window = place.start.isFirst ? new Uint8Array(0) : new Uint8Array(tail);
      open = { place, window, hasher: createHasher('sha256') };
    }
  };
  const pass = (bytes: Uint8Array): void => {
    open?.hasher.update(bytes);
    at += bytes.length;
    tail = bytes.length < WINDOW_BYTES ? concat([tail, bytes]).subarray(-WINDOW_BYTES) : bytes.subarray(-WINDOW_BYTES);
  };
  return {
    push(chunk, known) {
      const bytes = concat([pending, chunk]);
      const given = bytes.subarray(0, Math.max(0, known - at));
      pending = new Uint8Array(bytes.subarray(given.length));
      for (let rest = given; rest.length > 0; ) {
        begin();
        const end = places[next]?.start.out ?? Infinity;
        const own = rest.subarray(0, end - at);
        rest = rest.subarray(own.length);
        pass(own);
      }
      if (pending.length > MAX_PENDING) throw new Error('the walk is left behind');
    },
    finish() {
      close();
      return pending.length === 0 && proven.every(({ place }) => place.to !== undefined) ? proven : undefined;
    },
  };
}

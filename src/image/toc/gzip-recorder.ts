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
import { type GzipPiece, WINDOW_BYTES } from './gzip-piece.ts';
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
  packed(chunk: Uint8Array): void;
  unpacked(chunk: Uint8Array): void;
  entry(entry: TarPlace): void;
  /** The index of what went by; undefined where there can be none. */
  finish(): Promise<GzipIndex | undefined>;
}

/** A piece is as many compressed bytes, or more: of a large layer they are larger, so that there are never many. */
const PIECE_BYTES = 256 * 1024;
const MOST_PIECES = 256;
/** Or as many plain ones. */
const PIECE_OUT = 4 * 1024 * 1024;
/** No index is better than one that takes more memory than this. */
const MAX_WINDOWS = 2048;
const MAX_PIECES = 65_536;
const MAX_PIECE_OUT = 16 * 1024 * 1024;
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

/** @param size of the layer, in bytes. */
export function gzipRecorder(size: number): GzipRecorder {
  const places = gzipPlaces(Math.max(PIECE_BYTES, size / MOST_PIECES));
  const proof = pieceProof(places.all);
  const entries: TarPlace[] = [];
  let isLost = false;
  const unlessLost = (work: () => void): void => {
    if (isLost) return;
    try {
      work();
    } catch {
      // Whether the layer is valid is for others to say; here it only has no index.
      isLost = true;
    }
  };
  return {
    packed: (chunk) => unlessLost(() => places.push(chunk)),
    unpacked: (chunk) => unlessLost(() => proof.push(chunk, places.out())),
    entry: (entry) => unlessLost(() => entries.push(entry)),
    async finish() {
      unlessLost(() => proof.push(new Uint8Array(0), places.out()));
      const proven = isLost ? undefined : proof.finish();
      if (proven === undefined || proven.length === 0) return undefined;
      const index = { entries, pieces: await collect(mapLimited(proven, COMPRESSED_AT_A_TIME, indexed)) };
      return fitsTogether(index) ? index : undefined;
    },
  };
}

/** Are all files in the pieces, and the pieces one behind the other? */
export function fitsTogether({ entries, pieces }: GzipIndex): boolean {
  let at = 0;
  for (const { out, size } of pieces) {
    if (out !== at) return false;
    at += size;
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
  push(chunk: Uint8Array): void;
  out(): number;
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
    if (size > MAX_PIECE_OUT) throw new Error('a piece is too large');
    if (size > 0) proven.push({ place, window, size, digest: hasher.digest() });
  };
  const begin = (place: Place): void => {
    close();
    const window = place.start.isFirst ? new Uint8Array(0) : tail.slice();
    open = { place, window, hasher: createHasher('sha256') };
  };
  const pass = (bytes: Uint8Array): void => {
    open?.hasher.update(bytes);
    at += bytes.length;
    tail = bytes.length < WINDOW_BYTES ? concat([tail, bytes]).subarray(-WINDOW_BYTES) : bytes.subarray(-WINDOW_BYTES);
  };
  return {
    push(chunk, known) {
      pending = concat([pending, chunk]);
      while (pending.length > 0 && at < known) {
        for (; places[next]?.start.out === at; next++) begin(places[next] as Place);
        const end = Math.min(known, places[next]?.start.out ?? known);
        const bytes = pending.subarray(0, end - at);
        pending = pending.subarray(bytes.length);
        pass(bytes);
      }
      if (pending.length > MAX_PENDING) throw new Error('the walk is left behind');
    },
    finish() {
      close();
      return pending.length === 0 && proven.every(({ place }) => place.to !== undefined) ? proven : undefined;
    },
  };
}

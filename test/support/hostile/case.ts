/**
 * What a hostile archive is here: a trick, the layers that play it, and what has to come of them. Either they are refused, or they mean
 * the same as other entries, which play no trick; those are told as they have to stand on a disk. Beside a trick stands a twin: an archive
 * that looks like it and does no harm. Which tricks there are, the files beside this one say.
 */
import { digestOf } from '../../../src/bytes/hash.ts';
import { fromArray, readAll } from '../../../src/bytes/read.ts';
import { gzip } from '../../../src/bytes/compress.ts';
import type { TarFile } from '../../../src/bytes/tar.ts';
import type { ErrorCode } from '../../../src/errors.ts';
import type { Digest } from '../../../src/model/digest.ts';
import { rawTar } from '../raw-tar.ts';

export type Piece = TarFile | Uint8Array;

/** A layer as it is kept, and the digest of what it unpacks to. */
export interface Packed {
  readonly packed: Uint8Array;
  readonly diffId: Digest;
}

export type Layer = readonly Piece[] | Packed;

/**
 * How far one comes: not to unpack it, not to its first header, not to its last one, not to a file system, or not to files on a disk.
 */
export type Stage = 'bytes' | 'head' | 'headers' | 'files' | 'disk';

export interface Case {
  /** The trick. */
  readonly trick: string;
  readonly what: string;
  readonly isTwin: boolean;
  /** @param outside a directory that nothing may happen to. */
  readonly layers: (outside: string) => readonly Layer[] | Promise<readonly Layer[]>;
  readonly refused?: { readonly at: Stage; readonly code: ErrorCode };
  readonly means?: (outside: string) => readonly TarFile[];
  /** Names that are told of, and that no disk can have. */
  readonly leftOut?: readonly string[];
  /** As the archive of a directory it is refused all the same, or cannot be one. */
  readonly isNoDirectory?: boolean;
}

type Layers = Case['layers'];
type Means = readonly TarFile[] | NonNullable<Case['means']>;

export interface RefusedOptions {
  readonly at?: Stage;
  readonly code?: ErrorCode;
}

/** Refused, all of it, by whoever unpacks it. */
export function refused(trick: string, what: string, layers: Layers, options: RefusedOptions = {}): Case {
  const { at = 'files', code = 'LAYOUT_INVALID' } = options;
  return { trick, what, isTwin: false, layers, refused: { at, code } };
}

/** Taken, and all of it stays inside. */
export function contained(trick: string, what: string, layers: Layers, means: Means): Case {
  return { trick, what, isTwin: false, layers, means: typeof means === 'function' ? means : () => means };
}

/** The same, but nobody makes such an archive of a directory. */
export function noDirectory(one: Case): Case {
  return { ...one, isNoDirectory: true };
}

/** Does no harm, and has to come out whole. @param means what its entries say, where they are not written as such */
export function twin(trick: string, what: string, layers: Layers, means?: Means): Case {
  const own: Case['means'] = typeof means === 'function' ? means : means && (() => means);
  return { trick, what, isTwin: true, layers, ...(own === undefined ? {} : { means: own }) };
}

/** What has to stand on the disk. */
export async function meant(one: Case, outside: string): Promise<readonly TarFile[]> {
  if (one.means !== undefined) return one.means(outside);
  const layers = await one.layers(outside);
  return layers.flatMap((layer) =>
    'packed' in layer ? [] : layer.filter((piece): piece is TarFile => !(piece instanceof Uint8Array)),
  );
}

/** The archive of a layer. */
export async function packed(layer: Layer): Promise<Packed> {
  return 'packed' in layer ? layer : gzipped(await rawTar(...layer));
}

export async function gzipped(archive: Uint8Array): Promise<Packed> {
  return { packed: await readAll(gzip(fromArray(archive)), 1 << 28, 'layer'), diffId: digestOf(archive) };
}

/**
 * A tar archive that grows at its end: files of a known name and size, and streams of which both are learnt as they pass.
 * What fails is cut off again. One at a time: whoever writes to it takes turns.
 */
import type { FileHandle } from 'node:fs/promises';
import { OciError } from '../../errors.ts';
import { concat, fromArray } from '../../bytes/read.ts';
import { TAR_END, tarHeader, tarPadding } from '../../bytes/tar.ts';
import type { Bytes } from '../../model/call.ts';
import { appendStream, readWindow } from '../files/file-io.ts';
import { onDisk } from '../files/fs-errors.ts';

export interface GrowingTar {
  readonly handle: FileHandle;
  /** Names it in messages. */
  readonly name: string;
  /** The bodies of its files, by their names. */
  readonly places: Map<string, { readonly offset: number; readonly size: number }>;
  /** Where the next header goes. */
  end: number;
}

export function growTar(handle: FileHandle, name: string): GrowingTar {
  return { handle, name, places: new Map(), end: 0 };
}

/** Writes bytes anywhere. @returns where they end */
export async function writeAt({ handle, name }: GrowingTar, bytes: Uint8Array, at: number): Promise<number> {
  const { end, failure } = await appendStream(handle, at, fromArray(bytes), name);
  if (failure !== undefined) throw failure.error;
  return end;
}

export async function addFile(tar: GrowingTar, path: string, bytes: Uint8Array): Promise<void> {
  const header = await tarHeader({ name: path, size: bytes.length });
  const offset = tar.end + header.length;
  tar.end = await writeAt(tar, concat([header, bytes, tarPadding(bytes.length)]), tar.end);
  tar.places.set(path, { offset, size: bytes.length });
}

/** Notes that the body of a file stands at a place, and fills its last block. */
export async function endFile(tar: GrowingTar, path: string, offset: number, size: number): Promise<void> {
  tar.end = await writeAt(tar, tarPadding(size), offset + size);
  tar.places.set(path, { offset, size });
}

/** Drops what stands behind the last file. */
export async function cutTar({ handle, name, end }: GrowingTar): Promise<void> {
  await onDisk(`cut ${name}`, () => handle.truncate(end));
}

/** Of every file whose name is short. */
const HEADER = 512;

/**
 * Adds a stream: room is left for its header, which is written when the bytes have told the name.
 * @param nameOf asked at the end of the stream; at most 100 ASCII characters. What the archive has already is not kept twice.
 * @returns the name
 */
export async function addStream(
  tar: GrowingTar,
  bytes: Bytes,
  nameOf: () => string,
  signal?: AbortSignal,
): Promise<string> {
  const offset = tar.end + HEADER;
  const { end, failure } = await appendStream(tar.handle, offset, bytes, tar.name, signal);
  const path = failure === undefined ? nameOf() : undefined;
  if (path === undefined || tar.places.has(path)) await cutTar(tar);
  if (path === undefined) throw failure?.error;
  if (tar.places.has(path)) return path;
  const size = end - offset;
  const header = await tarHeader({ name: path, size });
  if (header.length !== HEADER) throw new TypeError(`${path} is too long a name`);
  await writeAt(tar, header, tar.end);
  await endFile(tar, path, offset, size);
  return path;
}

export function readFrom(tar: GrowingTar, path: string, start: number, end: number, signal?: AbortSignal): Bytes {
  const place = tar.places.get(path);
  if (place === undefined) throw new OciError('NOT_FOUND', `${tar.name}: ${path} is not there`);
  return readWindow(tar.handle, place.offset + start, place.offset + Math.min(end, place.size), tar.name, signal);
}

/** Writes the end of the archive, after which nothing stands. */
export async function endTar(tar: GrowingTar): Promise<void> {
  tar.end = await writeAt(tar, TAR_END, tar.end);
  await cutTar(tar);
}

/**
 * What a user names to be read: a file stays open, so that it is the same one until the end; a pipe, a device and standard input are
 * spooled first. Either can then be read anywhere, as often as wanted.
 */
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { OciError } from '../../errors.ts';
import type { Bytes, Call } from '../../model/call.ts';
import type { Spool } from '../../store/spool.ts';
import { readWindow } from './file-io.ts';
import { fsError, onDisk, unless } from './fs-errors.ts';
import { spoolToDisk } from './spool.ts';

export interface InputOptions extends Call {
  /** Where a stream, and what is compressed on the way, is kept until it is closed; temporary files unless told. */
  readonly spool?: Spool | undefined;
  /** What `-` stands for; standard input unless told. */
  readonly input?: Bytes | undefined;
}

/** Bytes that can be read anywhere until they are closed. */
export interface Windows {
  readonly size: number;
  read(start: number, end: number, options: Call): Bytes;
  close(): Promise<void>;
}

/** The bytes of a file, or those of standard input for `-`; nothing of a file is read yet. @throws OciError `IO`, `DISK_FULL` */
export async function openWindows(file: string, options: InputOptions = {}): Promise<Windows> {
  const { windows, stream } = await find(file, options);
  return windows ?? spoolWindows(stream, options);
}

/** A stream, kept until it is closed. @throws OciError `DISK_FULL`, `IO`, and whatever the stream throws */
export async function spoolWindows(
  stream: Bytes,
  { spool = spoolToDisk(), signal }: InputOptions = {},
): Promise<Windows> {
  const spooled = await spool(stream, { signal });
  const { content } = spooled;
  return {
    size: content.descriptor.size,
    read: (start, end, call) => content.open({ signal: call.signal, start, end }),
    close: () => spooled.close(),
  };
}

/**
 * Refuses what no archive can be, before anything is opened.
 * @param hint what to do with a directory.
 * @throws OciError `NOT_FOUND`, `LAYOUT_INVALID`, `IO`
 */
export async function requireArchive(file: string, hint: string): Promise<void> {
  if (file === '-') return;
  const stats = await onDisk(`read ${file}`, () => unless(['ENOENT', 'ENOTDIR'], stat(file)));
  if (stats === undefined) throw new OciError('NOT_FOUND', `there is no archive ${file}`);
  if (stats.isDirectory()) throw new OciError('LAYOUT_INVALID', `${file} is a directory, not an archive`, { hint });
}

type Found =
  | { readonly windows: Windows; readonly stream?: never }
  | { readonly windows?: never; readonly stream: Bytes };

async function find(file: string, { input = process.stdin }: InputOptions): Promise<Found> {
  if (file === '-') return { stream: input };
  const stats = await onDisk(`read ${file}`, () => stat(file));
  if (!stats.isFile() && !stats.isDirectory()) return { stream: streamOf(file) };
  const handle = await onDisk(`read ${file}`, () => open(file, 'r'));
  return {
    windows: {
      size: stats.size,
      read: (start, end, { signal }) => readWindow(handle, start, end, file, signal),
      close: () => handle.close(),
    },
  };
}

async function* streamOf(file: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(file);
  } catch (error) {
    throw fsError(error, `read ${file}`);
  }
}

/**
 * The files of a tar archive, read anywhere. An archive that cannot be is spooled first: a compressed one, a pipe, standard input.
 */
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { OciError } from '../errors.ts';
import { gunzip, unzstd } from '../bytes/compress.ts';
import { readAll } from '../bytes/read.ts';
import { scanTar, type TarPlace } from '../bytes/tar.ts';
import type { Bytes, Call } from '../model/call.ts';
import type { Spool } from '../store/spool.ts';
import { readWindow } from './file-io.ts';
import { onDisk, unless } from './fs-errors.ts';
import { spoolToDisk } from './spool.ts';

export interface TarFiles {
  /** Of the archive, for messages. */
  readonly name: string;
  /** By their names without a leading `./`; where a name stands twice, the last one counts, as for tar(1). */
  readonly entries: ReadonlyMap<string, TarPlace>;
  /** The bytes of an entry from `start` to before `end`, fewer when it is shorter. */
  read(place: TarPlace, start: number, end: number, options?: Call): Bytes;
  close(): Promise<void>;
}

export interface OpenTarOptions extends Call {
  readonly spool?: Spool | undefined;
  /** What `-` stands for; standard input unless told. */
  readonly input?: Bytes | undefined;
}

/** Bytes that can be read anywhere. */
interface Windows {
  readonly size: number;
  read(start: number, end: number, options: Call): Bytes;
  close(): Promise<void>;
}

/**
 * Opens an archive: tar, or tar in gzip or zstd.
 * @param file a path, or `-`.
 * @throws OciError `NOT_FOUND`, `LAYOUT_INVALID`, `IO`
 */
export async function openTarFiles(file: string, options: OpenTarOptions = {}): Promise<TarFiles> {
  const windows = await uncompressed(await openWindows(file, options), options);
  try {
    const entries = await listEntries(windows, options);
    return {
      name: file,
      entries,
      read: ({ offset, size }, start, end, call = {}) =>
        windows.read(offset + start, offset + Math.min(end, size), call),
      close: () => windows.close(),
    };
  } catch (error) {
    await windows.close();
    throw error;
  }
}

async function openWindows(file: string, options: OpenTarOptions): Promise<Windows> {
  if (file === '-') return spooled(options.input ?? process.stdin, options);
  const stats = await onDisk(`read ${file}`, () => unless(['ENOENT', 'ENOTDIR'], stat(file)));
  if (stats === undefined) throw new OciError('NOT_FOUND', `there is no archive ${file}`);
  if (stats.isDirectory()) {
    throw new OciError('LAYOUT_INVALID', `${file} is a directory, not an archive`, { hint: `try oci:${file}` });
  }
  if (!stats.isFile()) return spooled(createReadStream(file), options);
  const handle = await onDisk(`open ${file}`, () => open(file, 'r'));
  return {
    size: stats.size,
    read: (start, end, { signal }) => readWindow(handle, start, end, file, signal),
    close: () => handle.close(),
  };
}

async function spooled(bytes: Bytes, { spool = spoolToDisk(), signal }: OpenTarOptions): Promise<Windows> {
  const kept = await spool(bytes, { signal });
  return {
    size: kept.content.descriptor.size,
    read: (start, end, { signal: own }) => kept.content.open({ signal: own, start, end }),
    close: () => kept.close(),
  };
}

async function uncompressed(windows: Windows, options: OpenTarOptions): Promise<Windows> {
  try {
    const head = await readAll(windows.read(0, 4, options), 4, 'the head of the archive');
    const unpack = unpackerFor(head);
    if (unpack === undefined) return windows;
    const plain = await spooled(unpack(windows.read(0, windows.size, options), options), options);
    await windows.close();
    return plain;
  } catch (error) {
    await windows.close();
    throw error;
  }
}

function unpackerFor([a, b, c, d]: Uint8Array): typeof gunzip | undefined {
  if (a === 0x1f && b === 0x8b) return gunzip;
  if (a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd) return unzstd;
  return undefined;
}

async function listEntries(windows: Windows, options: Call): Promise<Map<string, TarPlace>> {
  const entries = new Map<string, TarPlace>();
  for await (const place of scanTar(headWindow(windows, options), windows.size)) {
    if (place.type !== 'directory') entries.set(place.name.replace(/^(\.?\/+)+/, ''), place);
  }
  return entries;
}

const AHEAD = 32 * 1024;

/** Small windows out of a larger one: in an archive of small files, many headers stand close together. */
function headWindow(windows: Windows, options: Call): (start: number, end: number) => Promise<Uint8Array> {
  let from = 0;
  let held: Uint8Array = new Uint8Array(0);
  return async (start, end) => {
    if (start < from || end > from + held.length) {
      from = start;
      const until = Math.min(Math.max(end, start + AHEAD), windows.size);
      held = await readAll(windows.read(start, until, options), AHEAD, 'a window');
    }
    return held.subarray(start - from, end - from);
  };
}

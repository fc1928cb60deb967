/**
 * The files of a tar archive, read anywhere. An archive that cannot be is spooled first: a compressed one, a pipe, standard input.
 */
import { compressionOf, decompress } from '../../bytes/decompress.ts';
import { readAll } from '../../bytes/read.ts';
import { scanTar, type TarPlace } from '../../bytes/tar.ts';
import type { Bytes, Call } from '../../model/call.ts';
import { type InputOptions, openWindows, requireArchive, spoolWindows, type Windows } from '../files/open-input.ts';

export interface TarFiles {
  /** Of the archive, for messages. */
  readonly name: string;
  /** By their names without a leading `./`; where a name stands twice, the last one counts, as for tar(1). */
  readonly entries: ReadonlyMap<string, TarPlace>;
  /** The bytes of an entry from `start` to before `end`, fewer when it is shorter. */
  read(place: TarPlace, start: number, end: number, options?: Call): Bytes;
  close(): Promise<void>;
}

export type OpenTarOptions = InputOptions;

/**
 * Opens an archive: tar, or tar in gzip or zstd.
 * @param file a path, or `-`.
 * @throws OciError `NOT_FOUND`, `LAYOUT_INVALID`, `IO`
 */
export async function openTarFiles(file: string, options: OpenTarOptions = {}): Promise<TarFiles> {
  await requireArchive(file, `try oci:${file}`);
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

async function uncompressed(windows: Windows, options: OpenTarOptions): Promise<Windows> {
  try {
    const head = await readAll(windows.read(0, 4, options), 4, 'the head of the archive');
    if (compressionOf(head) === 'none') return windows;
    const plain = await spoolWindows(decompress(windows.read(0, windows.size, options), options), options);
    await windows.close();
    return plain;
  } catch (error) {
    await windows.close();
    throw error;
  }
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

/** Content in a file: verified on its way, and under its name only when all of it is right and on the disk. */
import { type FileHandle, lstat, open, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { OciError } from '../../errors.ts';
import { abortable } from '../../bytes/read.ts';
import type { Bytes, Call } from '../../model/call.ts';
import { counted } from '../../graph/progress.ts';
import type { Content } from '../../store/types.ts';
import { openBeside } from './beside.ts';
import { appendStream } from './file-io.ts';
import { requireSpace } from '../directory/free-space.ts';
import { onDisk } from './fs-errors.ts';

/**
 * Writes content to a file. Until it is complete, verified and synced it stands beside the file with `.partial` at its end, and goes
 * when something fails: then what stood under the name before stands there still, or nothing. What is no file (a terminal, a
 * pipe, `/dev/null`) is written to as the bytes come.
 * @example
 * await saveContent(repository.blob(layer), 'layer.tar.gz');
 * @throws OciError `DISK_FULL`, `IO`; `NOT_FOUND`, `DIGEST_MISMATCH`, `SIZE_MISMATCH` and whatever else the content throws
 */
export async function saveContent(content: Content, file: string, options: Call = {}): Promise<void> {
  const { descriptor } = content;
  const { signal, on } = options;
  on?.({ type: 'start', descriptor });
  await saveBytes(counted(content, on).open({ signal, on }), file, { signal, size: descriptor.size });
  on?.({ type: 'done', descriptor, outcome: 'written' });
}

export interface SaveOptions {
  readonly signal?: AbortSignal | undefined;
  /** How many bytes there are, where that is known: a disk that has no room for them gets none. */
  readonly size?: number | undefined;
}

/** Writes bytes to a file, whole or not at all. @throws OciError `DISK_FULL`, `IO`, and whatever the bytes throw */
export async function saveBytes(bytes: Bytes, file: string, { signal, size = 0 }: SaveOptions = {}): Promise<void> {
  const place = await behindLinks(file);
  const standing = await stat(place).catch(() => undefined);
  if (standing !== undefined && !standing.isFile()) return pour(bytes, place, signal);
  await requireSpace(dirname(place), size, 'the file');
  const output = await openBeside(place);
  try {
    const { failure } = await appendStream(output.handle, 0, bytes, place, signal);
    if (failure !== undefined) throw failure.error;
    await output.deliver();
  } catch (error) {
    await output.drop();
    throw error;
  }
}

/**
 * Behind a link the file is replaced, not the link. A link that somebody else has put into a folder for everybody is not followed: Linux
 * would not open it either (`fs.protected_symlinks`), but looking where it leads goes round that.
 */
async function behindLinks(file: string): Promise<string> {
  const link = await lstat(file).catch(() => undefined);
  if (link?.isSymbolicLink() !== true) return file;
  const folder = await stat(dirname(file));
  const isForAll = (folder.mode & 0o1002) === 0o1002;
  if (isForAll && link.uid !== process.geteuid?.() && link.uid !== folder.uid) {
    throw new OciError('IO', `cannot write ${file}: it is a link that another user has put there`, {
      hint: 'remove it, or name the file that it leads to',
    });
  }
  return realpath(file).catch(() => file);
}

async function pour(bytes: Bytes, place: string, signal: AbortSignal | undefined): Promise<void> {
  const writing = <T>(run: () => Promise<T>): Promise<T> => onDisk(`write ${place}`, run);
  const handle: FileHandle = await writing(() => open(place, 'w'));
  try {
    for await (const chunk of abortable(bytes, signal)) await writing(() => handle.writeFile(chunk));
  } finally {
    await handle.close();
  }
}

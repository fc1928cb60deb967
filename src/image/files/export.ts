/**
 * The merged file system as one tar archive. Files with bytes come first, in the order in which the layers bring them, so that nothing
 * is kept back; then the tree, sorted, each directory before its links and devices. An unpacker makes the directories on the way, and
 * learns what is told of each when nothing but that changes it any more: so their times and modes come out right everywhere.
 */
import { type TarFile, writeTar } from '../../bytes/tar.ts';
import type { Call } from '../../model/call.ts';
import { type FileEntry, fileKey, xattrRecords } from './file-entry.ts';
import type { FileSystem } from './file-system.ts';

/**
 * Writes the file system of an image as an archive. The same image becomes the same bytes.
 * @throws OciError what reading the file system throws
 * @example
 * await pipeline(Readable.from(exportTar(files)), createWriteStream('root.tar'));
 */
export function exportTar(files: FileSystem, options: Call = {}): AsyncGenerator<Uint8Array> {
  return writeTar(archived(files, options));
}

async function* archived(files: FileSystem, options: Call): AsyncGenerator<TarFile> {
  const seen = new Map<string, FileEntry>();
  const withBytes: FileEntry[] = [];
  const others: FileEntry[] = [];
  for await (const file of files.entries(options)) {
    const key = fileKey(file);
    if (key === undefined || seen.has(key) || file.size === 0) others.push(file);
    else withBytes.push(file);
    if (key !== undefined && !seen.has(key)) seen.set(key, file);
  }
  for await (const { file, body } of files.bodies(withBytes, options)) yield { ...headerOf(file), body };
  for (const file of others) yield linkOr(file, seen);
}

/** All names of a file but the first are links to that. */
function linkOr(file: FileEntry, seen: ReadonlyMap<string, FileEntry>): TarFile {
  const first = seen.get(fileKey(file) ?? '');
  if (first === undefined || first === file) return headerOf(file);
  return { ...headerOf(file), type: 'link', linkname: first.path, size: 0 };
}

function headerOf(file: FileEntry): TarFile {
  const { path, xattrs: _, layer: _layer, index: _index, exactMtime, ...header } = file;
  const name = path === '' ? './' : path;
  // The record goes where the writer would make one of the number.
  const time = exactMtime === undefined ? {} : { mtime: exactMtime };
  return {
    ...header,
    name: file.type === 'directory' && path !== '' ? `${path}/` : name,
    mtime: exactMtime === undefined ? file.mtime : 0,
    pax: { ...xattrRecords(file), ...time },
  };
}

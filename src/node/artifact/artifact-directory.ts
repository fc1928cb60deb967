/**
 * The archive of a directory, unpacked where it belongs. It is judged whole before anything is written: its digest before compression,
 * and that it holds nothing but files, directories, and links that stay in it.
 */
import { OciError } from '../../errors.ts';
import { decompress } from '../../bytes/decompress.ts';
import { hasherFor } from '../../bytes/hash.ts';
import { digestMismatch } from '../../bytes/verify.ts';
import { UNPACKED_DIGEST } from '../../image/attached/artifact.ts';
import type { FileEntry } from '../../image/files/file-entry.ts';
import { type FileSystem, openFileSystem } from '../../image/files/file-system.ts';
import { openLayer } from '../../image/files/open-layer.ts';
import type { LayerEntry } from '../../image/files/layer-entries.ts';
import type { Call } from '../../model/call.ts';
import { parseDigest } from '../../model/digest.ts';
import { OCI_LAYER } from '../../model/media-types.ts';
import { quote } from '../../model/quote.ts';
import { manifestFromDocument } from '../../store/content.ts';
import { createMemoryStore } from '../../store/memory.ts';
import { overlay } from '../../store/overlay.ts';
import type { Spool } from '../../store/spool.ts';
import type { Content, Source } from '../../store/types.ts';
import { staysWithin } from '../tar/directory-archive.ts';
import { extract } from '../extract/extract.ts';
import { spoolToDisk } from '../files/spool.ts';

export interface UnpackOptions extends Call {
  readonly keepOldFiles: boolean;
  readonly spool?: Spool | undefined;
}

/**
 * Unpacks an archive into a directory that stands, over what is there unless that is to be kept.
 * @param title what its names begin with, as oras writes them; an archive in which they do not is unpacked as it is.
 * @throws OciError `LAYOUT_INVALID`, `DIGEST_MISMATCH`, `CONFLICT`, `TOO_LARGE`, `LIMIT`, `DISK_FULL`, `IO`
 */
export async function unpackDirectory(
  archive: Content,
  title: string,
  directory: string,
  options: UnpackOptions,
): Promise<void> {
  const { keepOldFiles, spool = spoolToDisk(), signal, on } = options;
  const spooled = await spool(archive.open({ signal, on }), { signal });
  try {
    const content = spooled.content;
    await checkUnpacked(content, archive, { signal });
    const source = overlay(createMemoryStore(), { blobs: [content] });
    const prefix = await judge(source, content, title, { signal });
    const files = openFileSystem(source, manifestOver(content));
    try {
      await extract(ownFiles(files), prefix, directory, { force: !keepOldFiles, owners: false, signal });
    } finally {
      await files.close();
    }
  } finally {
    await spooled.close();
  }
}

/** The digest that it had before it was compressed, where that is told. */
async function checkUnpacked(content: Content, { descriptor }: Content, call: Call): Promise<void> {
  const told = descriptor.annotations?.[UNPACKED_DIGEST];
  if (told === undefined) return;
  const digest = parseDigest(told);
  const hasher = hasherFor(digest);
  for await (const chunk of decompress(content.open(call), call)) hasher.update(chunk);
  const actual = hasher.digest();
  if (actual !== digest) throw digestMismatch(digest, actual, `the archive ${descriptor.digest}`);
}

/** @returns what all of its names begin with: the title, or nothing */
async function judge(source: Source, { descriptor }: Content, title: string, call: Call): Promise<string> {
  const layer = openLayer(source, descriptor);
  const links: LayerEntry[] = [];
  let prefix: string | undefined;
  try {
    for await (const entry of layer.entries(call)) {
      check(entry);
      if (entry.header.type === 'symlink') links.push(entry);
      prefix = isBelow(entry.path, title) ? (prefix ?? title) : '';
    }
  } finally {
    await layer.close();
  }
  for (const link of links) checkLink(link, prefix ?? '');
  return prefix ?? '';
}

/** Does a name stand below the title, or the title below it? */
function isBelow(path: string, title: string): boolean {
  return path === title || path.startsWith(`${title}/`) || title.startsWith(`${path}/`);
}

function check({ kind, path, header: { type } }: LayerEntry): void {
  if (kind !== 'entry') throw refused(path, 'its name says that a file is gone');
  if (type.endsWith('device') || type === 'fifo') throw refused(path, `it is a ${type.replace('-', ' ')}`);
}

function checkLink({ path, header: { linkname = '' } }: LayerEntry, prefix: string): void {
  const place = prefix === '' ? path : path.slice(prefix.length + 1);
  if (staysWithin(place, linkname)) return;
  throw refused(path, `it is a link to ${quote(linkname)}, which may lead out of the directory`);
}

function refused(path: string, problem: string): OciError {
  return new OciError('LAYOUT_INVALID', `${quote(path)} in the archive of a directory is not unpacked: ${problem}`);
}

function manifestOver({ descriptor }: Content): ReturnType<typeof manifestFromDocument> {
  // Whatever its publisher calls it: how it is compressed, its bytes tell.
  const layer = { ...descriptor, mediaType: OCI_LAYER };
  return manifestFromDocument({ schemaVersion: 2, config: layer, layers: [layer] });
}

/** As if whoever pulls them had made them: theirs, of now where the archive tells no time, and only so much of the permissions. */
function ownFiles(files: FileSystem): FileSystem {
  const now = Date.now() / 1000;
  const own = (file: FileEntry): FileEntry => ({
    ...file,
    mode: file.type === 'directory' || (file.mode & 0o100) !== 0 ? 0o755 : 0o644,
    mtime: file.mtime === 0 ? now : file.mtime,
  });
  return {
    ...files,
    stat: async (path, options) => own(await files.stat(path, options)),
    async *list(path, options) {
      for await (const file of files.list(path, options)) yield own(file);
    },
  };
}

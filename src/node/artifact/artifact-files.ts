/** Files and directories as the content of artifacts, in the way of oras: a file as it is, a directory as an archive that says so. */
import { stat } from 'node:fs/promises';
import { posix, sep } from 'node:path';
import { OciError } from '../../errors.ts';
import { gzip } from '../../bytes/compress.ts';
import { createHasher, hashing } from '../../bytes/hash.ts';
import { writeTar } from '../../bytes/tar.ts';
import { describedAs, TITLE, UNPACK, UNPACKED_DIGEST } from '../../image/attached/artifact.ts';
import { cleanTitle } from '../../image/attached/artifact-title.ts';
import type { Annotations } from '../../model/descriptor.ts';
import { OCI_LAYER_GZIP } from '../../model/media-types.ts';
import { quote } from '../../model/quote.ts';
import type { Spooled } from '../../store/spool.ts';
import { directoryEntries } from '../tar/directory-archive.ts';
import { openContent, type OpenContentOptions } from '../files/file-content.ts';
import { spoolToDisk } from '../files/spool.ts';

/** The level of gzip: part of what makes the same directory the same bytes. */
const LEVEL = 6;

export interface ArtifactFileOptions extends OpenContentOptions {
  /** What it is called when it is pulled; its path unless told, and nothing for standard input. */
  readonly title?: string | undefined;
}

/**
 * Opens a file for an artifact. A directory becomes an archive that is the same wherever it is made. Whoever opens it closes it.
 * @param file a path, or `-` for standard input.
 * @throws OciError `NOT_FOUND`, `USAGE` for paths that are no title, `UNSUPPORTED` for what a directory cannot hold, `DISK_FULL`, `IO`
 * @example
 * const file = await openArtifactFile('docs');
 * try {
 *   const { source, root } = packArtifact([file.content]);
 *   await copy(source, root, repository, { tags: ['docs'] });
 * } finally {
 *   await file.close();
 * }
 */
export async function openArtifactFile(file: string, options: ArtifactFileOptions = {}): Promise<Spooled> {
  const { title = file === '-' ? undefined : titleOfPath(file), annotations } = options;
  const own = { ...(title === undefined ? {} : { [TITLE]: title }), ...annotations };
  const stats = file === '-' ? undefined : await stat(file).catch(() => undefined);
  if (stats?.isDirectory() === true) return packDirectory(file, own, options);
  const opened = await openContent(file, { ...options, annotations: undefined });
  return { content: describedAs(opened.content, { annotations: own }), close: () => opened.close() };
}

/** Its names begin with the title, as whoever unpacks it expects. */
async function packDirectory(
  directory: string,
  annotations: Annotations,
  options: ArtifactFileOptions,
): Promise<Spooled> {
  const { mediaType = OCI_LAYER_GZIP, spool = spoolToDisk(), algorithm, signal, on } = options;
  const { [TITLE]: title = '' } = annotations;
  const hasher = createHasher('sha256');
  const archive = writeTar(directoryEntries(directory, { prefix: cleanTitle(title), signal, on }));
  const packed = await spool(gzip(hashing(archive, hasher), { level: LEVEL }), { mediaType, algorithm, signal });
  const told = { [UNPACK]: 'true', [UNPACKED_DIGEST]: hasher.digest(), ...annotations };
  return { content: describedAs(packed.content, { annotations: told }), close: () => packed.close() };
}

/**
 * The title of a path: itself, as far as somebody else could write a file there.
 * @throws OciError `USAGE` for paths that are absolute or climb
 */
export function titleOfPath(path: string): string {
  const title = posix.normalize(path.replaceAll(sep, '/')).replace(/(?<=.)\/$/, '');
  if (cleanTitle(title) !== undefined) return title;
  throw new OciError('USAGE', `${quote(path)} is no path that somebody else could pull it to`, {
    hint: 'go to its directory, or give it its last name alone as its title (--strip-dirs)',
  });
}

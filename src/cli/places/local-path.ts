/** Plain paths as locators: `./alpine` is the layout in that directory, `app.tar` the archive of that name. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { OciError } from '../../errors.ts';
import { SAVED_MANIFEST } from '../../layout/docker-manifest.ts';
import { INDEX_FILE } from '../../layout/paths.ts';
import type { Context } from '../context.ts';

/**
 * The locator that a path stands for; what has a scheme stays as it is. A tag or digest may follow: `./images:1.2`.
 * @throws OciError `NOT_FOUND`
 */
export async function localLocator(context: Context, text: string): Promise<string> {
  if (text === '-' || /^(oci|oci-archive|docker-archive|docker-daemon):/.test(text)) return text;
  const [, named = text, suffix = ''] = /^(.+?)((?::[\w][\w.-]*)?(?:@sha\d+:[0-9a-f]+)?)$/s.exec(text) ?? [];
  for (const [place, rest] of [
    [text, ''],
    [named, suffix],
  ] as const) {
    const scheme = await schemeOf(path.resolve(context.cwd, place), rest !== '');
    // The colon at the end keeps a path that has colons of its own from losing its last part.
    if (scheme !== undefined) return `${scheme}:${place}${rest === '' ? ':' : rest}`;
  }
  throw new OciError('NOT_FOUND', `there is no directory or file ${text}`, {
    hint: 'a directory has to hold an OCI layout, a file an archive of one or of docker save; a reference is copied with "lading copy"',
  });
}

/** What stands at a path: a directory is a layout, anything else an archive of one, or of `docker save`. */
async function schemeOf(
  place: string,
  hasSuffix: boolean,
): Promise<'oci' | 'oci-archive' | 'docker-archive' | undefined> {
  const stats = await stat(place).catch(() => undefined);
  if (stats === undefined) return undefined;
  if (stats.isDirectory()) return 'oci';
  // A pipe can be read only once, and what follows a path is the tag of a layout.
  return stats.isFile() && !hasSuffix && (await isDockerArchive(place)) ? 'docker-archive' : 'oci-archive';
}

/** Newer archives of `docker save` are layouts, too, and are taken as such. What cannot be read fails when it is opened. */
async function isDockerArchive(file: string): Promise<boolean> {
  const { openTarFiles } = await import('../../node/tar/tar-files.ts');
  const files = await openTarFiles(file).catch(() => undefined);
  if (files === undefined) return false;
  const { entries } = files;
  await files.close();
  return entries.has(SAVED_MANIFEST) && !entries.has(INDEX_FILE);
}

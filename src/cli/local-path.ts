/** Plain paths as locators: `./alpine` is the layout in that directory, `app.tar` the archive of that name. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { OciError } from '../errors.ts';
import type { Context } from './context.ts';

/**
 * The locator that a path stands for; what has a scheme stays as it is. A tag or digest may follow: `./images:1.2`.
 * @throws OciError `NOT_FOUND`
 */
export async function localLocator(context: Context, text: string): Promise<string> {
  if (text === '-' || /^(oci|oci-archive|docker-archive):/.test(text)) return text;
  const [, named = text, suffix = ''] = /^(.+?)((?::[\w][\w.-]*)?(?:@sha\d+:[0-9a-f]+)?)$/s.exec(text) ?? [];
  for (const [place, rest] of [
    [text, ''],
    [named, suffix],
  ] as const) {
    const scheme = await schemeOf(path.resolve(context.cwd, place));
    // The colon at the end keeps a path that has colons of its own from losing its last part.
    if (scheme !== undefined) return `${scheme}:${place}${rest === '' ? ':' : rest}`;
  }
  throw new OciError('NOT_FOUND', `there is no directory or file ${text}`, {
    hint: 'a directory has to hold an OCI layout, a file an archive of one; a reference is copied with "lading copy"',
  });
}

/** What stands at a path: a directory is a layout, anything else an archive of one. */
async function schemeOf(place: string): Promise<'oci' | 'oci-archive' | undefined> {
  const stats = await stat(place).catch(() => undefined);
  if (stats === undefined) return undefined;
  return stats.isDirectory() ? 'oci' : 'oci-archive';
}

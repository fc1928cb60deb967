/**
 * Titles of an artifact's files: relative paths that somebody else has written. What is no path below a directory is no title; how files
 * are written there, so that no link leads out of it, is decided where that is done.
 */
import { OciError } from '../../errors.ts';
import { quote } from '../../model/quote.ts';

const MAX_TITLE = 4096;
const MAX_NAME = 255;

/**
 * A title as a path: without `.`, doubled slashes, and the slash at the end of a directory's; that of the directory itself is empty.
 * undefined: nobody could write a file there.
 */
export function cleanTitle(title: string): string | undefined {
  if (title === '' || title.length > MAX_TITLE || title.startsWith('/') || title.includes('\0')) return undefined;
  const names = title.split('/').filter((name) => name !== '' && name !== '.');
  const isBad = names.some((name) => name === '..' || new TextEncoder().encode(name).length > MAX_NAME);
  return isBad ? undefined : names.join('/');
}

/**
 * The path of a title that somebody else has written.
 * @throws OciError `LAYOUT_INVALID` for titles that are absolute, climb (even if they would come back), or are no file name
 */
export function titlePath(title: string): string {
  const path = cleanTitle(title);
  if (path !== undefined) return path;
  throw new OciError('LAYOUT_INVALID', `a file has the title ${quote(title)}, which is no path below a directory`, {
    hint: 'nothing was written for it: titles of honest artifacts are relative, without ".."',
  });
}

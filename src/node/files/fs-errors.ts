/** What a failure of the file system is called, and what to do about it. */
import { isOciError, OciError } from '../../errors.ts';

const hints: Readonly<Record<string, string>> = {
  ENOENT: 'it, or a directory on the way to it, is not there',
  ENOTDIR: 'a part of the path is no directory',
  EACCES: 'check the permissions and the owner of the path',
  EPERM: 'check the permissions and the owner of the path',
  EROFS: 'the file system is mounted read-only',
  EMFILE: 'too many files are open: raise the limit (ulimit -n), or lower the concurrency',
  ENFILE: 'too many files are open on this machine',
  ENAMETOOLONG: 'the file system does not take names of that length',
  EIO: 'the disk reports an error',
};

/** The system's code of an error, e.g. `ENOENT`. */
export function codeOf(error: unknown): string | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/**
 * A failure of the file system as an error of this package: `DISK_FULL` or `IO`; others are given back as they are.
 * @param attempted what was done to which path: `write /srv/layout/index.json`
 */
export function fsError(error: unknown, attempted: string): unknown {
  const code = codeOf(error);
  // EPIPE is no failure of ours: the reader has had enough.
  if (isOciError(error) || code === undefined || code === 'EPIPE' || !/^E[A-Z0-9]+$/.test(code)) return error;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return diskFull(attempted, code === 'EDQUOT' ? 'the quota' : 'the disk', error);
  return new OciError('IO', `cannot ${attempted}: ${code}`, { hint: hints[code], cause: error });
}

function diskFull(attempted: string, what: string, cause: unknown): OciError {
  return new OciError('DISK_FULL', `cannot ${attempted}: ${what} is full`, {
    hint: 'free some space, then run it again',
    cause,
  });
}

/** Runs something that touches the disk; its failure is told as what was attempted. */
export async function onDisk<T>(attempted: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw fsError(error, attempted);
  }
}

/** Like a promise, but undefined where it fails with one of these codes. */
export async function unless<T>(codes: readonly string[], promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (codes.includes(codeOf(error) ?? '')) return undefined;
    throw error;
  }
}

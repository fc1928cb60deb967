/** Is a directory the user's own? Somebody else could have filled one that is not. */
import type { Stats } from 'node:fs';

/** @returns why it is not to be believed; undefined: it is the user's alone to write to */
export function problemOfDirectory(stats: Pick<Stats, 'isDirectory' | 'uid' | 'mode'>): string | undefined {
  if (!stats.isDirectory()) return 'it is no directory';
  // Windows knows neither.
  const own = process.getuid?.();
  if (own !== undefined && stats.uid !== own) return 'it belongs to somebody else';
  return own !== undefined && (stats.mode & 0o022) !== 0 ? 'others can write to it' : undefined;
}

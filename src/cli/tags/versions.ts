/** The versions that tags tell, as far as they do. */
import type { Range, SemVer } from 'semver';
import { OciError } from '../../errors.ts';
import { quote } from '../../model/quote.ts';

/** The version of a tag; null: it tells none. */
export type VersionOf = (tag: string) => SemVer | null;

/** `3`, `v1.2`, `3.20-alpine`; a longer number is a date or a build, which is newer than every version and yet none. */
const looksLikeVersion = /^v?\d{1,5}(?!\d)/i;

/** Reads tags as versions, each once. The library is loaded only for who wants that. */
export async function tagVersions(): Promise<VersionOf> {
  const { default: semver } = await import('semver');
  const read = (tag: string): SemVer | null =>
    looksLikeVersion.test(tag)
      ? (semver.parse(tag, { loose: true }) ?? semver.coerce(tag, { includePrerelease: true }))
      : null;
  const versions = new Map<string, SemVer | null>();
  return (tag) => {
    const version = versions.has(tag) ? (versions.get(tag) ?? null) : read(tag);
    versions.set(tag, version);
    return version;
  };
}

/**
 * Which tags tell a version of a range. `3.20-alpine` is a prerelease of 3.20.0: those are in when the range names one itself,
 * `>=3.19.0-0`.
 * @throws OciError `USAGE`
 */
export async function inRange(range: string): Promise<(tag: string) => boolean> {
  const { default: semver } = await import('semver');
  const parsed = parseRange(semver.Range, range);
  const versionOf = await tagVersions();
  return (tag) => {
    const version = versionOf(tag);
    return version !== null && parsed.test(version);
  };
}

function parseRange(RangeOf: typeof Range, range: string): Range {
  try {
    return new RangeOf(range, { loose: true, includePrerelease: /\d-[0-9a-z]/i.test(range) });
  } catch (cause) {
    throw new OciError('USAGE', `${quote(range)} is not a range of versions`, {
      hint: 'write it as npm does: ^3.19, 1.x, >=2.0.0 <3',
      cause,
    });
  }
}

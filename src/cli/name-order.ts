/** The order of tags by name: of the alphabet, or of the versions that they tell. */
import type { SemVer } from 'semver';

export type Order = (a: string, b: string) => number;

const byName: Order = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

/** `3`, `v1.2`, `3.20-alpine`; a longer number is a date or a build, which is newer than every version and yet none. */
const looksLikeVersion = /^v?\d{1,5}(?!\d)/i;

/** `name`: A to Z. `semver`: the newest version first; what is no version comes last, A to Z. */
export async function nameOrder(sort: 'name' | 'semver'): Promise<Order> {
  if (sort === 'name') return byName;
  const { default: semver } = await import('semver');
  const read = (tag: string): SemVer | null =>
    looksLikeVersion.test(tag)
      ? (semver.parse(tag, { loose: true }) ?? semver.coerce(tag, { includePrerelease: true }))
      : null;
  const versions = new Map<string, SemVer | null>();
  const versionOf = (tag: string): SemVer | null => {
    const version = versions.has(tag) ? (versions.get(tag) ?? null) : read(tag);
    versions.set(tag, version);
    return version;
  };
  return (a, b) => {
    const [left, right] = [versionOf(a), versionOf(b)];
    if (left === null || right === null) return left === right ? byName(a, b) : left === null ? 1 : -1;
    return semver.rcompare(left, right) || byName(a, b);
  };
}

/** Which tags are wanted, by their names alone: globs, patterns, versions, and none that a tool has made of a digest. */
import { isDigestTag } from '../../graph/digest-tags.ts';
import { globFilter } from '../options/globs.ts';
import { inRange } from './versions.ts';

export interface TagFilter {
  /** Globs; one that starts with `!` takes tags out. */
  readonly filter?: readonly string[] | undefined;
  /** Patterns, of which one has to match, anywhere unless it is anchored. */
  readonly regex?: readonly RegExp[] | undefined;
  /** A range of versions, as npm writes it. */
  readonly semver?: string | undefined;
  /** Leave out `sha256-….sig` and the like. */
  readonly excludeDigestTags?: boolean | undefined;
}

/** A tag has to pass all of them. @throws OciError `USAGE` for a range that is none */
export async function tagFilter(options: TagFilter): Promise<(tag: string) => boolean> {
  const { filter, regex, semver, excludeDigestTags = false } = options;
  const matches = await globFilter(filter);
  const isInRange = semver === undefined ? () => true : await inRange(semver);
  return (tag) =>
    matches(tag) &&
    (regex === undefined || regex.some((pattern) => pattern.test(tag))) &&
    !(excludeDigestTags && isDigestTag(tag)) &&
    isInRange(tag);
}

/** What a locator says of one image in its place, and the same place with something else said. */
import { OciError } from '../../errors.ts';
import type { Digest } from '../../model/digest.ts';
import { formatLocator, isSaved, type Locator, nameIn, parseTargetLocator } from '../../node/locator.ts';

/** The digest that it names. */
export function digestIn(locator: Locator): Digest | undefined {
  if (locator.kind === 'registry') return locator.reference.digest;
  return isSaved(locator) ? undefined : locator.digest;
}

/** The same place, for something that has no tag there. Docker archives and engines find nothing by a manifest's digest. */
export function atDigest(locator: Locator, digest: Digest): Locator {
  if (isSaved(locator)) return locator;
  if (locator.kind !== 'registry') return { kind: locator.kind, path: locator.path, digest };
  const { domain, path } = locator.reference;
  return { kind: 'registry', reference: { domain, path, digest } };
}

/** Does a target say neither tag nor digest? @throws OciError `REFERENCE_INVALID` */
export function isNameless(target: string): boolean {
  const { locator } = parseTargetLocator(target);
  return nameIn(locator) === undefined && digestIn(locator) === undefined;
}

/**
 * A place that something can be added to: an archive is written whole.
 * @param what that is: `a blob`
 * @throws OciError `UNSUPPORTED`, `REFERENCE_INVALID`
 */
export function openEnded(target: string, what: string): Locator {
  const { locator } = parseTargetLocator(target);
  if (locator.kind === 'registry' || locator.kind === 'oci') return locator;
  const place = locator.kind === 'docker-daemon' ? 'a docker engine' : 'an archive';
  throw new OciError('UNSUPPORTED', `${what} cannot be added to ${place}: ${formatLocator(locator)}`, {
    hint: 'a repository takes it, and oci:DIR; from there all of it can be copied elsewhere',
  });
}

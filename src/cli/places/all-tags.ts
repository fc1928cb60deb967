/**
 * All images of a place, each with the name that it gets at another. A repository has tags; docker archives and engines hold
 * images of several repositories, under whole names.
 */
import { OciError } from '../../errors.ts';
import { familiarReference, formatReference, parseReference } from '../../model/reference.ts';
import { collect } from '../../graph/collect.ts';
import { formatLocator, isSaved, type Locator, nameIn, withName } from '../../node/locator.ts';

/** One image of many. */
export interface OneOfMany {
  /** At the source. */
  readonly name: string;
  /** At the target. */
  readonly target: string;
}

interface Named {
  readonly name: string;
  readonly tag: string;
  readonly repository?: Repository | undefined;
}

interface Repository {
  readonly domain: string;
  readonly path: string;
}

/**
 * What the images of a place are called at another.
 * @param names as the source lists them
 * @throws OciError `USAGE` where the target needs one repository, and they are of several, or of none that is known
 */
export async function* namesAtTarget(
  from: Locator,
  to: Locator,
  names: AsyncIterable<string>,
): AsyncGenerator<OneOfMany> {
  if (!isSaved(from)) {
    const repository = from.kind === 'registry' ? from.reference : undefined;
    for await (const name of names) yield { name, target: nameAt(to, { name, tag: name, repository }) };
    return;
  }
  const wanted = from.reference;
  const images = (await collect(names)).map(savedImage);
  const meant = images.filter(({ repository }) => wanted === undefined || isSame(wanted, repository));
  const repositories = [...new Set(meant.map(({ repository }) => familiarReference(repository)))];
  for (const image of meant) yield { name: image.name, target: nameAt(to, image, repositories) };
}

function savedImage(name: string): Named & { readonly repository: Repository } {
  const { domain, path, tag = '' } = parseReference(name);
  return { name, tag, repository: { domain, path } };
}

function isSame(a: Repository, b: Repository): boolean {
  return a.domain === b.domain && a.path === b.path;
}

/** @param repositories those that all the images are of, where they may be several */
function nameAt(to: Locator, { tag, repository }: Named, repositories: readonly string[] = []): string {
  if (isSaved(to) && to.reference === undefined) {
    if (repository !== undefined) return familiarReference({ domain: repository.domain, path: repository.path, tag });
    // podman writes whole names into layouts.
    if (tag.includes(':')) return tag;
    throw new OciError('USAGE', `it is not said of which repository the images in ${formatLocator(to)} are to be`, {
      hint: `write ${to.kind === 'docker-daemon' ? to.kind : `${to.kind}:${to.path}`}:REPOSITORY`,
    });
  }
  if (repositories.length <= 1) return nameIn(withName(to, tag)) ?? tag;
  if (repository !== undefined && (to.kind === 'oci' || to.kind === 'oci-archive')) {
    return formatReference({ ...repository, tag });
  }
  throw new OciError('USAGE', `the images are of several repositories, and ${formatLocator(to)} is one`, {
    hint: `take them one by one, each named at the end of the source: ${repositories.join(', ')}`,
  });
}

/**
 * The base of an image, as its annotations name it. That is somebody else's word: it may name an image in a registry, never a place on
 * this disk, and credentials of the command line go to no registry that the user did not write.
 */
import { OciError } from '../../errors.ts';
import { formatReference, parseReference, type Reference, withDefaultTag } from '../../model/reference.ts';
import { parseDigest } from '../../model/digest.ts';
import { BASE_DIGEST, BASE_NAME, baseAnnotation } from '../../image/change/rebase.ts';
import { parseLocator } from '../../node/locator.ts';
import type { From } from './ends.ts';
import type { Flags } from '../options/shared.ts';

/** What an image tells of its base. */
export interface ToldBase {
  /** The whole name of what the base is called today. */
  readonly name?: string | undefined;
  /** The whole name of what the image was built on, by its digest. */
  readonly built?: string | undefined;
}

/**
 * Reads the annotations of an image; of an index those of one of its images, or else its own.
 * @throws OciError `REFERENCE_INVALID`, `DIGEST_INVALID`
 */
export async function toldBase(from: From): Promise<ToldBase> {
  const { root, image } = await from.choose();
  const [name, digest] = [BASE_NAME, BASE_DIGEST].map((annotation) =>
    baseAnnotation(annotation, image.document, root.document),
  );
  if (name === undefined) return {};
  const reference = withDefaultTag(parseReference(name));
  const { domain, path } = reference;
  const built = digest === undefined ? undefined : formatReference({ domain, path, digest: parseDigest(digest) });
  return { name: formatReference(reference), built };
}

/**
 * Checks that a name which an image tells may be asked for.
 * @param written what the user wrote.
 * @param options how else the base can be named.
 * @throws OciError `USAGE`
 */
export function requireWritten(name: string, written: readonly string[], flags: Flags, options: string): void {
  const { creds, token, fromCreds, certFile } = flags;
  const isSecret = [creds, token, fromCreds, certFile].some((flag) => typeof flag === 'string');
  const { domain } = parseReference(name);
  if (!isSecret || written.some((text) => referenceIn(text)?.domain === domain)) return;
  throw new OciError('USAGE', `the image says that it stands on ${name}, in a registry that nobody named`, {
    hint: `name the base with ${options}, or leave out the credentials`,
  });
}

/** How annotations call a base: only what stands in a registry has a name that others can use. */
export function baseName(text: string): string | undefined {
  const reference = referenceIn(text);
  return reference && formatReference(withDefaultTag(reference));
}

function referenceIn(text: string): Reference | undefined {
  const locator = parseLocator(text);
  return locator.kind === 'registry' ? locator.reference : undefined;
}

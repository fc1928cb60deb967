/** Finding a blob by what the user wrote: a place and a digest, together or apart. */
import { OciError } from '../../errors.ts';
import { parseDigest } from '../../model/digest.ts';
import type { Content } from '../../store/types.ts';
import { digestIn } from '../places/locator-names.ts';
import { openImages } from '../places/locators.ts';
import type { Session } from '../session.ts';

/** The content of a blob that is there, and its whole name. @throws OciError `USAGE`, `DIGEST_INVALID`, `NOT_FOUND` */
export async function openBlob(
  session: Session,
  name: string,
  apart: string | undefined,
): Promise<{ readonly content: Content; readonly reference: string }> {
  const { source, describe, at, locator } = await openImages(session, name);
  const digest = apart === undefined ? digestIn(locator) : parseDigest(apart);
  if (digest === undefined) throw new OciError('USAGE', `${name} has no digest`, { hint: 'write repository@digest' });
  const descriptor = await source.stat(digest, session.call);
  if (descriptor === undefined)
    throw new OciError('NOT_FOUND', `blob ${digest} is not in ${describe}`, { missing: 'blob' });
  return { content: source.blob(descriptor), reference: at(digest) };
}

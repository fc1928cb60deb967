/** Finding a blob by what the user wrote: a place and a digest, together or apart. */
import { OciError } from '../errors.ts';
import { type Digest, parseDigest } from '../model/digest.ts';
import type { Locator } from '../node/locator.ts';
import type { Content } from '../store/types.ts';
import { openImages } from './locators.ts';
import type { Session } from './session.ts';

/** The content of a blob that is there. @throws OciError `USAGE`, `DIGEST_INVALID`, `NOT_FOUND` */
export async function openBlob(session: Session, name: string, apart: string | undefined): Promise<Content> {
  const { source, describe, locator } = await openImages(session, name);
  const digest = apart === undefined ? digestIn(locator) : parseDigest(apart);
  if (digest === undefined) throw new OciError('USAGE', `${name} has no digest`, { hint: 'write repository@digest' });
  const descriptor = await source.stat(digest, session.call);
  if (descriptor === undefined)
    throw new OciError('NOT_FOUND', `blob ${digest} is not in ${describe}`, { missing: 'blob' });
  return source.blob(descriptor);
}

function digestIn(locator: Locator): Digest | undefined {
  if (locator.kind === 'registry') return locator.reference.digest;
  return locator.kind === 'docker-archive' ? undefined : locator.digest;
}

/** Finding a blob by what the user wrote: a place and a digest, together or apart. */
import { OciError } from '../errors.ts';
import { isDigest, parseDigest } from '../model/digest.ts';
import type { Content } from '../store/types.ts';
import { openLocator } from './locators.ts';
import type { Session } from './session.ts';

/** The content of a blob that is there. @throws OciError `USAGE`, `DIGEST_INVALID`, `NOT_FOUND` */
export async function openBlob(session: Session, name: string, apart: string | undefined): Promise<Content> {
  const { source, reference, describe } = await openLocator(session, name);
  const digest = apart === undefined ? reference : parseDigest(apart);
  if (!isDigest(digest)) throw new OciError('USAGE', `${name} has no digest`, { hint: 'write repository@digest' });
  const descriptor = await source.stat(digest, session.call);
  if (descriptor === undefined) throw new OciError('NOT_FOUND', `blob ${digest} is not in ${describe}`);
  return source.blob(descriptor);
}

/** From what the user wrote to an open place: a repository, a layout, an archive. */
import { formatReference, parseReference, referenceTarget } from '../model/reference.ts';
import type { Source } from '../store/types.ts';
import type { Session } from './session.ts';
export interface Opened {
  source: Source;
  reference: string;
  describe: string;
  at(digest: string): string;
}
export async function openLocator(session: Session, text: string): Promise<Opened> {
  const { reference, repository } = await session.repository(text);
  const { tag: _, digest: __, ...place } = reference;
  return {
    source: repository,
    reference: referenceTarget(reference),
    describe: formatReference(parseReference(text)),
    at: (digest) => `${formatReference({ ...place, ...(reference.tag ? { tag: reference.tag } : {}) })}@${digest}`,
  };
}
export async function openTags(session: Session, text: string): Promise<{ source: Source; describe: string }> {
  const { repository, reference } = await session.repository(text);
  return { source: repository, describe: `${reference.domain}/${reference.path}` };
}

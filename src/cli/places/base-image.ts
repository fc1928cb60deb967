/** The image that a changed one begins with: any image, or `scratch`, which has nothing in it. */
import type { Platform } from '../../model/platform.ts';
import { type From, fromPlace, openFrom } from './ends.ts';
import type { Session } from '../session.ts';

/** The name that docker keeps for it: no registry has an image of this name alone. */
export const SCRATCH = 'scratch';

/** Opens an image to be changed. `platforms` are those of scratch. */
export async function openBase(
  session: Session,
  image: string,
  platforms: readonly Platform[] | undefined,
): Promise<From> {
  if (image !== SCRATCH) return openFrom(session, image);
  const { scratch } = await import('../../image/change/scratch.ts');
  const { source, root } = scratch({ platforms });
  return fromPlace(session, {
    source,
    reference: root.digest,
    describe: SCRATCH,
    at: (digest) => `${SCRATCH}@${digest}`,
  });
}

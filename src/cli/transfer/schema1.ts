/** What the commands do with an image of docker's retired schema 1: read it as it is, or convert it on its way. */
import { isOciError } from '../../errors.ts';
import type { Descriptor } from '../../model/descriptor.ts';
import type { Digest } from '../../model/digest.ts';
import { schema1Refused } from '../../model/manifest.ts';
import { isSchema1Type } from '../../model/media-types.ts';
import type { Platform } from '../../model/platform.ts';
import type { Schema1Image } from '../../model/schema1.ts';
import type { Source } from '../../store/types.ts';
import { type From, fromPlace } from '../places/ends.ts';
import { choosePlatforms } from './platforms.ts';
import type { Session } from '../session.ts';

/** Does something with an image of today or, where the name stands for one of schema 1, with that. */
export async function orSchema1<T>(
  { call }: Session,
  from: From,
  current: () => Promise<T>,
  retired: (image: Schema1Image) => Promise<T>,
): Promise<T> {
  try {
    return await current();
  } catch (error) {
    if (from.repository === undefined || !isOciError(error, 'VERSION_UNSUPPORTED')) throw error;
    return retired(await from.repository.schema1(from.reference, call));
  }
}

export interface ChosenToCopy {
  readonly source: Source;
  readonly root: Descriptor;
  /** The digest that the image had as one of schema 1. */
  readonly convertedFrom?: Digest | undefined;
}

/** What is to be copied, and from where: of a schema 1 image, what it converts to. */
export async function chooseToCopy(
  session: Session,
  from: From,
  platforms: readonly Platform[],
): Promise<ChosenToCopy> {
  const { call } = session;
  const current = async (): Promise<ChosenToCopy> => {
    const chosen = await choosePlatforms(from, platforms, call);
    // A tag's descriptor tells, without its manifest being read.
    if (isSchema1Type(chosen.root.mediaType)) throw schema1Refused(from.describe);
    return chosen;
  };
  return orSchema1(session, from, current, async (image) => {
    const converted = await convert(session, from, image);
    return { ...(await choosePlatforms(converted, platforms, call)), convertedFrom: image.digest };
  });
}

async function convert(session: Session, from: From, image: Schema1Image): Promise<From> {
  const { call, flags, output } = session;
  const { convertSchema1 } = await import('../../image/schema1/schema1.ts');
  const { source, root } = await convertSchema1(from.source, image, { ...call, concurrency: flags.concurrency });
  const { describe, at } = from;
  output.note(`converted from schema 1: ${describe} was ${image.digest} there`);
  return fromPlace(session, { source, reference: root.digest, describe, at });
}

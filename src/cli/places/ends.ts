/** Where an image comes from: its place, and what is asked of it there. */
import { OciError } from '../../errors.ts';
import type { Descriptor } from '../../model/descriptor.ts';
import type { Digest } from '../../model/digest.ts';
import type { Manifest } from '../../model/manifest.ts';
import { formatPlatform, type Platform } from '../../model/platform.ts';
import { select } from '../../graph/select.ts';
import type { Repository } from '../../registry/repository.ts';
import type { Source } from '../../store/types.ts';
import { chooseImage, type Chosen } from '../../image/choose.ts';
import { openImage } from './locators.ts';
import type { Session } from '../session.ts';

/** An image somewhere, to be read. */
export interface From {
  readonly source: Source;
  /** The tag or digest of it there. */
  readonly reference: string;
  /** The whole of what the user named. */
  readonly describe: string;
  /** The place's name with a digest. */
  readonly at: (digest: Digest) => string;
  /** Where it can be of schema 1: in a registry. */
  readonly repository?: Repository | undefined;
  /** @throws OciError `NOT_FOUND` */
  resolve(platform?: Platform): Promise<Descriptor>;
  /** What the name stands for, or its image for a platform. */
  manifest(platform?: Platform): Promise<Manifest>;
  /** One image in any case; which, is told where it had to be chosen. */
  image(platform?: Platform): Promise<Manifest>;
  choose(platform?: Platform): Promise<Chosen>;
}

/** Opens a locator for reading; it closes with the session. */
export async function openFrom(session: Session, text: string): Promise<From> {
  return fromPlace(session, await openImage(session, text));
}

/** What is asked of an image in a place that is open. */
export function fromPlace(
  { call, output }: Session,
  place: Pick<From, 'source' | 'repository' | 'reference' | 'describe' | 'at'>,
): From {
  const { source, repository, reference, describe, at } = place;
  const choose = (platform?: Platform): Promise<Chosen> => chooseImage(source, reference, { ...call, platform });
  const manifest = (platform?: Platform): Promise<Manifest> => select(source, reference, { ...call, platform });
  return {
    source,
    reference,
    describe,
    at,
    repository,
    manifest,
    choose,
    async resolve(platform) {
      if (platform !== undefined) return (await manifest(platform)).descriptor;
      const descriptor = await source.resolve(reference, call);
      if (descriptor === undefined)
        throw new OciError('NOT_FOUND', `${describe} is not there`, { missing: 'manifest' });
      return descriptor;
    },
    async image(platform) {
      const chosen = await choose(platform);
      const taken = chosen.descriptor.platform;
      const others = platformNames(chosen);
      if (platform === undefined && taken !== undefined && others.length > 1) {
        output.note(`taken for ${formatPlatform(taken)}; --platform takes another of ${others.join(', ')}`);
      }
      return chosen.image;
    },
  };
}

/** Each once. */
function platformNames({ entries }: Chosen): readonly string[] {
  return [...new Set(entries.flatMap(({ platform }) => (platform ? [formatPlatform(platform)] : [])))];
}

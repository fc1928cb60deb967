/** Where an image comes from: its place, and what is asked of it there. */
import { OciError } from '../errors.ts';
import type { Descriptor } from '../model/descriptor.ts';
import type { Digest } from '../model/digest.ts';
import type { Manifest } from '../model/manifest.ts';
import { formatPlatform, type Platform } from '../model/platform.ts';
import { select } from '../graph/select.ts';
import type { Source } from '../store/types.ts';
import { chooseImage, type Chosen } from './images.ts';
import { openImage } from './locators.ts';
import type { Session } from './session.ts';

/** An image somewhere, to be read. */
export interface From {
  readonly source: Source;
  /** The tag or digest of it there. */
  readonly reference: string;
  /** The whole of what the user named. */
  readonly describe: string;
  /** The place's name with a digest. */
  readonly at: (digest: Digest) => string;
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
  const { source, reference, describe, at } = await openImage(session, text);
  const { call, output } = session;
  const choose = (platform?: Platform): Promise<Chosen> => chooseImage(source, reference, { ...call, platform });
  const manifest = (platform?: Platform): Promise<Manifest> => select(source, reference, { ...call, platform });
  return {
    source,
    reference,
    describe,
    at,
    manifest,
    choose,
    async resolve(platform) {
      if (platform !== undefined) return (await manifest(platform)).descriptor;
      const descriptor = await source.resolve(reference, call);
      if (descriptor === undefined) throw new OciError('NOT_FOUND', `${describe} is not there`);
      return descriptor;
    },
    async image(platform) {
      const chosen = await choose(platform);
      if (platform === undefined && chosen.platform !== undefined && chosen.platforms.length > 1) {
        const others = chosen.platforms.join(', ');
        output.note(`taken for ${formatPlatform(chosen.platform)}; --platform takes another of ${others}`);
      }
      return chosen.image;
    },
  };
}

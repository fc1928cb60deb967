/**
 * What is copied to several repositories of one registry is sent to one of them: the others mount it from there. This remembers where a
 * blob has got to; whether a mount is granted, the target finds out, and takes the blob from the source where it is not.
 */
import type { Activity } from '../model/call.ts';
import type { Digest } from '../model/digest.ts';
import { isIndexType, isManifestType } from '../model/media-types.ts';
import type { Origin, Source } from '../store/types.ts';

export interface Mountable {
  /** Takes notice of what a copy to a target tells. */
  readonly note: (activity: Activity, target: Source) => void;
  /** The source, whose blobs are mounted from wherever in the target's registry they have got to. */
  readonly from: (source: Source) => Source;
}

/**
 * One for all the copies to a registry.
 * @example
 * const blobs = createMountable();
 * for (const name of ['web', 'api']) {
 *   const target = registry.repository(name);
 *   await copy(blobs.from(backup.repository(name)), '1', target, { tags: ['1'], on: (activity) => blobs.note(activity, target) });
 * }
 */
export function createMountable(): Mountable {
  const places = new Map<Digest, Origin>();
  return {
    note(activity, target) {
      if (activity.type !== 'done' || activity.outcome === 'skipped') return;
      const { descriptor } = activity;
      const { digest, mediaType } = descriptor;
      if (places.has(digest) || isManifestType(mediaType) || isIndexType(mediaType)) return;
      const { origin } = target.blob(descriptor);
      if (origin !== undefined) places.set(digest, origin);
    },
    from: (source) => ({
      ...source,
      blob(descriptor) {
        const content = source.blob(descriptor);
        const origin = places.get(descriptor.digest);
        return origin === undefined ? content : { ...content, origin };
      },
    }),
  };
}

/** Targets of a dry run that is about several images: what one of them would bring is there for the next ones, and is counted once. */
import type { Digest } from '../../model/digest.ts';
import { isDigest } from '../../model/digest.ts';
import { OCTET_STREAM } from '../../model/media-types.ts';
import type { Target } from '../../store/types.ts';

export interface Planned {
  /** A target as it would be by now. It is asked about and not written to. */
  readonly target: (target: Target) => Target;
}

/** One for all the targets of a registry: what one repository has, the others mount. */
export function createPlanned(): Planned {
  const blobs = new Set<Digest>();
  return {
    target(target) {
      const manifests = new Set<string>();
      return {
        ...target,
        async resolve(reference, options) {
          const found = await target.resolve(reference, options);
          if (found !== undefined || !isDigest(reference) || !isKnown(manifests, reference)) return found;
          return { mediaType: OCTET_STREAM, digest: reference, size: 0 };
        },
        async stat(digest, options) {
          if (isKnown(blobs, digest)) return { mediaType: OCTET_STREAM, digest, size: 0 };
          return target.stat(digest, options);
        },
      };
    },
  };
}

/** What is asked for and is not there will be sent. */
function isKnown<T>(known: Set<T>, one: T): boolean {
  const before = known.size;
  return known.add(one).size === before;
}

/** A blob of a registry as content: it re-opens, resumes by itself, and is verified by whoever reads it whole. */
import { isOciError } from '../errors.ts';
import { fromArray } from '../bytes/read.ts';
import type { Pour } from '../bytes/transfer.ts';
import { checkPoured } from '../bytes/verify.ts';
import type { Bytes } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
import { parseDigest } from '../model/digest.ts';
import { contentOf } from '../store/content.ts';
import type { Content } from '../store/types.ts';
import { pourBlob, readBlob } from './download.ts';
import { embeddedBytes } from './embedded.ts';
import { nameOf, originOf, type Place } from './session.ts';

/**
 * Lazy: nothing is asked before it is opened.
 * @throws OciError `DIGEST_INVALID`; while it is read: `NOT_FOUND`, `FOREIGN_LAYER`, `DIGEST_MISMATCH`, `SIZE_MISMATCH`
 */
export function blobContent(place: Place, descriptor: Descriptor): Content {
  parseDigest(descriptor.digest);
  const embedded = embeddedBytes(descriptor);
  const content = contentOf(
    descriptor,
    (start, end, options) =>
      embedded === undefined
        ? readBlob(place, descriptor, start, end, options)
        : fromArray(embedded.subarray(start, end)),
    originOf(place),
    nameOf(place),
  );
  return {
    ...content,
    open: (options) => distrusting(place, content.open(options)),
    pour:
      embedded === undefined && canPour(place)
        ? (transfer, options) => pour(place, descriptor, transfer, options)
        : undefined,
  };
}

/** Mirrors are asked first: one that is reached without a proxy is enough. */
function canPour({ session, host, facts }: Place): boolean {
  return facts.apart !== 'never' && [...host.mirrors, host].some(({ origin }) => session.transfers(origin));
}

async function pour(place: Place, descriptor: Descriptor, ...[transfer, options]: Parameters<Pour>): Promise<boolean> {
  try {
    if (!(await pourBlob(place, descriptor, transfer, options))) return false;
    await checkPoured(descriptor, transfer, nameOf(place));
    return true;
  } catch (error) {
    throw distrusted(place, error);
  }
}

/** Wrong bytes may be a mirror's: whoever opens it again gets them from the registry itself. */
async function* distrusting(place: Place, bytes: Bytes): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes;
  } catch (error) {
    throw distrusted(place, error);
  }
}

function distrusted(place: Place, error: unknown): unknown {
  if (isOciError(error, 'DIGEST_MISMATCH', 'SIZE_MISMATCH')) place.facts.mirrors = 'wrong';
  return error;
}

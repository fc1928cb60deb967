/** The body of an upload: it re-opens, ends with the caller's signal, and remembers that it was the source that failed. */
import { isOciError } from '../errors.ts';
import { abortable } from '../bytes/read.ts';
import type { Body } from '../http/types.ts';
import type { Bytes } from '../model/call.ts';

export interface UploadBody extends Body {
  /** Throws what the source threw: a registry's complaint about half a body tells nothing. */
  throwIfSourceFailed(): void;
}

export function uploadBody(
  size: number,
  open: () => Bytes,
  signal: AbortSignal | undefined,
  apart?: Body['apart'],
): UploadBody {
  let failure: { readonly error: unknown } | undefined;
  const throwIfSourceFailed = (): void => {
    if (failure !== undefined) throw failure.error;
  };
  return {
    size,
    throwIfSourceFailed,
    apart: apart && {
      digest: apart.digest,
      async pour(transfer, options) {
        throwIfSourceFailed();
        try {
          return await apart.pour(transfer, options);
        } catch (error) {
          // What the request ended is no failure of the source.
          if (!isOciError(error, 'ABORTED')) failure = { error };
          throw error;
        }
      },
    },
    async *open() {
      throwIfSourceFailed();
      try {
        yield* abortable(open(), signal);
      } catch (error) {
        failure = { error };
        throw error;
      }
    },
  };
}

/** The body of an upload: it re-opens, ends with the caller's signal, and remembers that it was the source that failed. */
import { abortable } from '../bytes/read.ts';
import type { Body } from '../http/types.ts';
import type { Bytes } from '../model/call.ts';

export interface UploadBody extends Body {
  /** Throws what the source threw: a registry's complaint about half a body tells nothing. */
  throwIfSourceFailed(): void;
}

export function uploadBody(size: number, open: () => Bytes, signal: AbortSignal | undefined): UploadBody {
  let failure: { readonly error: unknown } | undefined;
  const throwIfSourceFailed = (): void => {
    if (failure !== undefined) throw failure.error;
  };
  return {
    size,
    throwIfSourceFailed,
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

/**
 * Where a stream of unknown digest is kept until it is content (standard input, a compressed archive): content re-opens,
 * a stream does not. On disk it is the adapter of `node/` that keeps it.
 */
import { createHasher } from '../bytes/hash.ts';
import { abortable, fromArray, readAll } from '../bytes/read.ts';
import type { Bytes, Call } from '../model/call.ts';
import type { DigestAlgorithm } from '../model/digest.ts';
import { OCTET_STREAM } from '../model/media-types.ts';
import { contentOf } from './content.ts';
import type { Content } from './types.ts';

export interface SpoolOptions extends Call {
  /** Of the content; `application/octet-stream` unless told. */
  readonly mediaType?: string | undefined;
  /** Of its digest; sha256 unless told. */
  readonly algorithm?: DigestAlgorithm | undefined;
}

/** What was spooled: content until it is closed. */
export interface Spooled {
  readonly content: Content;
  /** Gives back the space. */
  close(): Promise<void>;
}

/** Reads a stream to its end and keeps it. When that fails, nothing is kept. */
export type Spool = (bytes: Bytes, options?: SpoolOptions) => Promise<Spooled>;

/**
 * A spool for where there is no disk.
 * @param limit bytes; more is `TOO_LARGE`
 */
export function spoolToMemory(limit: number): Spool {
  return async (stream, { mediaType = OCTET_STREAM, algorithm = 'sha256', signal } = {}) => {
    const bytes = await readAll(abortable(stream, signal), limit, 'the stream');
    const hasher = createHasher(algorithm);
    hasher.update(bytes);
    const descriptor = { mediaType, digest: hasher.digest(), size: bytes.length };
    const content = contentOf(descriptor, (start, end) => fromArray(bytes.subarray(start, end)));
    return { content, close: async () => {} };
  };
}

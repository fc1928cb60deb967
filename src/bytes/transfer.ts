/** Bytes that pass by this thread: another one reads, hashes and writes them. What is said here is all that this one sees of them. */
import type { Call } from '../model/call.ts';
import type { Digest } from '../model/digest.ts';

/** A blob of fewer bytes is not worth it: another thread has to be begun first. */
export const MIN_TRANSFER_BYTES: number = 4 * 1024 * 1024;

/** A blob on its way in another thread. Whoever began it knows where it leads, and ends it. */
export interface Transfer {
  /** Bytes that were put in so far. */
  readonly received: number;
  /** Everything was put in. @returns the digest of it */
  finish(): Promise<Digest>;
}

export interface PourOptions extends Call {
  /** Is told how many bytes were put in so far. */
  readonly onReceived?: ((bytes: number) => void) | undefined;
}

/**
 * Puts bytes into a transfer, and verifies them. @returns whether that could be done; false: what was put in is right as far as it goes,
 * and the rest has to be read
 */
export type Pour = (transfer: Transfer, options?: PourOptions) => Promise<boolean>;

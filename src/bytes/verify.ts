/**
 * Verified reading: the last chunk is withheld until size and digest agree, so that reaching the end is the proof.
 */
import { OciError } from '../errors.ts';
import type { Bytes } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
import type { Digest } from '../model/digest.ts';
import { type Hasher, hasherFor } from './hash.ts';
import type { Transfer } from './transfer.ts';

export interface VerifyOptions {
  /** How many bytes stand before the first of these, and the hash state of those bytes: a resumed read is verified whole. */
  readonly offset?: number;
  readonly prefix?: Hasher | undefined;
  /** Names the origin in errors, e.g. `ghcr.io/o/app`. */
  readonly from?: string | undefined;
}

/**
 * Passes bytes on, and fails before their end when they are not those of the descriptor.
 * @throws OciError `DIGEST_MISMATCH`, `SIZE_MISMATCH`
 */
export async function* verify(
  bytes: Bytes,
  descriptor: Descriptor,
  options: VerifyOptions = {},
): AsyncGenerator<Uint8Array> {
  const { size } = descriptor;
  const hasher = options.prefix ?? hasherFor(descriptor.digest);
  let read = options.offset ?? 0;
  let held: Uint8Array | undefined;
  for await (const chunk of bytes) {
    if (chunk.length === 0) continue;
    read += chunk.length;
    if (read > size) throw sizeMismatch(descriptor, `more than ${size} bytes`, options.from);
    hasher.update(chunk);
    if (held !== undefined) yield held;
    held = chunk;
  }
  checkWhole(descriptor, { size: read, digest: () => hasher.digest() }, options.from);
  if (held !== undefined) yield held;
}

/**
 * Are these bytes those of the descriptor?
 * @throws OciError `DIGEST_MISMATCH`, `SIZE_MISMATCH`
 */
function checkWhole(
  descriptor: Descriptor,
  { size, digest }: { readonly size: number; readonly digest: () => Digest },
  from?: string,
): void {
  if (size !== descriptor.size) throw sizeMismatch(descriptor, `${size} of ${descriptor.size} bytes`, from);
  const actual = digest();
  if (actual !== descriptor.digest) throw digestMismatch(descriptor.digest, actual, from);
}

/** Was all of it put into a transfer? @throws OciError `DIGEST_MISMATCH`, `SIZE_MISMATCH` */
export async function checkPoured(descriptor: Descriptor, transfer: Transfer, from?: string): Promise<void> {
  const digest = await transfer.finish();
  checkWhole(descriptor, { size: transfer.received, digest: () => digest }, from);
}

/** The error for bytes that are not those of their digest. */
export function digestMismatch(wanted: string, actual: string, from?: string): OciError {
  return new OciError('DIGEST_MISMATCH', `${wanted}${origin(from)} has the wrong bytes: they hash to ${actual}`, {
    hint: 'the content was changed or damaged where it is kept, or on the way',
    digests: [wanted],
  });
}

function sizeMismatch({ digest }: Descriptor, got: string, from?: string): OciError {
  return new OciError('SIZE_MISMATCH', `${digest}${origin(from)} has the wrong size: ${got}`, { digests: [digest] });
}

function origin(from: string | undefined): string {
  return from === undefined ? '' : ` from ${from}`;
}

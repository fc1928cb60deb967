/** How far compressed bytes may grow: what decompresses asks here before it gives anything on. */
import { OciError, throwIfAborted } from '../errors.ts';
import type { Bytes } from '../model/call.ts';

export interface InflateOptions {
  /** The most bytes that come out; 64 GiB unless told. */
  readonly maxBytes?: number | undefined;
  /** The most bytes that come out for each that goes in, once 16 MiB have come out; 2000 unless told (gzip ends at 1032, zstd does not). */
  readonly maxRatio?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The most bytes that come out, unless told. */
export const MAX_BYTES: number = 64 * 2 ** 30;
/** The most that come out for each that goes in, unless told. */
export const MAX_RATIO = 2000;
/** Below this, a high ratio is no danger: a small file of zeros is common. */
export const RATIO_FROM: number = 16 * 2 ** 20;

/** Counts what goes into a decompressor and what comes out. */
export interface InflationMeter {
  takes(bytes: Bytes): AsyncGenerator<Uint8Array>;
  /** @throws OciError `TOO_LARGE` */
  gives(chunk: Uint8Array): void;
}

export function inflationMeter(options: InflateOptions): InflationMeter {
  const { maxBytes = MAX_BYTES, maxRatio = MAX_RATIO, signal } = options;
  let taken = 0;
  let given = 0;
  return {
    async *takes(bytes) {
      for await (const chunk of bytes) {
        throwIfAborted(signal);
        taken += chunk.length;
        yield chunk;
      }
    },
    gives(chunk) {
      given += chunk.length;
      if (given > maxBytes) throw bomb(`more than ${maxBytes} bytes`);
      if (given > RATIO_FROM && given > taken * maxRatio) throw bomb(`more than ${maxRatio} times their size`);
    },
  };
}

function bomb(problem: string): OciError {
  return new OciError('TOO_LARGE', `compressed bytes unpack to ${problem}`, {
    hint: 'this is how a decompression bomb looks; raise the limit if the content is trusted',
  });
}

/** What a decompressor understands. */
export type Format = 'gzip' | 'deflate' | 'zstd';

/** The error for bytes that a decompressor does not understand. */
export function notCompressed(format: Format, cause: unknown): OciError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new OciError('LAYOUT_INVALID', `the bytes are not valid ${format} data: ${reason}`, { cause });
}

/** The error where zstd can only be read. */
export function cannotZstd(): OciError {
  return new OciError('UNSUPPORTED', 'this runtime cannot compress with zstd', {
    hint: 'use gzip, or Node.js 22.15 or newer',
  });
}

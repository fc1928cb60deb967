/** zstd where the runtime has none: fzstd, loaded when first needed. */
import { isOciError, OciError } from '../errors.ts';
import type { Bytes } from '../model/call.ts';
import { type InflateOptions, inflationMeter, notCompressed } from './inflation.ts';

/** fzstd keeps the output of one push in memory, and 4 bytes can make 128 KiB: so it is fed little at a time. */
const PUSH = 16 * 1024;
/** What `zstd --long=27` makes; the format goes to 2 GiB, all of it allocated at once. */
const MAX_WINDOW_LOG = 27;

/** @throws OciError `LAYOUT_INVALID`, `TOO_LARGE` */
export async function* unzstdWithFzstd(bytes: Bytes, options: InflateOptions = {}): AsyncGenerator<Uint8Array> {
  const { Decompress } = await import('fzstd');
  const meter = inflationMeter(options);
  let ready: Uint8Array[] = [];
  const decoder = new Decompress((chunk) => {
    meter.gives(chunk);
    if (chunk.length > 0) ready.push(chunk);
  });
  const push = (chunk: Uint8Array, last: boolean): Uint8Array[] => {
    ready = [];
    try {
      decoder.push(chunk, last);
    } catch (error) {
      throw isOciError(error) ? error : notCompressed('zstd', error);
    }
    return ready;
  };
  for await (const chunk of checkWindow(meter.takes(bytes))) {
    for (let at = 0; at < chunk.length; at += PUSH) yield* push(chunk.subarray(at, at + PUSH), false);
  }
  yield* push(new Uint8Array(0), true);
}

/** Refuses a window that would take hundreds of megabytes before a single byte is unpacked (RFC 8878, 3.1.1.1.2). */
async function* checkWindow(bytes: Bytes): AsyncGenerator<Uint8Array> {
  const head: number[] = [];
  for await (const chunk of bytes) {
    if (head.length < 6) {
      head.push(...chunk.subarray(0, 6 - head.length));
      if (head.length === 6) refuseWideWindow(head);
    }
    yield chunk;
  }
}

function refuseWideWindow([a, b, c, d, flags = 0, window = 0]: readonly number[]): void {
  const isFrame = a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd;
  const isSingleSegment = (flags & 0x20) !== 0;
  if (!isFrame || isSingleSegment || 10 + (window >> 3) <= MAX_WINDOW_LOG) return;
  throw new OciError('TOO_LARGE', `zstd data asks for a window of more than 2^${MAX_WINDOW_LOG} bytes`);
}

/** The `#compress` seam where there is no node:zlib: browsers, workers. */
import { isOciError } from '../errors.ts';
import type { Bytes } from '../model/call.ts';
import type { DeflateOptions } from './compress.ts';
import { concat, fromArray } from './read.ts';
import { cannotZstd, type Format, type InflateOptions, inflationMeter, notCompressed } from './inflation.ts';
import { unzstdWithFzstd } from './unzstd.ts';

/** @throws OciError `LAYOUT_INVALID`, `TOO_LARGE` */
export function gunzip(bytes: Bytes, options: InflateOptions = {}): AsyncGenerator<Uint8Array> {
  return inflate(bytes, new DecompressionStream('gzip'), 'gzip', options);
}

/** @throws OciError `LAYOUT_INVALID`, `TOO_LARGE` */
export function inflateRaw(bytes: Bytes, options: InflateOptions = {}): AsyncGenerator<Uint8Array> {
  return inflate(bytes, new DecompressionStream('deflate-raw'), 'deflate', options);
}

async function* inflate(
  bytes: Bytes,
  decoder: DecompressionStream,
  format: Format,
  options: InflateOptions,
): AsyncGenerator<Uint8Array> {
  const meter = inflationMeter(options);
  const source = noting(meter.takes(bytes));
  try {
    for await (const chunk of through(source.bytes, decoder)) {
      meter.gives(chunk);
      yield chunk;
    }
  } catch (error) {
    throw isOciError(error) || source.failure() === error ? error : notCompressed(format, error);
  }
}

/** The level is the runtime's own. */
export async function* gzip(bytes: Bytes, _options: DeflateOptions = {}): AsyncGenerator<Uint8Array> {
  yield* through(bytes, new CompressionStream('gzip'));
}

/** What is small, at once. @throws OciError `UNSUPPORTED` for zstd */
export async function compressSmall(
  bytes: Uint8Array,
  format: 'gzip' | 'zstd',
  options: DeflateOptions = {},
): Promise<Uint8Array> {
  if (format === 'zstd') throw cannotZstd();
  const chunks: Uint8Array[] = [];
  for await (const chunk of gzip(fromArray(bytes), options)) chunks.push(chunk);
  return concat(chunks);
}

/** @throws OciError `LAYOUT_INVALID`, `TOO_LARGE` */
export function unzstd(bytes: Bytes, options: InflateOptions = {}): AsyncGenerator<Uint8Array> {
  return unzstdWithFzstd(bytes, options);
}

/** @throws OciError `UNSUPPORTED` */
export function zstd(_bytes: Bytes, _options: DeflateOptions = {}): AsyncGenerator<Uint8Array> {
  throw cannotZstd();
}

/** Remembers how a source failed: web streams hand its errors on among their own. */
function noting(bytes: Bytes): { bytes: Bytes; failure(): unknown } {
  let failure: unknown;
  async function* noted(): AsyncGenerator<Uint8Array> {
    try {
      yield* bytes;
    } catch (error) {
      failure = error;
      throw error;
    }
  }
  return { bytes: noted(), failure: () => failure };
}

async function* through(
  bytes: Bytes,
  { readable, writable }: CompressionStream | DecompressionStream,
): AsyncGenerator<Uint8Array> {
  const reader = readable.getReader();
  const feeding = feed(bytes, writable.getWriter());
  feeding.catch(() => {}); // the reader below meets the same error
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      yield value as Uint8Array;
    }
    await feeding;
  } finally {
    await reader.cancel().catch(() => {});
    await feeding.catch(() => {});
  }
}

async function feed(bytes: Bytes, writer: ReturnType<CompressionStream['writable']['getWriter']>): Promise<void> {
  try {
    for await (const chunk of bytes) await writer.write(chunk);
    await writer.close();
  } catch (error) {
    await writer.abort(error).catch(() => {});
    throw error;
  }
}

/**
 * Chunks of a layer, fetched by ranges: what lies close together comes with one request, and what does not is left where it is. A chunk
 * is handed out when its digest agrees, and not before.
 */
import { isOciError, OciError } from '../../errors.ts';
import { type ByteReader, byteReader } from '../../bytes/byte-reader.ts';
import { readAll } from '../../bytes/read.ts';
import { verify } from '../../bytes/verify.ts';
import type { Bytes, Call } from '../../model/call.ts';
import { OCTET_STREAM } from '../../model/media-types.ts';
import type { Content } from '../../store/types.ts';
import type { Chunk, Frame, FramedChunk } from './chunk.ts';

/** Bytes that are fetched for nothing rather than asking once more. */
const GAP = 128 * 1024;
/** The largest chunk that is held until it is proven. Of a larger one the last bytes are withheld, as of a blob. */
const MAX_HELD = 16 * 1024 * 1024;
const ZEROS = new Uint8Array(64 * 1024);

export interface LayerWindows {
  /** The bytes of a chunk. @throws OciError `DIGEST_MISMATCH`, `SIZE_MISMATCH`, and what the content throws */
  chunk(chunk: Chunk): Bytes;
  close(): Promise<void>;
}

interface Window {
  readonly start: number;
  readonly end: number;
}

/**
 * @param frames those that will be asked for, as far as that is known: they decide what is fetched together.
 * @param fetched told how many bytes came.
 */
export function layerWindows(
  layer: Content,
  frames: Iterable<Frame>,
  call: Call,
  fetched: (bytes: number) => void = () => {},
): LayerWindows {
  const planned = plan(frames);
  let held: { readonly chunk: Chunk; readonly bytes: Uint8Array } | undefined;
  let open: { readonly end: number; readonly reader: ByteReader; at: number } | undefined;
  let unpacked: { readonly frame: Frame; readonly reader: ByteReader; at: number } | undefined;

  const seek = async (frame: Frame): Promise<void> => {
    if (open === undefined || open.at > frame.start || open.end < frame.end || frame.start - open.at > GAP) {
      await open?.reader.close();
      open = undefined;
      const end = windowAt(planned, frame)?.end ?? frame.end;
      const bytes = layer.open({ ...call, start: frame.start, end });
      open = { end, reader: byteReader(counting(bytes, fetched)), at: frame.start };
    }
    while (open.at < frame.start) open.at += (await required(open.reader, frame.start - open.at)).length;
  };
  const rest = async function* ({ end }: Frame): AsyncGenerator<Uint8Array> {
    const from = open;
    if (from === undefined) return;
    while (from.at < end) {
      const chunk = await required(from.reader, end - from.at);
      from.at += chunk.length;
      yield chunk;
    }
  };
  const plain = async function* ({ frame, skip, size }: FramedChunk): AsyncGenerator<Uint8Array> {
    if (unpacked?.frame !== frame || unpacked.at > skip) {
      await unpacked?.reader.close();
      unpacked = undefined;
      await seek(frame);
      unpacked = { frame, reader: byteReader(frame.unpack(rest(frame), call)), at: 0 };
    }
    for (const now = unpacked; now.at < skip + size; ) {
      const bytes = await now.reader.some(now.at < skip ? skip - now.at : skip + size - now.at);
      if (bytes === undefined) return;
      now.at += bytes.length;
      if (now.at > skip) yield bytes;
    }
  };
  return {
    async *chunk(chunk) {
      if (held?.chunk === chunk) return yield held.bytes;
      if (chunk.frame === undefined) return yield* zeros(chunk.size);
      const bytes = proven(plain(chunk), chunk, layer);
      if (chunk.size > MAX_HELD) return yield* bytes;
      held = { chunk, bytes: await readAll(bytes, chunk.size, 'chunk') };
      yield held.bytes;
    },
    async close() {
      await unpacked?.reader.close();
      await open?.reader.close();
    },
  };
}

function plan(frames: Iterable<Frame>): Window[] {
  const windows: Window[] = [];
  for (const { start, end } of [...frames].sort((a, b) => a.start - b.start)) {
    const last = windows.at(-1);
    if (last === undefined || start - last.end > GAP) windows.push({ start, end });
    else windows[windows.length - 1] = { start: last.start, end: Math.max(last.end, end) };
  }
  return windows;
}

function windowAt(windows: readonly Window[], frame: Frame): Window | undefined {
  let [low, high] = [0, windows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((windows[middle]?.end ?? 0) < frame.end) low = middle + 1;
    else high = middle;
  }
  const found = windows[low];
  return found !== undefined && found.start <= frame.start ? found : undefined;
}

async function* counting(bytes: Bytes, fetched: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    fetched(chunk.length);
    yield chunk;
  }
}

async function required(reader: ByteReader, most: number): Promise<Uint8Array> {
  const chunk = await reader.some(most);
  if (chunk === undefined) throw new OciError('SIZE_MISMATCH', 'the layer ends before its chunks do');
  return chunk;
}

async function* zeros(size: number): AsyncGenerator<Uint8Array> {
  for (let left = size; left > 0; left -= ZEROS.length) yield ZEROS.subarray(0, Math.min(left, ZEROS.length));
}

/** Bytes that cannot be unpacked are not those that the digest is of. */
async function* proven(bytes: Bytes, chunk: FramedChunk, { descriptor }: Content): AsyncGenerator<Uint8Array> {
  const { digest, size } = chunk;
  const from = `layer ${descriptor.digest}`;
  try {
    yield* verify(bytes, { mediaType: OCTET_STREAM, digest, size }, { from });
  } catch (error) {
    if (!isOciError(error, 'LAYOUT_INVALID', 'SIZE_MISMATCH')) throw error;
    throw new OciError('DIGEST_MISMATCH', `a chunk of ${from} is not ${digest}: ${error.message}`, {
      hint: 'the content was changed or damaged where it is kept, or on the way',
      digests: [descriptor.digest],
      cause: error,
    });
  }
}

/**
 * An archive taken apart into headers and bodies, without a byte of it being changed: put together again the pieces are the archive,
 * but for the entries that are left out.
 */
import { readTar, tarPadding, type TarHeader } from '../../../bytes/tar.ts';
import { concat } from '../../../bytes/read.ts';
import type { Bytes } from '../../../model/call.ts';

/** An entry, or the end. */
export type ArchivePiece = EntryPiece | EndPiece;

export interface EntryPiece {
  /** What fills up the body before, and all blocks of the header; the last 512 bytes are the header's own. */
  readonly lead: Uint8Array;
  readonly header: TarHeader;
  /** To be read to its end before the next piece is asked for. */
  readonly body: Bytes;
}

export interface EndPiece {
  /** What fills up the body before. */
  readonly lead: Uint8Array;
  readonly header?: undefined;
  /** The blocks that end an archive, and whatever stands behind them. To be read to its end. */
  readonly body: Bytes;
}

/**
 * The pieces of an archive, in their order; the last one is the end.
 * @param isKept which entries are not left out; all unless told.
 * @throws OciError `LAYOUT_INVALID`, `LIMIT`
 */
export async function* archivePieces(
  archive: Bytes,
  isKept: (header: TarHeader) => boolean = () => true,
): AsyncGenerator<ArchivePiece> {
  const raw = rawArchive(archive);
  let lead: Uint8Array = new Uint8Array(0);
  let before = { end: 0, padding: 0, isKept: true };
  const pad = (): void => {
    raw.dropTo(before.end);
    const padding = raw.take(before.padding);
    if (before.isKept) lead = padding;
  };
  try {
    for await (const { offset, body, ...header } of readTar(raw.bytes)) {
      pad();
      const head = raw.take(offset - before.end - before.padding);
      before = { end: offset + header.size, padding: tarPadding(header.size).length, isKept: isKept(header) };
      const passing = raw.passing(body);
      if (before.isKept) yield { lead: concat([lead, head]), header, body: passing };
      else for await (const _ of passing);
    }
    pad();
    yield { lead, body: raw.rest() };
  } finally {
    await raw.close();
  }
}

/** The archive without some of its entries. */
export async function* withoutEntries(
  archive: Bytes,
  isKept: (header: TarHeader) => boolean,
): AsyncGenerator<Uint8Array> {
  for await (const { lead, body } of archivePieces(archive, isKept)) {
    yield lead;
    yield* body;
  }
}

/** An archive that somebody else reads, of which the bytes are kept that it has read until they are taken. */
interface RawArchive {
  readonly bytes: Bytes;
  take(length: number): Uint8Array;
  dropTo(position: number): void;
  /** Bytes that are given by the reader are not kept. */
  passing(body: Bytes): Bytes;
  /** What is kept, and all that comes after. */
  rest(): Bytes;
  close(): Promise<void>;
}

function rawArchive(archive: Bytes): RawArchive {
  const chunks = archive[Symbol.asyncIterator]();
  let held: Uint8Array[] = [];
  let position = 0;
  const next = async (): Promise<IteratorResult<Uint8Array>> => {
    const result = await chunks.next();
    if (result.done !== true) held.push(result.value);
    return result;
  };
  const take = (length: number): Uint8Array => {
    const parts: Uint8Array[] = [];
    position += length;
    for (let left = length; left > 0; ) {
      const first = held.shift();
      if (first === undefined) break;
      parts.push(first.subarray(0, left));
      if (first.length > left) held.unshift(first.subarray(left));
      left -= first.length;
    }
    return concat(parts);
  };
  return {
    // Without `return`: the reader ends where the archive does, and what comes after that is wanted, too.
    bytes: { [Symbol.asyncIterator]: () => ({ next }) },
    take,
    dropTo: (to) => void take(to - position),
    async *passing(body) {
      for await (const chunk of body) {
        take(chunk.length);
        yield chunk;
      }
    },
    async *rest() {
      yield* held;
      held = [];
      for (let result = await chunks.next(); result.done !== true; result = await chunks.next()) yield result.value;
    },
    async close() {
      await chunks.return?.();
    },
  };
}

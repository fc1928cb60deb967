/**
 * The `#tar` seam over the tar-stream library, which decodes and encodes every header. It is shown headers only: a body
 * is passed over by zeros, and its bytes come straight from the archive. So an archive on disk is listed without
 * reading its bodies, and who reads half a body does no harm.
 */
import { extract, pack } from 'tar-stream';
import { OciError } from '../errors.ts';
import type { Bytes } from '../model/call.ts';
import { quote } from '../model/quote.ts';
import { type ByteReader, byteReader } from './byte-reader.ts';
import { concat } from './read.ts';
import { exactTexts, holdsBytes, paxRecords } from './tar-text.ts';
import { headerFor, headerFrom, invalid, type LibraryHeader } from './tar-headers.ts';
import type { TarEntry, TarFile, TarHeader, TarPlace } from './tar.ts';

const BLOCK = 512;
const MAX_ENTRIES = 2_000_000;
const zeros = new Uint8Array(1 << 20);

/** The two blocks of zeros at the end of an archive. */
export const TAR_END: Uint8Array = new Uint8Array(2 * BLOCK);

/** What fills the last block of a body. */
export function tarPadding(size: number): Uint8Array {
  return zeros.subarray(0, padded(size) - size);
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}

/**
 * Reads an archive from its beginning. It ends at the first two blocks of zeros, as for tar(1).
 * @throws OciError `LAYOUT_INVALID`, `LIMIT`
 */
export async function* readTar(bytes: Bytes): AsyncGenerator<TarEntry> {
  const reader = byteReader(bytes);
  try {
    for await (const header of headers(() => reader.take(BLOCK))) {
      let left = header.size;
      yield {
        ...header,
        offset: reader.given(),
        body: body(
          reader,
          () => left,
          (taken) => (left -= taken),
        ),
      };
      await skip(reader, left + padded(header.size) - header.size);
    }
  } finally {
    await reader.close();
  }
}

async function* body(
  reader: ByteReader,
  left: () => number,
  took: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  while (left() > 0) {
    const chunk = await reader.some(left());
    if (chunk === undefined) throw invalid('it ends in the middle of a file');
    took(chunk.length);
    yield chunk;
  }
}

async function skip(reader: ByteReader, length: number): Promise<void> {
  for (let left = length; left > 0; ) {
    const chunk = await reader.some(left);
    if (chunk === undefined) throw invalid('it ends in the middle of a file');
    left -= chunk.length;
  }
}

/**
 * Lists the entries of an archive that can be read anywhere; bodies are not read.
 * @param window gives bytes of the archive, fewer at its end.
 * @throws OciError `LAYOUT_INVALID`, `LIMIT`
 */
export async function* scanTar(
  window: (start: number, end: number) => Promise<Uint8Array>,
  size: number,
): AsyncGenerator<TarPlace> {
  let at = 0;
  const next = async (): Promise<Uint8Array> => {
    const block = await window(at, at + BLOCK);
    at += block.length;
    return block;
  };
  for await (const header of headers(next)) {
    const offset = at;
    at += padded(header.size);
    if (at > size) throw invalid(`it ends in the middle of ${quote(header.name, 80)}`);
    yield { ...header, offset };
  }
}

/** The headers of the blocks that `next` gives; it is asked for no block of a body. */
async function* headers(next: () => Promise<Uint8Array>): AsyncGenerator<TarHeader> {
  const decoder = headerDecoder();
  let blocks: Uint8Array[] = [];
  let entries = 0;
  let empty = 0;
  let isOpen = false;
  try {
    for (;;) {
      const block = await next();
      if (block.length < BLOCK && (block.length > 0 || isOpen)) throw invalid('it ends in the middle of a header');
      if (block.length === 0) return;
      empty = block.every((byte) => byte === 0) ? empty + 1 : 0;
      if (empty === 2 && isOpen) throw invalid('it ends in the middle of a header');
      if (empty === 2) return;
      const header = await decoder.decode(block);
      isOpen = header === undefined && (isOpen || empty === 0);
      blocks.push(block);
      if (header === undefined) continue;
      if (++entries > MAX_ENTRIES) throw new OciError('LIMIT', `a tar archive has more than ${MAX_ENTRIES} entries`);
      const converted = headerFrom(exactTexts(header, blocks));
      blocks = [];
      yield converted;
      await decoder.pass(padded(header.type === 'directory' ? 0 : header.size));
    }
  } finally {
    decoder.close();
  }
}

interface HeaderDecoder {
  /** Takes a block that is no part of a body; a header when the block completes one. */
  decode(block: Uint8Array): Promise<LibraryHeader | undefined>;
  /** Passes over a body. */
  pass(length: number): Promise<void>;
  close(): void;
}

/** Every write waits until the library has taken it, so that what it found is known before the next block is chosen. */
function headerDecoder(): HeaderDecoder {
  const library = extract({ highWaterMark: 1, allowUnknownFormat: true } as object);
  let found: LibraryHeader | undefined;
  let failure: Error | undefined;
  let settle = (): void => {};
  library.on('entry', (header, stream, next) => {
    found = header as unknown as LibraryHeader;
    stream.on('error', () => {});
    stream.resume();
    next();
  });
  library.on('error', (error) => {
    failure = error;
  });
  library.on('drain', () => settle());
  library.on('close', () => settle());
  const write = async (chunk: Uint8Array): Promise<void> => {
    await new Promise<void>((resolve) => {
      settle = resolve;
      library.write(chunk);
    });
    if (failure !== undefined) throw invalid(failure.message, failure);
  };
  return {
    async decode(block) {
      found = undefined;
      await write(block);
      return found;
    },
    async pass(length) {
      for (let left = length; left > 0; left -= zeros.length)
        await write(zeros.subarray(0, Math.min(left, zeros.length)));
    },
    close: () => library.destroy(),
  };
}

/** The blocks that stand before a body: the header, and a PAX header where one is needed. */
export async function tarHeader(file: TarFile): Promise<Uint8Array> {
  const header = headerFor(file);
  const { name, linkname, pax } = header;
  if (![name, linkname ?? '', ...Object.values(pax ?? {})].some(holdsBytes)) return encoded(header);
  const records = paxRecords({ path: name, ...(linkname === null ? {} : { linkpath: linkname }), ...pax });
  const plain = { ...header, name: 'PaxHeader', linkname: linkname && 'PaxHeader', pax: null };
  const before = await encoded({ ...plain, type: 'pax-header', size: records.length });
  return concat([before.subarray(0, BLOCK), records, tarPadding(records.length), await encoded(plain)]);
}

async function encoded(header: object): Promise<Uint8Array> {
  // The packer never gets the body. It holds nothing but memory: destroying it would only make it build errors.
  const library = pack();
  const readable = new Promise<void>((resolve) => library.once('readable', () => resolve()));
  library.entry(header as never);
  await readable;
  const chunks: Uint8Array[] = [];
  for (let chunk = library.read(); chunk !== null; chunk = library.read()) chunks.push(chunk as Uint8Array);
  return concat(chunks);
}

/**
 * Writes an archive. The same files in the same order become the same bytes.
 * @throws OciError `SIZE_MISMATCH` when a body is not as long as its file says
 */
export async function* writeTar(files: Iterable<TarFile> | AsyncIterable<TarFile>): AsyncGenerator<Uint8Array> {
  for await (const file of files) {
    yield await tarHeader(file);
    const size = file.size ?? 0;
    let written = 0;
    for await (const chunk of file.body ?? []) {
      written += chunk.length;
      if (written > size) break;
      yield chunk;
    }
    if (written !== size) {
      throw new OciError('SIZE_MISMATCH', `${quote(file.name, 80)} is not the ${size} bytes that it was announced as`);
    }
    if (size % BLOCK !== 0) yield tarPadding(size);
  }
  yield TAR_END;
}

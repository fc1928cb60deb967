/**
 * The `#tar` seam over the tar-stream library, which decodes and encodes every header. It is shown one header at a time, with the
 * records that are for it, and no body: those bytes come straight from the archive. So an archive on disk is listed without reading
 * its bodies, who reads half a body does no harm, and no header leaves anything behind for the next.
 */
import { extract, pack } from 'tar-stream';
import { OciError } from '../errors.ts';
import type { Bytes } from '../model/call.ts';
import { quote } from '../model/quote.ts';
import { type ByteReader, byteReader } from './byte-reader.ts';
import { concat } from './read.ts';
import { BLOCK, headerBlocks, headerNumbers, typeOf } from './tar-blocks.ts';
import { exactTexts, holdsBytes, paxRecords } from './tar-text.ts';
import { headerFor, headerFrom, invalid, type LibraryHeader, withDevice } from './tar-headers.ts';
import type { TarEntry, TarFile, TarHeader, TarPlace } from './tar.ts';

const MAX_ENTRIES = 2_000_000;
const zeros = new Uint8Array(BLOCK);

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
      if ((await skip(reader, left)) > 0) throw invalid('it ends in the middle of a file');
      // Of the last file it may be left out: whoever does not close Go's writer leaves it out.
      await skip(reader, padded(header.size) - header.size);
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

/** @returns how many bytes were not there any more */
async function skip(reader: ByteReader, length: number): Promise<number> {
  for (let left = length; left > 0; ) {
    const chunk = await reader.some(left);
    if (chunk === undefined) return left;
    left -= chunk.length;
  }
  return 0;
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
    if (offset + header.size > size) throw invalid(`it ends in the middle of ${quote(header.name, 80)}`);
    at = Math.min(offset + padded(header.size), size);
    yield { ...header, offset };
  }
}

/** The headers of the blocks that `next` gives; it is asked for no block of a body. */
async function* headers(next: () => Promise<Uint8Array>): AsyncGenerator<TarHeader> {
  for (let entries = 0; ; entries++) {
    const blocks = await headerBlocks(next);
    if (blocks === undefined) return;
    if (entries === MAX_ENTRIES) throw new OciError('LIMIT', `a tar archive has more than ${MAX_ENTRIES} entries`);
    const own = blocks.at(-1) ?? new Uint8Array(BLOCK);
    const numbers = headerNumbers(own);
    const header = exactTexts(await decoded(blocks), blocks);
    // Archives of before POSIX have no type for directories.
    const isDirectory = typeOf(own) === '\0' && header.name.endsWith('/');
    yield headerFrom({ ...header, type: isDirectory ? 'directory' : header.type }, numbers);
  }
}

/**
 * What the library makes of the blocks of one header. Of a type that it does not know, it makes nothing or waits for more. It holds
 * nothing but memory: destroying it would only make it build errors.
 */
async function decoded(blocks: readonly Uint8Array[]): Promise<LibraryHeader> {
  const [only] = blocks;
  const library = extract({ highWaterMark: 1, allowUnknownFormat: true } as object);
  let found: LibraryHeader | undefined;
  let failure: Error | undefined;
  library.on('entry', (header, stream) => {
    found = header as unknown as LibraryHeader;
    stream.on('error', () => {});
  });
  library.on('error', (error) => {
    failure = error;
  });
  await new Promise<void>((resolve) => {
    library.on('entry', () => resolve());
    library.on('drain', () => resolve());
    library.on('close', () => resolve());
    library.write(blocks.length === 1 ? only : concat(blocks));
  });
  if (failure !== undefined) throw invalid(failure.message, failure);
  if (found === undefined) throw invalid('a header is of a type that is not known');
  return found;
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

async function encoded(
  header: Pick<LibraryHeader, 'devmajor' | 'devminor'> & { readonly [field: string]: unknown },
): Promise<Uint8Array> {
  // The packer never gets the body. It holds nothing but memory: destroying it would only make it build errors.
  const library = pack();
  const readable = new Promise<void>((resolve) => library.once('readable', () => resolve()));
  library.entry(header as never);
  await readable;
  const chunks: Uint8Array[] = [];
  for (let chunk = library.read(); chunk !== null; chunk = library.read()) chunks.push(chunk as Uint8Array);
  return withDevice(concat(chunks), header);
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

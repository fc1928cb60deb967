/**
 * Files as content: read once to learn the digest, and opened again each time that they are sent. What opens only once (a pipe, standard
 * input) is spooled.
 */
import { constants, createReadStream, type Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { OciError } from '../../errors.ts';
import { createHasher } from '../../bytes/hash.ts';
import type { Bytes, Call } from '../../model/call.ts';
import type { Annotations } from '../../model/descriptor.ts';
import type { DigestAlgorithm } from '../../model/digest.ts';
import { OCTET_STREAM } from '../../model/media-types.ts';
import { contentOf } from '../../store/content.ts';
import type { Spool, Spooled } from '../../store/spool.ts';
import type { Content } from '../../store/types.ts';
import { readWindow } from './file-io.ts';
import { onDisk, unless } from './fs-errors.ts';
import { spoolToDisk } from './spool.ts';

export interface FileContentOptions extends Call {
  /** `application/octet-stream` unless told. */
  readonly mediaType?: string | undefined;
  readonly annotations?: Annotations | undefined;
  /** Of the digest; sha256 unless told. */
  readonly algorithm?: DigestAlgorithm | undefined;
}

export interface OpenContentOptions extends FileContentOptions {
  /** What `-` stands for; standard input unless told. */
  readonly input?: Bytes | undefined;
  /** Where a stream is kept until it is closed; temporary files unless told. */
  readonly spool?: Spool | undefined;
}

/**
 * The content of a file. Nothing stays open: it is looked for again whenever it is read, and has to be the same then.
 * @throws OciError `NOT_FOUND`, `USAGE` for what is no file, `IO`; when it is read and has changed meanwhile `DIGEST_MISMATCH`,
 * `SIZE_MISMATCH`
 * @example
 * await repository.putBlob(await fileContent('layer.tar.gz'));
 */
export async function fileContent(file: string, options: FileContentOptions = {}): Promise<Content> {
  const stats = await look(file);
  if (stats.isFile()) return hashed(file, stats.size, options, (start, end, call) => bytesOf(file, start, end, call));
  throw new OciError('USAGE', `${file} is no file that can be read twice`, { hint: 'spool it first' });
}

/** The content of whatever can be read, `-` being standard input. Whoever opens it closes it. @throws OciError as {@link fileContent} */
export async function openContent(file: string, options: OpenContentOptions = {}): Promise<Spooled> {
  const { input = process.stdin, spool = spoolToDisk(), mediaType, algorithm, annotations, signal } = options;
  const keep = async (stream: Bytes): Promise<Spooled> => {
    const spooled = await spool(stream, { mediaType, algorithm, signal });
    return annotations === undefined ? spooled : { ...spooled, content: described(spooled.content, annotations) };
  };
  if (file === '-') return keep(input);
  const stats = await look(file);
  if (!stats.isFile()) return onDisk(`read ${file}`, () => keep(createReadStream(file)));
  // It stays open, so that what is sent is what was hashed, whatever takes its name meanwhile.
  const handle = await onDisk(`read ${file}`, () => open(file, O_RDONLY | O_NONBLOCK));
  const read: Read = (start, end, call) => readWindow(handle, start, end, file, call.signal);
  try {
    return { content: await hashed(file, stats.size, options, read), close: () => handle.close() };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function look(file: string): Promise<Stats> {
  const stats = await onDisk(`read ${file}`, () => unless(['ENOENT', 'ENOTDIR'], stat(file)));
  if (stats === undefined) throw new OciError('NOT_FOUND', `there is no file ${file}`);
  if (stats.isDirectory()) throw new OciError('USAGE', `${file} is a directory, where a file is needed`);
  return stats;
}

type Read = (start: number, end: number, call: Call) => Bytes;

async function hashed(file: string, size: number, options: FileContentOptions, window: Read): Promise<Content> {
  const { mediaType = OCTET_STREAM, algorithm = 'sha256', annotations, signal } = options;
  const hasher = createHasher(algorithm);
  let read = 0;
  for await (const chunk of window(0, size, { signal })) {
    hasher.update(chunk);
    read += chunk.length;
  }
  if (read !== size) throw new OciError('IO', `${file} has shrunk while it was read`);
  const content = contentOf({ mediaType, digest: hasher.digest(), size }, window, undefined, file);
  return annotations === undefined ? content : described(content, annotations);
}

function described(content: Content, annotations: Annotations): Content {
  const descriptor = { ...content.descriptor, annotations };
  return { descriptor, open: (options) => content.open(options) };
}

/** Windows has no such flag. A pipe in the place of the file would otherwise wait for a writer. */
const { O_NONBLOCK = 0, O_RDONLY } = constants as Partial<typeof constants> & { readonly O_RDONLY: number };

async function* bytesOf(file: string, start: number, end: number, { signal }: Call): AsyncGenerator<Uint8Array> {
  const handle: FileHandle = await onDisk(`open ${file}`, () => open(file, O_RDONLY | O_NONBLOCK));
  try {
    yield* readWindow(handle, start, end, file, signal);
  } finally {
    await handle.close();
  }
}

/**
 * tar archives as layers: a file, a pipe, standard input. What is compressed is taken as it is, byte for byte; a plain
 * archive is compressed with gzip, always in the same way, into a temporary file.
 */
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { OciError } from '../errors.ts';
import { gzip } from '../bytes/compress.ts';
import { createHasher } from '../bytes/hash.ts';
import type { Bytes, Call } from '../model/call.ts';
import { OCI_LAYER, OCI_LAYER_GZIP } from '../model/media-types.ts';
import { counted } from '../graph/progress.ts';
import { layerFrom, type NewLayer } from '../image/layer.ts';
import { contentOf } from '../store/content.ts';
import type { Spool, Spooled } from '../store/spool.ts';
import type { Content } from '../store/types.ts';
import { readWindow } from './file-io.ts';
import { onDisk, unless } from './fs-errors.ts';
import { spoolToDisk } from './spool.ts';

export interface ReadLayerOptions extends Call {
  /** Where a stream, and what is compressed here, is kept until it is closed; temporary files unless told. */
  readonly spool?: Spool | undefined;
  /** What `-` stands for; standard input unless told. */
  readonly input?: Bytes | undefined;
}

/** A layer that has something open. */
export interface LayerArchive extends NewLayer {
  /** Closes its file, or gives back the space; then it can be read no more. */
  close(): Promise<void>;
}

/** The level of gzip: part of what makes the same archive the same layer. */
const LEVEL = 6;

/**
 * Reads a tar archive, plain or compressed with gzip or zstd, as a layer: all of it is read once to learn its digests, and
 * again when it is sent.
 * @param file a path, `-`, or the bytes themselves; what is no file on the disk is spooled first.
 * @example
 * const layer = await readLayer('mydata.tgz');
 * try {
 *   const { source, root } = await append(repository, '1', [layer]);
 *   await copy(source, root, repository, { tags: ['2'] });
 * } finally {
 *   await layer.close();
 * }
 * @throws OciError `NOT_FOUND`, `LAYOUT_INVALID` for what is no tar archive, `TOO_LARGE`, `DISK_FULL`, `IO`
 */
export async function readLayer(file: string | Bytes, options: ReadLayerOptions = {}): Promise<LayerArchive> {
  const { signal, on } = options;
  const archive = await openArchive(file, options);
  let isKept = false;
  try {
    const layer = await layerFrom(archive.content, { name: nameOf(file), signal, on });
    isKept = layer.compression !== 'none';
    if (isKept) return { ...layer, close: () => archive.close() };
    const packed = await compress(archive.content, options);
    return { content: packed.content, diffId: layer.diffId, compression: 'gzip', close: () => packed.close() };
  } finally {
    if (!isKept) await archive.close();
  }
}

function nameOf(file: string | Bytes): string {
  if (typeof file !== 'string') return 'the stream';
  return file === '-' ? 'stdin' : file;
}

async function compress(content: Content, { spool = spoolToDisk(), signal, on }: ReadLayerOptions): Promise<Spooled> {
  const { descriptor } = content;
  on?.({ type: 'start', descriptor });
  const plain = counted(content, on).open({ signal });
  const spooled = await spool(gzip(plain, { level: LEVEL }), { mediaType: OCI_LAYER_GZIP, signal });
  on?.({ type: 'done', descriptor, outcome: 'exists' });
  return spooled;
}

async function openArchive(file: string | Bytes, options: ReadLayerOptions): Promise<Spooled> {
  if (typeof file !== 'string') return spooled(file, options);
  if (file === '-') return spooled(options.input ?? process.stdin, options);
  const stats = await onDisk(`read ${file}`, () => unless(['ENOENT', 'ENOTDIR'], stat(file)));
  if (stats === undefined) throw new OciError('NOT_FOUND', `there is no archive ${file}`);
  if (stats.isDirectory()) {
    throw new OciError('LAYOUT_INVALID', `${file} is a directory, not an archive`, {
      hint: `pack it first: tar -C ${file} -cf layer.tar .`,
    });
  }
  if (stats.isFile()) return openFile(file, stats.size, options);
  return onDisk(`read ${file}`, () => spooled(createReadStream(file), options));
}

function spooled(bytes: Bytes, { spool = spoolToDisk(), signal }: ReadLayerOptions): Promise<Spooled> {
  return spool(bytes, { mediaType: OCI_LAYER, signal });
}

/** A file that stays open, so that it is the same one until the end. */
async function openFile(file: string, size: number, { signal }: Call): Promise<Spooled> {
  const handle = await onDisk(`open ${file}`, () => open(file, 'r'));
  const read = (start: number, end: number, call: Call): Bytes => readWindow(handle, start, end, file, call.signal);
  try {
    const hasher = createHasher('sha256');
    for await (const chunk of read(0, size, { signal })) hasher.update(chunk);
    const content = contentOf({ mediaType: OCI_LAYER, digest: hasher.digest(), size }, read, undefined, file);
    return { content, close: () => handle.close() };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

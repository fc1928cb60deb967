/**
 * tar archives as layers: a file, a pipe, standard input, or a directory, which is packed first. What is compressed is taken as it is,
 * byte for byte; a plain archive is compressed with gzip, always in the same way, into a temporary file.
 */
import { stat } from 'node:fs/promises';
import { OciError } from '../../errors.ts';
import { gzip } from '../../bytes/compress.ts';
import { writeTar } from '../../bytes/tar.ts';
import type { Bytes } from '../../model/call.ts';
import { OCI_LAYER, OCI_LAYER_GZIP } from '../../model/media-types.ts';
import { counted } from '../../graph/progress.ts';
import { layerFrom, type NewLayer } from '../../image/layer/layer.ts';
import type { Spooled } from '../../store/spool.ts';
import type { Content } from '../../store/types.ts';
import { directoryEntries } from './directory-archive.ts';
import { openContent } from '../files/file-content.ts';
import { onDisk, unless } from '../files/fs-errors.ts';
import type { InputOptions } from '../files/open-input.ts';
import { spoolToDisk } from '../files/spool.ts';

export type { InputOptions as ReadLayerOptions };

/** A layer that has something open. */
export interface LayerArchive extends NewLayer {
  /** Closes its file, or gives back the space; then it can be read no more. */
  close(): Promise<void>;
}

/** The level of gzip: part of what makes the same archive the same layer. */
const LEVEL = 6;

/**
 * Reads a tar archive, plain or compressed with gzip or zstd, as a layer: once for its own digest, once more to unpack or to compress it,
 * and again when it is sent.
 * @param file a path, `-`, or the bytes themselves; what is no file on the disk is spooled first. A directory becomes an archive of what it
 * holds: sorted, without times and owners, and of its permissions only whether a file can be run, so that it is the same on every machine.
 * @example
 * const layer = await readLayer('mydata.tgz');
 * try {
 *   const { source, root } = await append(repository, '1', [layer]);
 *   await copy(source, root, repository, { tags: ['2'] });
 * } finally {
 *   await layer.close();
 * }
 * @throws OciError `NOT_FOUND`, `LAYOUT_INVALID` for what is no tar archive, `TOO_LARGE`, `DISK_FULL`, `IO`,
 * `UNSUPPORTED` for what cannot be packed
 */
export async function readLayer(file: string | Bytes, options: InputOptions = {}): Promise<LayerArchive> {
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

async function compress(content: Content, { spool = spoolToDisk(), signal, on }: InputOptions): Promise<Spooled> {
  const { descriptor } = content;
  on?.({ type: 'start', descriptor });
  const plain = counted(content, on).open({ signal });
  const spooled = await spool(gzip(plain, { level: LEVEL }), { mediaType: OCI_LAYER_GZIP, signal });
  on?.({ type: 'done', descriptor, outcome: 'exists' });
  return spooled;
}

async function openArchive(file: string | Bytes, options: InputOptions): Promise<Spooled> {
  const { spool = spoolToDisk(), signal } = options;
  if (typeof file !== 'string') return spool(file, { mediaType: OCI_LAYER, signal });
  if (file !== '-' && (await isDirectory(file))) {
    return spool(writeTar(directoryEntries(file, { links: 'any', signal })), { mediaType: OCI_LAYER, signal });
  }
  return openContent(file, { ...options, mediaType: OCI_LAYER });
}

/** @throws OciError `NOT_FOUND`, `IO` */
async function isDirectory(file: string): Promise<boolean> {
  const stats = await onDisk(`read ${file}`, () => unless(['ENOENT', 'ENOTDIR'], stat(file)));
  if (stats === undefined) throw new OciError('NOT_FOUND', `there is no archive ${file}`);
  return stats.isDirectory();
}

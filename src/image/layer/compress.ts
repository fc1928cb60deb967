/** Archives compressed as layers, always in the same way: the same archive and level are the same bytes on one version of a runtime. */
import { OciError } from '../../errors.ts';
import { compressSmall, gzip, zstd } from '../../bytes/compress.ts';
import type { Compression } from '../../bytes/decompress.ts';
import { concat, drain, fromArray } from '../../bytes/read.ts';
import { collect } from '../../graph/collect.ts';
import type { Bytes } from '../../model/call.ts';
import { compressionIn, type LayerForm } from './form.ts';

/** How layers are compressed that are written anew. */
export interface LayerCompression {
  /** Unless told, what the layer was before. */
  readonly compression?: LayerForm | undefined;
  /** 1 to 9 for gzip and eStargz (6 unless told), 1 to 19 for zstd and zstd:chunked (3 unless told). */
  readonly level?: number | undefined;
}

/** What zstd makes of bytes depends on how they are cut. */
const BLOCK = 128 * 1024;
const highest = { gzip: 9, zstd: 19, none: 0 } as const;

/** The archive, compressed. @throws OciError `USAGE` for a level that there is not */
export function compressLayer(archive: Bytes, compression: Compression, level?: number): Bytes {
  if (compression === 'none') return archive;
  checkLevel(compression, level);
  return { gzip, zstd }[compression](inBlocks(archive), { level });
}

/** A part of an archive, compressed by itself. @throws OciError `USAGE`, as {@link compressLayer} */
export async function compressPart(
  part: Uint8Array,
  compression: 'gzip' | 'zstd',
  level?: number,
): Promise<Uint8Array> {
  if (part.length > BLOCK) return concat(await collect(compressLayer(fromArray(part), compression, level)));
  checkLevel(compression, level);
  return compressSmall(part, compression, { level });
}

/**
 * Checks that layers can be compressed so, before anything is read.
 * @throws OciError `USAGE` for a level that there is not, `UNSUPPORTED` for zstd before Node.js 22.15
 */
export async function checkCompression({ compression, level }: LayerCompression): Promise<void> {
  const wanted = compressionIn(compression ?? 'zstd');
  checkLevel(wanted, level);
  if (compression !== undefined && wanted === 'zstd') await drain(zstd(fromArray(new Uint8Array(0))));
}

function checkLevel(compression: Compression, level: number | undefined): void {
  const most = highest[compression];
  if (level === undefined || (Number.isInteger(level) && level >= 1 && level <= most)) return;
  throw new OciError('USAGE', `${level} is no level of compression for ${compression}`, {
    hint: most === 0 ? 'leave it out' : `levels go from 1 to ${most}`,
  });
}

async function* inBlocks(bytes: Bytes): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + BLOCK - size);
      held.push(part);
      size += part.length;
      at += part.length;
      if (size < BLOCK) continue;
      yield concat(held, size);
      [held, size] = [[], 0];
    }
  }
  if (size > 0) yield concat(held, size);
}

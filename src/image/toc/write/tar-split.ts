/**
 * What is left of an archive without the bodies of its files (vbatts/tar-split, storage.Entry): of this and the files, containers/storage
 * puts the archive together again, byte for byte, and knows by the diff id that the table of contents told the truth.
 */
import { digestOf } from '../../../bytes/hash.ts';
import { concat } from '../../../bytes/read.ts';
import { bytesOfText, holdsBytes } from '../../../bytes/tar-text.ts';
import type { TarHeader } from '../../../bytes/tar.ts';
import type { Digest } from '../../../model/digest.ts';
import { pathNames } from '../../files/layer-entries.ts';
import { base64 } from './toc-entry.ts';

export interface TarSplit {
  /** Bytes that are of no file: one piece for each header, with what stands before it. */
  segment(bytes: Uint8Array): Promise<void>;
  /** @param checksum of its body, by {@link crc64}; undefined when it has none */
  file(header: TarHeader, checksum: Uint8Array | undefined): Promise<void>;
  /** Undefined for an archive that tar-split has no place for: one that has a name twice. */
  finish(): Promise<{ readonly packed: Uint8Array; readonly size: number; readonly digest: Digest } | undefined>;
}

/** A row of zstd frames is zstd data as well, so that of what has gone by no more than the frames is held. */
const FRAME = 2 ** 20;
const FILE = 1;
const SEGMENT = 2;

/** @param compress with zstd */
export function tarSplit(compress: (bytes: Uint8Array) => Promise<Uint8Array>): TarSplit {
  const encoder = new TextEncoder();
  const names = new Set<string>();
  const frames: Uint8Array[] = [];
  let isUnique = true;
  let position = 0;
  let size = 0;
  let lines: string[] = [];
  let length = 0;
  const flush = async (): Promise<void> => {
    const bytes = encoder.encode(lines.join(''));
    [lines, length] = [[], 0];
    size += bytes.length;
    frames.push(await compress(bytes));
  };
  const add = async (type: number, fields: object, payload: Uint8Array | undefined): Promise<void> => {
    const encoded = payload === undefined ? null : base64(payload);
    const line = `${JSON.stringify({ type, ...fields, payload: encoded, position: position++ })}\n`;
    lines.push(line);
    length += line.length;
    if (length >= FRAME) await flush();
  };
  return {
    segment: (bytes) => add(SEGMENT, {}, bytes),
    async file({ name, size: bytes }, checksum) {
      const path = pathNames(name).join('/');
      isUnique &&= !names.has(path);
      names.add(path);
      const named = holdsBytes(name) ? { name_raw: base64(bytesOfText(name)) } : { name };
      await add(FILE, { ...named, ...(bytes > 0 ? { size: bytes } : {}) }, checksum);
    },
    async finish() {
      if (!isUnique) return undefined;
      await flush();
      const packed = concat(frames);
      return { packed, size, digest: digestOf(packed) };
    },
  };
}

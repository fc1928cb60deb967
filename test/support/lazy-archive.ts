/** An archive with all that stands in layers, for those that write layers with a table of contents. */
import { concat, readAll } from '../../src/bytes/read.ts';
import { type TarFile, writeTar } from '../../src/bytes/tar.ts';
import type { Bytes } from '../../src/model/call.ts';
import { seededBytes } from '../../src/testing/fixtures.ts';
import { directory, file, hardLink, symlink } from './layered.ts';

const long = `${'a-long-name/'.repeat(20)}${'f'.repeat(120)}`;

/** Bytes that compress, and repeat nowhere. */
export function variedBytes(size: number, seed: string): Uint8Array {
  return seededBytes(size, seed).map((byte) => byte & 0x0f);
}

/** Files of 0, 1, 511 to 513 bytes, of a chunk and a byte less or more, and of several chunks; links, devices, markers, odd names. */
export function lazyFiles(chunkSize: number): TarFile[] {
  const sizes = [1, 511, 512, 513, chunkSize - 1, chunkSize, chunkSize + 1, 2 * chunkSize, 3 * chunkSize + 77];
  return [
    directory('./', { mode: 0o755, mtime: 1_600_000_000 }),
    directory('etc/', { mode: 0o1777, uid: 1000, gid: 1001, uname: 'user', gname: 'group', mtime: 1_600_000_001.5 }),
    file('etc/empty', '', { mode: 0o4755, mtime: 0 }),
    ...sizes.map((size) => file(`sizes/${size}`, variedBytes(size, String(size)), { mtime: 1_600_000_000 + size })),
    hardLink('sizes/same', `sizes/${2 * chunkSize}`),
    symlink('sizes/link', '../etc/empty', { mode: 0o777, mtime: 5 }),
    { name: 'dev/null', type: 'character-device', devmajor: 1, devminor: 3, mode: 0o666 },
    { name: 'dev/first', type: 'block-device', devmajor: 0, devminor: 0, mode: 0o660 },
    { name: 'dev/pipe', type: 'fifo', mode: 0o600 },
    file('etc/.wh.gone', ''),
    file('usr/.wh..wh..opq', ''),
    file('able', 'able', {
      uid: 4_294_967_294,
      pax: { 'SCHILY.xattr.security.capability': '\u0001\u0000\u0000\u0002 \udcff=', 'SCHILY.xattr.user.a': 'ü' },
    }),
    file(long, 'long', { pax: { mtime: '1600000000.123456789' } }),
    file('grüße/ñ', 'unicode'),
    file('not-\udcfc-utf-8', 'bytes', { mtime: -1.5 }),
    file('etc/empty', 'the same name once more'),
    file('secret', 'of nobody', { mode: 0 }),
  ];
}

export function lazyTar(chunkSize: number): Promise<Uint8Array> {
  return readAll(writeTar(lazyFiles(chunkSize)), 1 << 26, 'archive');
}

/** Of names that stand once only: tar-split has no place for others. */
export function uniqueTar(chunkSize: number): Promise<Uint8Array> {
  const names = new Set<string>();
  const once = lazyFiles(chunkSize).filter(({ name }) => !names.has(name) && names.add(name));
  return readAll(writeTar(once), 1 << 26, 'archive');
}

/** The bytes cut as a network may cut them. */
export async function* inPieces(bytes: Uint8Array, size: number): Bytes & AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

export interface Written<T> {
  readonly bytes: Uint8Array;
  readonly result: T;
}

/** What a generator yields, and what it returns. */
export async function writtenBy<T>(generator: AsyncGenerator<Uint8Array, T>): Promise<Written<T>> {
  const parts: Uint8Array[] = [];
  for (;;) {
    const { done, value } = await generator.next();
    if (done === true) return { bytes: concat(parts), result: value };
    parts.push(value);
  }
}

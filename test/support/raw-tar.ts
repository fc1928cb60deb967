/** Archives that no writer writes: headers of which fields are changed by hand, with a checksum that agrees again. */
import { concat, fromArray, readAll } from '../../src/bytes/read.ts';
import { TAR_END, type TarFile, tarHeader, tarPadding } from '../../src/bytes/tar.ts';
import { encode, tarOf } from './layered.ts';

const fields = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  type: [156, 1],
  linkname: [157, 100],
  devmajor: [329, 8],
  devminor: [337, 8],
} as const;

type Fields = Partial<Record<keyof typeof fields, string | Uint8Array>>;

/** An entry with its body; its last header is changed. */
export async function rawEntry(file: TarFile, change: Fields): Promise<Uint8Array> {
  const header = (await tarHeader(file)).slice();
  const own = header.subarray(header.length - 512);
  for (const [name, value] of Object.entries(change)) {
    const [at, length] = fields[name as keyof typeof fields];
    own.fill(0, at, at + length);
    own.set(typeof value === 'string' ? encode(value) : value, at);
  }
  own.fill(32, 148, 156);
  const sum = own.reduce((total, byte) => total + byte, 0);
  own.set(encode(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
  const body = await readAll(file.body ?? fromArray(new Uint8Array(0)), 1 << 20, 'body');
  return concat([header, body, tarPadding(body.length)]);
}

/** A PAX header of these records, for the entry that follows; `x` is for one, `g` for all. */
export async function paxHeader(records: Readonly<Record<string, string>>, type: 'x' | 'g' = 'x'): Promise<Uint8Array> {
  const body = concat(Object.entries(records).map(([key, value]) => record(encode(` ${key}=${value}\n`))));
  const file = { name: 'PaxHeader', size: body.length, body: fromArray(body) };
  return rawEntry(file, { type });
}

function record(rest: Uint8Array): Uint8Array {
  let length = rest.length;
  while (length !== rest.length + String(length).length) length = rest.length + String(length).length;
  return concat([encode(String(length)), rest]);
}

/** A GNU header with a long name, or a long name of a link, for the entry that follows. */
export function gnuLong(name: string, type: 'L' | 'K'): Promise<Uint8Array> {
  const body = encode(`${name}\0`);
  return rawEntry({ name: '././@LongLink', size: body.length, body: fromArray(body) }, { type });
}

/** One archive of entries, and of pieces that are written by hand. */
export async function rawTar(...pieces: readonly (TarFile | Uint8Array)[]): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (const piece of pieces) {
    const bytes = piece instanceof Uint8Array ? piece : await tarOf([piece]);
    parts.push(piece instanceof Uint8Array ? bytes : bytes.subarray(0, bytes.length - TAR_END.length));
  }
  return concat([...parts, TAR_END]);
}

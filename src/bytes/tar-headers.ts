/** From what the tar library decodes to what the package works with: PAX records applied, tricks refused. */
import { OciError } from '../errors.ts';
import { quote } from '../model/quote.ts';
import type { TarEntryType, TarFile, TarHeader } from './tar.ts';

/** A header as tar-stream has it. */
export interface LibraryHeader {
  readonly name: string;
  readonly type: TarEntryType | null;
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: Date;
  readonly linkname: string | null;
  readonly uname: string;
  readonly gname: string;
  readonly devmajor: number;
  readonly devminor: number;
  readonly pax: Readonly<Record<string, string>> | null;
}

/** The numbers of a header. */
export type HeaderNumbers = Pick<LibraryHeader, 'mode' | 'uid' | 'gid' | 'size' | 'devmajor' | 'devminor'> & {
  /** Seconds since 1970. */
  readonly mtime: number;
};

const MAX_NAME = 4096;
/** The largest number that six octal digits hold: above it, tar-stream writes sevens. */
const MAX_OCTAL_ID = 0o777777;
const MAX_OCTAL_DEVICE = 0o7777777;
const MAX_OCTAL_TIME = 2 ** 31 - 1;
/** What stat(2) sets for a file, above its permissions. */
const REGULAR = 0o100000;

/** @param numbers those of the header itself, which the library reads otherwise. @throws OciError `LAYOUT_INVALID` */
export function headerFrom(header: LibraryHeader, numbers: HeaderNumbers): TarHeader {
  const { pax, type, name, linkname } = header;
  if (type === null) throw invalid(`${quote(name, 80)} is of a type that is not known`);
  for (const text of [name, linkname ?? '']) {
    if (text.length > MAX_NAME) throw invalid(`a name is longer than ${MAX_NAME} characters`);
    if (text.includes('\0')) throw invalid(`a name holds a NUL: ${quote(text, 80)}`);
  }
  if (pax !== null && Object.keys(pax).some((key) => key.startsWith('GNU.sparse.'))) {
    throw invalid(`${quote(name, 80)} is a sparse file`);
  }
  const size = sizeOf(pax?.size ?? numbers.size, name);
  const { devmajor, devminor } = numbers;
  const [uid, gid] = [paxNumber(pax, 'uid') ?? numbers.uid, paxNumber(pax, 'gid') ?? numbers.gid];
  if (uid < 0 || gid < 0) throw invalid(`${quote(name, 80)} belongs to nobody`);
  if (type.endsWith('device') && (devmajor < 0 || devminor < 0)) throw invalid(`${quote(name, 80)} is no device`);
  return {
    name,
    type,
    size: hasBody(type) ? size : 0,
    mode: numbers.mode & 0o7777,
    uid,
    gid,
    mtime: paxNumber(pax, 'mtime') ?? numbers.mtime,
    linkname: linkname ?? undefined,
    uname: pax?.uname ?? header.uname,
    gname: pax?.gname ?? header.gname,
    devmajor,
    devminor,
    pax: pax ?? undefined,
  };
}

/** Links and directories may tell a size, as some old writers do: no body follows. */
function hasBody(type: TarEntryType): boolean {
  return type === 'file' || type === 'contiguous-file';
}

function sizeOf(told: number | string, name: string): number {
  const size = typeof told === 'number' || /^\d{1,16}$/.test(told) ? Number(told) : Number.NaN;
  if (!Number.isSafeInteger(size) || size < 0) throw invalid(`the size of ${quote(name, 80)} is not a size`);
  return size;
}

function paxNumber(pax: LibraryHeader['pax'], key: string): number | undefined {
  const text = pax?.[key];
  if (text === undefined || text === '') return undefined;
  const number = /^-?\d{1,19}(\.\d{1,30})?$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(number)) throw invalid(`the PAX record ${key} is not a number: ${quote(text, 80)}`);
  return number;
}

/** The header to write, with PAX records for whatever the fields of ustar cannot hold. */
export function headerFor(file: TarFile): Omit<LibraryHeader, 'type'> & { readonly type: TarEntryType } {
  const { name, type = 'file', size = 0, uid = 0, gid = 0, mtime = 0, uname = '', gname = '', linkname = null } = file;
  const pax: Record<string, string> = { ...file.pax };
  if (uid > MAX_OCTAL_ID) pax.uid = String(uid);
  if (gid > MAX_OCTAL_ID) pax.gid = String(gid);
  const wholeTime = Number.isInteger(mtime) && mtime >= 0 && mtime <= MAX_OCTAL_TIME;
  if (!wholeTime) pax.mtime = String(mtime);
  if (!fits(uname)) pax.uname = uname;
  if (!fits(gname)) pax.gname = gname;
  return {
    name,
    type,
    size: hasBody(type) ? size : 0,
    // For the library a mode of 0 is none; of this one it writes the permissions alone.
    mode: REGULAR | (file.mode ?? (type === 'directory' ? 0o755 : 0o644)),
    uid: Math.min(uid, MAX_OCTAL_ID),
    gid: Math.min(gid, MAX_OCTAL_ID),
    mtime: new Date(wholeTime ? mtime * 1000 : 0),
    linkname,
    uname: fits(uname) ? uname : '',
    gname: fits(gname) ? gname : '',
    devmajor: file.devmajor ?? 0,
    devminor: file.devminor ?? 0,
    pax: Object.keys(pax).length === 0 ? null : pax,
  };
}

function fits(owner: string): boolean {
  return /^[\x20-\x7e]{0,31}$/.test(owner);
}

/**
 * The blocks of a header with the numbers of a device in the seven digits that their fields hold: the library writes six, and
 * sevens where that is too few (minor numbers have 20 bits).
 */
export function withDevice(
  blocks: Uint8Array,
  { devmajor, devminor }: Pick<LibraryHeader, 'devmajor' | 'devminor'>,
): Uint8Array {
  if (devmajor <= MAX_OCTAL_ID && devminor <= MAX_OCTAL_ID) return blocks;
  const own = blocks.subarray(-512);
  const write = (number: number, digits: number, at: number): void =>
    own.set(new TextEncoder().encode(`${number.toString(8).padStart(digits, '0')}\0`), at);
  write(Math.min(devmajor, MAX_OCTAL_DEVICE), 7, 329);
  write(Math.min(devminor, MAX_OCTAL_DEVICE), 7, 337);
  own.fill(0x20, 148, 156);
  write(
    own.reduce((sum, byte) => sum + byte, 0),
    6,
    148,
  );
  return blocks;
}

/** The error for an archive that cannot be read. */
export function invalid(problem: string, cause?: unknown): OciError {
  return new OciError('LAYOUT_INVALID', `not a valid tar archive: ${problem}`, { cause });
}

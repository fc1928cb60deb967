/**
 * What a table of contents says of an entry of the archive, in the fields that eStargz and zstd:chunked have in common. Where its bytes
 * are, each of the two says in its own way.
 */
import { bytesOfText } from '../../../bytes/tar-text.ts';
import type { TarEntryType, TarHeader } from '../../../bytes/tar.ts';

/** Fields of an entry; those that are undefined are left out. */
export type TocFields = Readonly<Record<string, unknown>>;

const types: Readonly<Record<TarEntryType, string>> = {
  file: 'reg',
  'contiguous-file': 'reg',
  directory: 'dir',
  symlink: 'symlink',
  link: 'hardlink',
  'character-device': 'char',
  'block-device': 'block',
  fifo: 'fifo',
};
const XATTR = 'SCHILY.xattr.';
const BLOCK = 512;

/**
 * The fields that are of the header alone.
 * @param lead the blocks of the header
 */
export function headerFields(header: TarHeader, lead: Uint8Array): TocFields {
  const { name, type, size, uid, gid, uname, gname, linkname } = header;
  const isLink = type === 'link' || type === 'symlink';
  const isDevice = type === 'character-device' || type === 'block-device';
  return {
    name,
    type: types[type],
    ...(size > 0 ? { size } : {}),
    ...(isLink ? { linkName: linkname ?? '' } : {}),
    mode: modeIn(lead, header),
    uid,
    gid,
    // containers/storage neither writes these in zstd:chunked nor minds them: its tables are of the kind that eStargz has, too.
    ...(uname ? { userName: uname } : {}),
    ...(gname ? { groupName: gname } : {}),
    ...(isDevice ? { devMajor: header.devmajor ?? 0, devMinor: header.devminor ?? 0 } : {}),
    ...xattrsOf(header),
  };
}

/**
 * The mode as it stands in the header. Some archivers tell the type of the file in it, too, which readers of archives drop;
 * containers/storage compares it with the header, and refuses a table that says something else.
 */
function modeIn(lead: Uint8Array, { mode }: TarHeader): number {
  const own = lead.subarray(lead.length - BLOCK);
  const [, octal = ''] = /^[\0 ]*([0-7]+)[\0 ]*$/.exec(String.fromCharCode(...own.subarray(100, 108))) ?? [];
  const told = Number.parseInt(octal, 8);
  return (told & 0o7777) === mode ? told : mode;
}

function xattrsOf({ pax = {} }: TarHeader): TocFields {
  const names = Object.keys(pax).filter((key) => key.startsWith(XATTR));
  if (names.length === 0) return {};
  const xattrs = names.sort().map((key) => [key.slice(XATTR.length), base64(bytesOfText(pax[key] ?? ''))] as const);
  return { xattrs: Object.fromEntries(xattrs) };
}

/** Bytes in base64. */
export function base64(bytes: Uint8Array): string {
  const parts: string[] = [];
  // As many arguments as any runtime takes, and a multiple of three.
  for (let at = 0; at < bytes.length; at += 8190) {
    parts.push(btoa(String.fromCharCode(...bytes.subarray(at, at + 8190))));
  }
  return parts.join('');
}

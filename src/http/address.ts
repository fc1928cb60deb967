/**
 * Where an address stands: on this machine, in a private network, in public, or where nobody should be sent
 * (link-local with the clouds' metadata services, multicast, reserved). It judges what names say, and the addresses
 * that names resolve to; whether a zone may be entered is for `hop` and the transport's lookup to decide.
 */
import { parseUrl } from '../model/parse-url.ts';

export type Zone = 'public' | 'private' | 'loopback' | 'forbidden';

type Rule = readonly [base: string, bits: number, zone: Zone];

const v4Rules: readonly Rule[] = [
  ['0.0.0.0', 8, 'forbidden'],
  ['10.0.0.0', 8, 'private'],
  ['100.100.100.200', 32, 'forbidden'], // Alibaba's metadata, amid the carriers' range
  ['100.64.0.0', 10, 'private'],
  ['127.0.0.0', 8, 'loopback'],
  ['168.63.129.16', 32, 'forbidden'], // Azure's wire server
  ['169.254.0.0', 16, 'forbidden'],
  ['172.16.0.0', 12, 'private'],
  ['192.0.0.192', 32, 'forbidden'], // Oracle's metadata
  ['192.0.0.0', 24, 'private'],
  ['192.168.0.0', 16, 'private'],
  ['198.18.0.0', 15, 'private'],
  ['224.0.0.0', 3, 'forbidden'],
];

const metadataNames: ReadonlySet<string> = new Set([
  'metadata',
  'metadata.google.internal',
  'metadata.goog',
  'instance-data',
  'instance-data.ec2.internal',
]);
const loopbackNames: ReadonlySet<string> = new Set(['localhost', 'localtest.me', 'lvh.me', 'localhost.localdomain']);
const privateSuffix = /(?:^|\.)(?:local|internal|intranet|lan|corp|private|home\.arpa)$/;
/** Name servers that answer with the address in the name. */
const mirrorDns = /(?:^|\.)(?:nip|sslip|xip)\.io$/;

/** The zone that a URL's hostname says; a name that says nothing is public. */
export function zoneOfHost(hostname: string): Zone {
  const name = hostname.toLowerCase().replace(/\.{1,255}$/, '');
  const address = zoneOfAddress(name.replace(/^\[|\]$/g, ''));
  if (address !== undefined) return address;
  if (metadataNames.has(name)) return 'forbidden';
  if (loopbackNames.has(name) || /\.(?:localhost|localtest\.me|lvh\.me)$/.test(name)) return 'loopback';
  if (mirrorDns.test(name)) return zoneOfMirrorName(name);
  return privateSuffix.test(name) || !name.includes('.') ? 'private' : 'public';
}

function zoneOfMirrorName(name: string): Zone {
  const decimal = /(\d{1,3})[.-](\d{1,3})[.-](\d{1,3})[.-](\d{1,3})(?=[.-])/.exec(name);
  if (decimal !== null) return zoneOfV4(decimal.slice(1).map(Number));
  const hex = /(?:^|[.-])([0-9a-f]{8})\./.exec(name)?.[1];
  return hex === undefined
    ? 'forbidden'
    : zoneOfV4([0, 2, 4, 6].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)));
}

/** The zone of an IPv4 or IPv6 address without brackets; undefined: it is none. */
export function zoneOfAddress(address: string): Zone | undefined {
  const v4 = parseV4(address);
  if (v4 !== undefined) return zoneOfV4(v4);
  const v6 = parseV6(address);
  return v6 === undefined ? undefined : zoneOfV6(v6);
}

function zoneOfV4(bytes: readonly number[]): Zone {
  const value = toNumber(bytes);
  for (const [base, bits, zone] of v4Rules) {
    const size = 2 ** (32 - bits);
    if (Math.floor(value / size) === Math.floor(toNumber(parseV4(base) ?? []) / size)) return zone;
  }
  return 'public';
}

function toNumber(bytes: readonly number[]): number {
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0);
}

function parseV4(text: string): readonly number[] | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  const bytes = match?.slice(1).map(Number);
  return bytes?.every((byte) => byte <= 255) === true ? bytes : undefined;
}

function zoneOfV6(words: readonly number[]): Zone {
  const [first = 0, second = 0] = words;
  const embedded = embeddedV4(words);
  if (embedded !== undefined) return zoneOfV4(embedded);
  if (words.slice(0, 7).every((word) => word === 0)) return words[7] === 1 ? 'loopback' : 'forbidden';
  if (first === 0xfd00 && second === 0x0ec2) return 'forbidden'; // AWS's metadata
  if ((first & 0xfe00) === 0xfc00 || (first === 0x64 && second === 0xff9b)) return 'private';
  if ((first & 0xff80) === 0xfe80 || (first & 0xff00) === 0xff00) return 'forbidden';
  if ((first & 0xffc0) === 0xfec0 || (first === 0x2001 && second === 0)) return 'forbidden';
  return 'public';
}

/** The IPv4 address in a mapped, compatible, translated (NAT64) or 6to4 one. */
function embeddedV4(words: readonly number[]): readonly number[] | undefined {
  const bytes = (from: number): number[] => [from, from + 1].flatMap((at) => split(words[at] ?? 0));
  if (words[0] === 0x2002) return bytes(1);
  const head = words
    .slice(0, 6)
    .map((word) => word.toString(16))
    .join(':');
  if (head === '0:0:0:0:0:0' && words[6] === 0) return undefined; // :: and ::1
  return /^(?:0:0:0:0:(?:0|ffff):0|0:0:0:0:0:(?:0|ffff)|64:ff9b:0:0:0:0)$/.test(head) ? bytes(6) : undefined;
}

function split(word: number): number[] {
  return [word >> 8, word & 0xff];
}

function parseV6(text: string): readonly number[] | undefined {
  const plain = text.split('%', 1)[0] ?? '';
  const url = plain.includes(':') ? parseUrl(`http://[${plain}]/`) : undefined;
  if (url === undefined) return undefined;
  const [head = '', tail] = url.hostname.slice(1, -1).split('::');
  const words = (part: string | undefined): number[] =>
    part === undefined || part === '' ? [] : part.split(':').map((word) => Number.parseInt(word, 16));
  const [left, right] = [words(head), words(tail)];
  return [...left, ...Array.from({ length: 8 - left.length - right.length }, () => 0), ...right];
}

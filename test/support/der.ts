/** Certificates by hand: as much DER as an authority needs to issue one (RFC 5280). */
import { createHash, type KeyObject, sign } from 'node:crypto';

export function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const bytes = [...Buffer.from(body.length.toString(16).padStart(body.length > 255 ? 4 : 2, '0'), 'hex')];
  return Buffer.concat([Buffer.from([tag, ...(body.length < 128 ? bytes : [0x80 | bytes.length, ...bytes])]), body]);
}

export const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts);
export const octets = (...parts: readonly Uint8Array[]): Buffer => der(0x04, ...parts);
export const text = (value: string): Buffer => der(0x0c, Buffer.from(value));
const integer = (value: number): Buffer => der(0x02, Buffer.from([value]));
const bits = (unused: number, value: Uint8Array): Buffer => der(0x03, Buffer.from([unused]), value);
const yes = der(0x01, Buffer.from([0xff]));

export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = rest.flatMap((value) => {
    const low = [value & 0x7f];
    for (let left = value >>> 7; left > 0; left >>>= 7) low.unshift(0x80 | (left & 0x7f));
    return low;
  });
  return der(0x06, Buffer.from([first * 40 + second, ...bytes]));
}

const time = (date: Date): Buffer => der(0x18, Buffer.from(`${date.toISOString().replace(/[-:T]|\.\d+Z$/g, '')}Z`));
const name = (common: string): Buffer => sequence(der(0x31, sequence(oid('2.5.4.3'), text(common))));
const ECDSA_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));

/** One extension. */
export function extension(id: string, value: Uint8Array, isCritical = false): Buffer {
  return sequence(oid(id), ...(isCritical ? [yes] : []), octets(value));
}

export interface CertificateSpec {
  readonly subject: string;
  readonly issuer: string;
  readonly key: KeyObject;
  readonly from: Date;
  readonly until: Date;
  readonly extensions: readonly Buffer[];
}

export function spki(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' });
}

export function sha256(...parts: readonly Uint8Array[]): Buffer {
  return createHash('sha256').update(Buffer.concat(parts)).digest();
}

/** What an authority signs. */
export function toBeSigned({ subject, issuer, key, from, until, extensions }: CertificateSpec): Buffer {
  return sequence(
    der(0xa0, integer(2)),
    integer(7),
    ECDSA_SHA256,
    name(issuer),
    sequence(time(from), time(until)),
    name(subject),
    spki(key),
    der(0xa3, sequence(...extensions)),
  );
}

/** A certificate, in DER, with the key of its issuer (ECDSA on P-256). */
export function certificate(spec: CertificateSpec, issuerKey: KeyObject): Buffer {
  const body = toBeSigned(spec);
  return sequence(body, ECDSA_SHA256, bits(0, sign('sha256', body, issuerKey)));
}

/** `keyCertSign` and that it is an authority. */
export const AUTHORITY: readonly Buffer[] = [
  extension('2.5.29.19', sequence(yes), true),
  extension('2.5.29.15', bits(1, Buffer.from([0x06])), true),
];

/** `digitalSignature`, for code. */
export const SIGNING: readonly Buffer[] = [
  extension('2.5.29.15', bits(7, Buffer.from([0x80])), true),
  extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.3'))),
];

export function pemOf(bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

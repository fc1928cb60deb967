/** Times of a tar archive as tables of contents have them: RFC 3339, with all the digits that the archive tells. */
import type { TarHeader } from '../../../bytes/tar.ts';

const NANOS = 10n ** 9n;

/** When a file was changed; undefined for a time that RFC 3339 has no year for. */
export function modificationTime({ mtime, pax }: TarHeader): string | undefined {
  // The record has digits that a number does not.
  const exact = pax?.mtime;
  return timeText(exact !== undefined && Number(exact) === mtime ? exact : String(mtime));
}

/** Seconds since 1970, in decimal digits, as a time in UTC; undefined where they are none, or too many. */
export function timeText(seconds: string): string | undefined {
  const [, sign, whole = '', fraction = ''] = /^(-?)(\d{1,15})(?:\.(\d*))?$/.exec(seconds) ?? [];
  if (sign === undefined) return undefined;
  const size = BigInt(whole) * NANOS + BigInt(fraction.slice(0, 9).padEnd(9, '0'));
  const nanos = sign === '-' ? -size : size;
  const rest = ((nanos % NANOS) + NANOS) % NANOS;
  const date = new Date(Number((nanos - rest) / NANOS) * 1000);
  const year = date.getUTCFullYear();
  if (!(year >= 0 && year <= 9999)) return undefined;
  const digits = String(rest).padStart(9, '0').replace(/0+$/, '');
  return date.toISOString().replace('.000Z', digits === '' ? 'Z' : `.${digits}Z`);
}

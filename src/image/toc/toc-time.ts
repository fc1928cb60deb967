/** Times of a table of contents, as the archive that it is of would tell them: with all their digits, which a number does not hold. */

const NANOS = 10n ** 9n;

/**
 * Seconds since 1970 as PAX writes them (`1400000000.5`; before 1970 the signed value: `-1.5`) of a time in RFC 3339; undefined where it
 * is none.
 */
export function paxTime(text: string): string | undefined {
  const [, whole = '', fraction = '', zone = ''] =
    /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text) ?? [];
  const ms = Date.parse(`${whole}${zone}`);
  if (Number.isNaN(ms)) return undefined;
  const nanos = BigInt(ms / 1000) * NANOS + BigInt(fraction.padEnd(9, '0'));
  const size = nanos < 0n ? -nanos : nanos;
  const digits = String(size % NANOS)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return `${nanos < 0n ? '-' : ''}${size / NANOS}${digits === '' ? '' : `.${digits}`}`;
}

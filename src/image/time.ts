/** Times as documents of images tell them: RFC 3339 (image-spec, "Image Configuration": `created`). */
import { OciError } from '../errors.ts';
import { quote } from '../model/quote.ts';

const form = /^(\d{4}-\d\d-\d\d)T(?:[01]\d|2[0-3]):\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

/**
 * Checks that a text is a time.
 * @returns the text
 * @throws OciError `USAGE`
 */
export function checkTime(text: string): string {
  if (isTime(text)) return text;
  throw new OciError('USAGE', `${quote(text)} is not a time`, { hint: 'write it like 2024-05-06T07:08:09Z' });
}

/**
 * Is it a time, with its zone? `Date.parse` takes the 30th of February for the 1st of March, 24:00 for the next day, and `version 1.2` for a
 * day in 2001; Go, and docker with it, cannot read them.
 */
export function isTime(text: string): boolean {
  const day = form.exec(text)?.[1];
  if (day === undefined || Number.isNaN(Date.parse(text))) return false;
  return new Date(day).toISOString().startsWith(day);
}

/** Times as documents of images tell them: RFC 3339 (image-spec, "Image Configuration": `created`). */
import { OciError } from '../errors.ts';
import { quote } from '../model/quote.ts';

const form = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

/**
 * Checks that a text is a time.
 * @returns the text
 * @throws OciError `USAGE`
 */
export function checkTime(text: string): string {
  if (form.test(text) && !Number.isNaN(Date.parse(text))) return text;
  throw new OciError('USAGE', `${quote(text)} is not a time`, { hint: 'write it like 2024-05-06T07:08:09Z' });
}

/** The time that reproducible builds are told (reproducible-builds.org/specs/source-date-epoch). */
import { OciError } from '../../errors.ts';
import type { Context } from '../context.ts';

/**
 * What `$SOURCE_DATE_EPOCH` says, in RFC 3339; undefined where it says nothing.
 * @throws OciError `USAGE`
 */
export function sourceDate({ context }: { readonly context: Pick<Context, 'env'> }): string | undefined {
  const { SOURCE_DATE_EPOCH: seconds } = context.env;
  if (seconds === undefined || seconds === '') return undefined;
  if (!/^\d{1,11}$/.test(seconds)) {
    throw new OciError('USAGE', 'SOURCE_DATE_EPOCH is not a number of seconds since 1970');
  }
  return new Date(Number(seconds) * 1000).toISOString().replace('.000Z', 'Z');
}

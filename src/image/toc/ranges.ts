/** Whether whoever has a layer gives parts of it: some registries answer a request for a few bytes with all of them. */
import { isOciError, OciError } from '../../errors.ts';
import type { Call } from '../../model/call.ts';
import type { Content } from '../../store/types.ts';
import { readRange } from './read-range.ts';

/**
 * The same call, which ends with `UNSUPPORTED` as soon as a request for a range is answered with the whole. Without it that would be
 * read, and what comes before the range dropped.
 * @param isMeant whether it does so still.
 */
export function refusingWhole({ signal, on }: Call, isMeant: () => boolean = () => true): Call {
  const ranged = new Set<string>();
  return {
    signal,
    on(activity) {
      on?.(activity);
      if (activity.type === 'request' && activity.headers.range !== undefined) ranged.add(activity.url);
      if (activity.type !== 'response' || activity.status !== 200 || !ranged.has(activity.url)) return;
      if (isMeant()) throw new OciError('UNSUPPORTED', 'the registry gives no parts of a blob, only the whole');
    },
  };
}

/** Runs something that reads ranges; undefined where there are none to be had. */
export async function ifRanged<T>(run: (call: Call) => Promise<T>, call: Call): Promise<T | undefined> {
  try {
    return await run(refusingWhole(call));
  } catch (error) {
    if (isOciError(error, 'UNSUPPORTED')) return undefined;
    throw error;
  }
}

/** Asks for a single byte. */
export async function givesRanges(layer: Content, call: Call): Promise<boolean> {
  return (await ifRanged((ranged) => readRange(layer, 0, 1, ranged), call)) !== undefined;
}

/** Many images, of which some fail: what fails is told and passed over, and the end says so. What is done with each the commands say. */
import { isOciError, type OciError } from '../../errors.ts';
import { exitCodeOf, EXIT } from '../exit-codes.ts';
import type { Session } from '../session.ts';

/** What fails is told, and is no reason to stop, unless everything else would fail as well. */
export async function orPassOver(
  { call, output }: Session,
  failures: OciError[],
  name: string,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isOciError(error)) throw error;
    const { code, message } = error;
    if (call.signal.aborted || code === 'DISK_FULL') throw error;
    failures.push(error);
    if (output.isJson) await output.jsonLine({ source: name, outcome: 'failed', code, message });
    output.warn(`${name} is left out: ${message} (${code})`);
  }
}

/** The exit code: 8 when some of it has failed; when all has, that of the first error. */
export function exitOfMany(done: number, [first]: readonly OciError[]): number {
  if (first === undefined) return EXIT.done;
  return done === 0 ? exitCodeOf(first) : EXIT.partial;
}

/** Writes the body of a request: as fast as it is taken, and exactly as many bytes as announced. */
import { OciError } from '../../errors.ts';
import type { Body, HttpRequest } from '../../http/types.ts';
import type { Outgoing } from './carrier.ts';
import type { Deadline } from './deadline.ts';

/**
 * @param stop ends it early: the answer has come, or the request is over
 * @returns whether all of it was written
 * @throws whatever the body throws; OciError `SIZE_MISMATCH`
 */
export async function upload(
  request: HttpRequest,
  body: Body,
  outgoing: Outgoing,
  { stop, deadline, idleMs }: { readonly stop: AbortSignal; readonly deadline: Deadline; readonly idleMs: number },
): Promise<boolean> {
  let sent = 0;
  for await (const chunk of body.open()) {
    if (stop.aborted || outgoing.isDestroyed) return false;
    if (chunk.length === 0) continue;
    sent += chunk.length;
    if (sent > body.size) break;
    if (outgoing.write(chunk)) continue;
    deadline.set(idleMs, `it took no bytes for ${idleMs} ms`);
    await outgoing.drained(stop);
    deadline.clear();
  }
  if (stop.aborted || outgoing.isDestroyed) return false;
  if (sent !== body.size) throw sizeMismatch(request, body, sent);
  outgoing.end();
  return true;
}

function sizeMismatch({ method, url }: HttpRequest, { size }: Body, sent: number): OciError {
  const many = sent > size ? `more than ${size} bytes` : `${sent} of ${size} bytes`;
  return new OciError('SIZE_MISMATCH', `the body of the ${method} to ${new URL(url).host} has the wrong size: ${many}`);
}

/** Does it write? Then its answer may take longer. */
export function isWrite({ method }: HttpRequest): boolean {
  return method !== 'GET' && method !== 'HEAD';
}

/** Writes the body of a request to its socket: as fast as the socket takes it, and exactly as many bytes as announced. */
import type { ClientRequest } from 'node:http';
import { OciError } from '../../errors.ts';
import type { Body, HttpRequest } from '../../http/types.ts';
import type { Deadline } from './deadline.ts';

/**
 * @param stop ends it early: the answer has come, or the request is over
 * @returns whether all of it was written
 * @throws whatever the body throws; OciError `SIZE_MISMATCH`
 */
export async function upload(
  request: ClientRequest,
  body: Body,
  { stop, deadline, idleMs }: { readonly stop: AbortSignal; readonly deadline: Deadline; readonly idleMs: number },
): Promise<boolean> {
  let sent = 0;
  for await (const chunk of body.open()) {
    if (stop.aborted || request.destroyed) return false;
    if (chunk.length === 0) continue;
    sent += chunk.length;
    if (sent > body.size) break;
    if (request.write(chunk)) continue;
    deadline.set(idleMs, `it took no bytes for ${idleMs} ms`);
    await drained(request, stop);
    deadline.clear();
  }
  if (stop.aborted || request.destroyed) return false;
  if (sent !== body.size) throw sizeMismatch(request, body, sent);
  request.end();
  return true;
}

function drained(request: ClientRequest, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      request.off('drain', done).off('close', done);
      stop.removeEventListener('abort', done);
      resolve();
    };
    request.once('drain', done).once('close', done);
    stop.addEventListener('abort', done, { once: true });
  });
}

function sizeMismatch({ method, host }: ClientRequest, { size }: Body, sent: number): OciError {
  const many = sent > size ? `more than ${size} bytes` : `${sent} of ${size} bytes`;
  return new OciError('SIZE_MISMATCH', `the body of the ${method} to ${host} has the wrong size: ${many}`);
}

/** Does it write? Then its answer may take longer. */
export function isWrite({ method }: HttpRequest): boolean {
  return method !== 'GET' && method !== 'HEAD';
}

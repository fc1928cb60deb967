/** The body of an answer, read before anybody asks for it: then it has come as a whole, or the answer has not come at all. */
import { withSameShown } from './shown.ts';
import type { HttpResponse } from './types.ts';

/**
 * Reads the body of an answer that is no refusal; of one that is longer than `limit`, no more than that: who reads it on refuses it.
 * @param limit bytes
 * @throws OciError `UNREACHABLE`, `TIMEOUT` when it breaks off
 */
export async function readAhead(response: HttpResponse, limit: number): Promise<HttpResponse> {
  if (response.status < 200 || response.status > 299) return response;
  const body = response.body[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  for (let size = 0; size <= limit; ) {
    const { done, value } = await body.next();
    if (done === true) break;
    chunks.push(value);
    size += value.length;
  }
  return withSameShown(response, { ...response, body: resumed(chunks, body) });
}

async function* resumed(chunks: readonly Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

/**
 * What goes wrong between a client and a registry, on purpose: cut connections, stalls, wrong bytes, bad statuses. Each
 * is a wrap around a server; `only` says to which requests it happens and how often. Cuts need a socket: `serve`.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { abortError } from '../errors.ts';
import type { Bytes } from '../model/call.ts';
import { connectionCut, type CutKind } from '../node/serve/serve-cut.ts';
import { bytesOf, streamOf } from '../server/body.ts';
import { changed, type Wrap, withBytes } from './wrap.ts';

/** Answers with a status, and does nothing. `Retry-After` and the like are given as headers. */
export function answerWith(status: number, headers: Readonly<Record<string, string>> = {}, body: string = ''): Wrap {
  return () => async () => new Response(status === 204 || status === 304 ? null : body, { status, headers });
}

/** The connection ends without an answer; nothing was done. */
export function cutBeforeAnswer(kind: CutKind = 'reset'): Wrap {
  return () => async () => {
    throw connectionCut(kind);
  };
}

/** The request is carried out, but its answer is lost. */
export function cutAfterWork(kind: CutKind = 'reset'): Wrap {
  return (handler) => async (request, info) => {
    const response = await handler(request, info);
    await response.body?.cancel();
    throw connectionCut(kind);
  };
}

/** The connection ends when the server has read so many bytes of the request's body. */
export function cutRequest(bytes: number, kind: CutKind = 'reset'): Wrap {
  return (handler) => async (request, info) => {
    const body = streamOf(cutAt(bytesOf(request.body, request.signal), bytes, kind));
    const { method, headers, signal, url } = request;
    await handler(new Request(url, { method, headers, signal, body, duplex: 'half' }), info);
    throw connectionCut(kind);
  };
}

/** The connection ends within the answer's body: its length, where it was told, is more than what comes. */
export function cutBody(bytes: number, kind: CutKind = 'reset'): Wrap {
  return changingBytes((body) => cutAt(body, bytes, kind));
}

/** Nothing ever comes, until the client goes. */
export function stallBeforeAnswer(): Wrap {
  return () => (request) => forever(request.signal);
}

/** After so many bytes of the body nothing more ever comes. */
export function stallBody(bytes: number): Wrap {
  return changingBytes(async function* (body, signal) {
    yield* first(body, bytes);
    await forever(signal);
  });
}

/** The body comes in small pieces with pauses between. */
export function trickleBody(bytes: number, pauseMs: number): Wrap {
  return changingBytes(async function* (body, signal) {
    for await (const chunk of body) {
      for (let at = 0; at < chunk.length; at += bytes) {
        yield chunk.subarray(at, at + bytes);
        await delay(pauseMs, undefined, { signal });
      }
    }
  });
}

/** One byte of the body is another one. */
export function flipByte(offset: number): Wrap {
  return changingBytes(async function* (body) {
    let at = 0;
    for await (const chunk of body) {
      const copy = new Uint8Array(chunk);
      const index = offset - at;
      if (index >= 0 && index < copy.length) copy[index] = (copy[index] ?? 0) ^ 0xff;
      at += chunk.length;
      yield copy;
    }
  });
}

/** After the body comes more, beyond its length. */
export function extraBytes(count: number): Wrap {
  return changingBytes(async function* (body) {
    yield* body;
    yield new Uint8Array(count);
  });
}

/** The body has no end. Its length is not told. */
export function endlessBody(): Wrap {
  return (handler) => async (request, info) => {
    const response = await handler(request, info);
    const endless = withBytes(response, request, async function* (body) {
      yield* body;
      for (;;) yield new Uint8Array(65_536).fill(0x20);
    });
    return changed(endless, { headers: { 'content-length': undefined } });
  };
}

/** The body has no length, and its end is that of the connection: with {@link cutBody} `end` its truncation looks like an end. */
export function closeDelimited(): Wrap {
  return (handler) => async (request, info) => {
    const headers = { 'content-length': undefined, 'transfer-encoding': 'identity' };
    return changed(await handler(request, info), { headers });
  };
}

function changingBytes(change: (body: Bytes, signal: AbortSignal) => Bytes): Wrap {
  return (handler) => async (request, info) => {
    const response = await handler(request, info);
    if (response.body === null) return response;
    return withBytes(response, request, (body) => change(body, request.signal));
  };
}

async function* cutAt(body: Bytes, bytes: number, kind: CutKind): AsyncGenerator<Uint8Array> {
  yield* first(body, bytes);
  throw connectionCut(kind);
}

async function* first(body: Bytes, bytes: number): AsyncGenerator<Uint8Array> {
  let left = bytes;
  if (left === 0) return;
  for await (const chunk of body) {
    yield chunk.subarray(0, left);
    left -= chunk.length;
    if (left <= 0) return;
  }
}

async function forever(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) {
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  }
  throw abortError(signal);
}

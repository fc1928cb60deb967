/**
 * Requests that go straight to their host, over connections of our own: in this thread, or, where the bytes need not pass by here,
 * in another. What they cannot do is left to `node:http`: that is told by undefined.
 */
import type { LookupFunction } from 'node:net';
import type { SecureContext } from 'node:tls';
import { isOciError } from '../../errors.ts';
import type { HttpRequest, HttpResponse } from '../../http/types.ts';
import { createPool } from '../wire/pool.ts';
import { placeOf, requestHead, type RequestLine, servernameOf } from '../wire/request-head.ts';
import type { Route } from '../wire/route.ts';
import type { Apart } from './apart.ts';
import { exchange } from './exchange.ts';
import { isForeign } from './lookup.ts';
import type { Timeouts } from './timeouts.ts';
import type { TlsSettings } from './tls.ts';
import { OddAnswer, wireOutgoing } from './wire-carrier.ts';

export interface Direct {
  /** @returns undefined: this one is for `node:http` */
  send(request: HttpRequest, settings: DirectSettings): Promise<HttpResponse | undefined>;
  /** Ends those under way, and the connections that are kept. */
  close(): void;
}

export interface DirectSettings extends RequestLine {
  readonly url: URL;
  /** Finds and judges the addresses of a host that a server chose. */
  readonly lookup: LookupFunction | undefined;
  readonly tls: TlsSettings | undefined;
  /** Undefined: the runtime's. */
  readonly context: SecureContext | undefined;
}

/** What is read at once, at most: many connections are open at once. */
const BLOCK_BYTES = 64 * 1024;

export function createDirect(timeouts: Timeouts): Direct {
  const pool = createPool(BLOCK_BYTES);
  /** Origins whose answers only `node:http` can read. */
  const odd = new Set<string>();
  let apart: Promise<Apart> | undefined;
  const threads = (): Promise<Apart> =>
    (apart ??= import('./apart.ts').then(({ createApart }) => createApart(timeouts)));

  async function here(request: HttpRequest, settings: DirectSettings): Promise<HttpResponse | undefined> {
    const { url } = settings;
    const head = requestHead(url, settings);
    if (head === undefined) return undefined;
    const isHead = request.method === 'HEAD';
    const isKept = !/close/i.test(settings.headers.connection ?? '');
    const message = { route: routeTo(request, settings), head, isHead, isKept };
    try {
      return await exchange(request, () => wireOutgoing(pool, message), timeouts);
    } catch (error) {
      if (!isOciError(error, 'PROTOCOL') || !(error.cause instanceof OddAnswer)) throw error;
      odd.add(url.origin);
      if (request.method === 'GET' || request.method === 'HEAD') return undefined;
      throw error;
    }
  }

  return {
    async send(request, settings) {
      if (request.transfer !== undefined || request.body?.apart !== undefined) {
        const answer = await (await threads()).send(request, settings);
        if (answer !== undefined) return answer;
      }
      return isOurs && !odd.has(settings.url.origin) ? here(request, settings) : undefined;
    },
    close() {
      pool.close();
      apart?.then((one) => one.close()).catch(() => undefined);
      apart = undefined;
    },
  };
}

/** Deno's sockets do not read into memory of ours. */
const isOurs = !('Deno' in globalThis);

function routeTo(request: HttpRequest, { url, lookup, tls, context }: DirectSettings): Route {
  const place = placeOf(url);
  // Its address was judged by that of the registry.
  const key = isForeign(request) ? `${url.origin} ${request.registry}` : url.origin;
  if (url.protocol !== 'https:') return { key, ...place, lookup };
  const servername = servernameOf(place.host);
  return { key, ...place, lookup, tls: { servername, context, insecure: tls?.insecure === true } };
}

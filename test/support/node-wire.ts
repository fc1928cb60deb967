/** A Node transport for one test, and requests to an origin on this machine. */
import { readAll } from '../../src/bytes/read.ts';
import type { Body, HttpRequest, HttpResponse, Send } from '../../src/http/types.ts';
import { nodeTransport, type NodeTransportOptions } from '../../src/node/http/transport.ts';

export interface NodeWire {
  readonly send: Send;
  /** A GET, unless told. */
  get(url: string, change?: Partial<HttpRequest>): Promise<HttpResponse>;
  [Symbol.dispose](): void;
}

/** Ends with the test: `using wire = nodeWire()`. It uses no proxy unless told. */
export function nodeWire(options: NodeTransportOptions = {}): NodeWire {
  const send = nodeTransport({ proxy: false, ...options });
  return {
    send,
    get: (url, change = {}) => send({ method: 'GET', url, headers: {}, registry: new URL(url).origin, ...change }),
    [Symbol.dispose]: () => send.close(),
  };
}

export async function textOf(response: HttpResponse): Promise<string> {
  return new TextDecoder().decode(await readAll(response.body, 1_000_000, 'the answer'));
}

/** A body of these chunks; its size is theirs unless told. */
export function bodyOf(chunks: readonly Uint8Array[], size?: number): Body {
  async function* open(): AsyncGenerator<Uint8Array> {
    yield* chunks;
  }
  return { size: size ?? chunks.reduce((sum, { length }) => sum + length, 0), open };
}

/** Waits for what is about to happen on this machine; the test's own time limit ends it. */
export async function until(happened: () => boolean): Promise<void> {
  while (!happened()) await aMoment();
}

/** Long enough for what is under way on this machine to arrive. */
export function aMoment(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20));
}

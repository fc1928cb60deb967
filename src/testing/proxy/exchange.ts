/** One request and its answer on their way through the proxy, and the tools that a fault has to spoil them. */
import type { Bytes } from '../../model/call.ts';
import {
  type Body,
  chunkOf,
  type Head,
  type Header,
  headerIn,
  headText,
  type Framing,
  withHeaders,
  writeBody,
} from './message.ts';
import type { Wire } from './wire.ts';

/** A request, as plans and faults look at it. */
export interface RequestFacts {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The registry's answer. */
export interface Answer extends Head {
  readonly status: number;
  /** Bytes of its body, where they were told. */
  readonly length: number | undefined;
  readonly framing: Framing;
  /** Without its framing. To be read once. */
  readonly bytes: Bytes;
}

export interface Exchange {
  readonly request: RequestFacts;
  /** Of the request. */
  readonly head: Head;
  readonly body: Body;
  readonly client: Wire;
  /** Asks the registry: as the client did, unless told otherwise. Once. */
  readonly ask: (changes?: { readonly headers?: readonly Header[]; readonly bytes?: Bytes }) => Promise<Answer>;
  /** Ends the connection to the registry, wherever it is. */
  readonly leave: () => void;
  /** 0 to 1, by the seed. */
  readonly random: () => number;
  readonly pauseMs: number;
  /** The challenge of a 401. */
  readonly challenge: string;
  /** Tells the log of bytes of a body that went to the client. */
  readonly count: (bytes: number) => void;
}

/** An answer, with what a fault changes of it. @returns whether the connection may take another request */
export async function relay(exchange: Exchange, answer: Answer): Promise<boolean> {
  await exchange.client.write(headText(answer));
  return relayBody(exchange, answer);
}

/** What comes after the head. @returns as `relay` does */
export async function relayBody({ client, count }: Exchange, { framing, headers, bytes }: Answer): Promise<boolean> {
  await writeBody(client, framing, bytes, count);
  return framing !== 'close' && !/\bclose\b/i.test(headerIn(headers, 'connection') ?? '');
}

/**
 * An answer of the proxy's own. The request's body is read first: a client that is still writing would not see it. One that
 * waits to be told to write does not write at all.
 */
export async function reply(
  exchange: Exchange,
  status: string,
  headers: Readonly<Record<string, string>>,
  body: object = {},
): Promise<boolean> {
  const isWaiting = exchange.request.headers.expect !== undefined;
  if (!isWaiting) for await (const part of exchange.body.bytes) void part;
  const bytes = Buffer.from(exchange.request.method === 'HEAD' ? '' : JSON.stringify(body));
  const all: Header[] = [
    ['Date', new Date().toUTCString()],
    ['Content-Type', 'application/json'],
    ['Content-Length', String(bytes.length)],
    ...(isWaiting ? [['Connection', 'close'] as const] : []),
    ...Object.entries(headers),
  ];
  await exchange.client.write(headText({ line: `HTTP/1.1 ${status}`, headers: all }));
  if (bytes.length > 0) await exchange.client.write(bytes);
  exchange.count(bytes.length);
  return !isWaiting;
}

/** An answer whose length is known: one that does not tell it is read to its end first. */
export async function sized(answer: Answer): Promise<Answer & { readonly length: number }> {
  if (answer.length !== undefined) return { ...answer, length: answer.length };
  const parts: Uint8Array[] = [];
  for await (const part of answer.bytes) parts.push(part);
  const { length } = Buffer.concat(parts);
  const headers = withHeaders(answer.headers, { 'transfer-encoding': undefined, 'content-length': String(length) });
  return { ...answer, headers, length, framing: 'length', bytes: fromParts(parts) };
}

export async function wholeBody(answer: Answer): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of answer.bytes) parts.push(part);
  return Buffer.concat(parts);
}

export async function* fromParts(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

/** The first bytes of a body. */
export async function* first(bytes: Bytes, length: number): AsyncGenerator<Uint8Array> {
  let left = length;
  if (left <= 0) return;
  for await (const part of bytes) {
    yield part.subarray(0, left);
    left -= part.length;
    if (left <= 0) return;
  }
}

/** The head, and the first bytes of the body. */
export async function relayFirst(exchange: Exchange, answer: Answer, length: number): Promise<void> {
  await exchange.client.write(headText(answer));
  for await (const part of first(answer.bytes, length)) {
    await exchange.client.write(answer.framing === 'chunked' ? chunkOf(part) : part);
    exchange.count(part.length);
  }
}

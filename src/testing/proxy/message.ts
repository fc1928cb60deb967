/**
 * HTTP/1.1 messages on a wire, read leniently and written exactly as told: what is wrong with them on purpose must stay wrong.
 * (RFC 9112, 6: where a body ends.)
 */
import type { Bytes } from '../../model/call.ts';
import type { Wire } from './wire.ts';

export type Header = readonly [name: string, value: string];

export interface Head {
  /** `GET /v2/ HTTP/1.1`, `HTTP/1.1 200 OK` */
  readonly line: string;
  readonly headers: readonly Header[];
}

/** undefined: the other side has ended, or sent no head. */
export async function readHead(wire: Wire): Promise<Head | undefined> {
  const text = await wire.upTo('\r\n\r\n');
  if (text === undefined) return undefined;
  const [line = '', ...lines] = text.trim().split('\r\n');
  return { line, headers: lines.map(headerOf) };
}

function headerOf(line: string): Header {
  const at = line.indexOf(':');
  return [line.slice(0, at), line.slice(at + 1).trim()];
}

export function headText({ line, headers }: Head, newline: string = '\r\n'): string {
  return [line, ...headers.map(([name, value]) => `${name}: ${value}`), '', ''].join(newline);
}

export function headerIn(headers: readonly Header[], name: string): string | undefined {
  return headers.find(([key]) => key.toLowerCase() === name)?.[1];
}

/** The same headers but those of these names, and then others. */
export function withHeaders(
  headers: readonly Header[],
  changes: Readonly<Record<string, string | undefined>>,
): Header[] {
  const added = Object.entries(changes).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return [...headers.filter(([name]) => !Object.hasOwn(changes, name.toLowerCase())), ...added];
}

/** Names in lower case, several values joined. */
export function plainHeaders(headers: readonly Header[]): Record<string, string> {
  const plain = new Map<string, string>();
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    const before = plain.get(key);
    plain.set(key, before === undefined ? value : `${before}, ${value}`);
  }
  return Object.fromEntries(plain);
}

export type Framing = 'none' | 'length' | 'chunked' | 'close';

export interface Body {
  readonly framing: Framing;
  /** Bytes, where it was told. */
  readonly length: number | undefined;
  /** Without its framing. To be read once; who leaves early leaves the rest to the next one. */
  readonly bytes: Bytes;
}

/** @param isClosed does the end of the connection end a body without any other end? */
export function readBody(wire: Wire, headers: readonly Header[], isClosed: boolean): Body {
  if (/\bchunked\b/i.test(headerIn(headers, 'transfer-encoding') ?? '')) {
    return { framing: 'chunked', length: undefined, bytes: resumable(chunks(wire)) };
  }
  const told = headerIn(headers, 'content-length');
  if (told !== undefined) {
    return { framing: 'length', length: Number(told), bytes: resumable(exactly(wire, Number(told))) };
  }
  if (isClosed) return { framing: 'close', length: undefined, bytes: resumable(rest(wire)) };
  return noBody();
}

export function noBody(): Body {
  return { framing: 'none', length: 0, bytes: (async function* () {})() };
}

function resumable(bytes: AsyncGenerator<Uint8Array>): Bytes {
  return { [Symbol.asyncIterator]: () => ({ next: () => bytes.next() }) };
}

async function* exactly(wire: Wire, length: number): AsyncGenerator<Uint8Array> {
  for (let left = length; left > 0; ) {
    const part = await wire.some(left);
    if (part === undefined) throw new Error('the other side ended within a body');
    left -= part.length;
    yield part;
  }
}

async function* chunks(wire: Wire): AsyncGenerator<Uint8Array> {
  for (;;) {
    const size = Number.parseInt((await wire.upTo('\r\n')) ?? '', 16);
    if (Number.isNaN(size)) throw new Error('the other side ended within its chunks');
    if (size > 0) yield* exactly(wire, size);
    if (size === 0) return skipTrailers(wire);
    await wire.upTo('\r\n');
  }
}

/** After the last chunk there may be headers, up to an empty line. */
async function skipTrailers(wire: Wire): Promise<void> {
  for (;;) {
    const line = await wire.upTo('\r\n');
    if (line === undefined || line === '\r\n') return;
  }
}

async function* rest(wire: Wire): AsyncGenerator<Uint8Array> {
  for (let part = await wire.some(); part !== undefined; part = await wire.some()) yield part;
}

/** Writes a body with its framing. */
export async function writeBody(
  wire: Wire,
  framing: Framing,
  bytes: Bytes,
  count: (bytes: number) => void,
): Promise<void> {
  for await (const part of bytes) {
    if (part.length === 0) continue;
    await wire.write(framing === 'chunked' ? chunkOf(part) : part);
    count(part.length);
  }
  if (framing === 'chunked') await wire.write('0\r\n\r\n');
}

export function chunkOf(part: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')]);
}

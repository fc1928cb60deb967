/** A registry that takes blobs over a real socket, and does with a PUT what a test wants; it writes down how much it has got. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerOptions } from 'node:https';
import type { TestContext } from 'node:test';
import { digestOf } from '../../src/bytes/hash.ts';
import { type Origin, startOrigin } from './http-origin.ts';

export interface Put {
  readonly headers: IncomingMessage['headers'];
  /** Bytes of its body that have come. */
  received: number;
  /** Did it come to its end? */
  isWhole: boolean;
  /** Is its connection closed? */
  isClosed: boolean;
}

/** What happens to a PUT in place of what usually does. `take` reads it, and answers. */
export type OnPut = (request: IncomingMessage, response: ServerResponse, take: () => void) => void;

export interface UploadOrigin {
  readonly origin: Origin;
  readonly host: string;
  readonly puts: readonly Put[];
  /** By digest. */
  readonly blobs: ReadonlyMap<string, Buffer>;
  /** How many requests of a method there were. */
  count(method: string): number;
}

/** @param onPut the first one for the first PUT, and so on; then all is well. `onPost` likewise: there `take` begins a session */
export async function startUploads(
  t: TestContext,
  onPut: readonly OnPut[] = [],
  tls?: ServerOptions,
  onPost: readonly OnPut[] = [],
): Promise<UploadOrigin> {
  const puts: Put[] = [];
  const blobs = new Map<string, Buffer>();
  const sessions = new Map<string, Buffer[]>();
  let begun = 0;
  let posts = 0;
  const origin = await startOrigin((request, response) => {
    const { method = '', url = '' } = request;
    const { pathname, searchParams } = new URL(url, 'http://origin.test');
    const parts = sessions.get(pathname) ?? [];
    sessions.set(pathname, parts);
    if (pathname === '/token') return void response.end(JSON.stringify({ token: 'given' }));
    if (method === 'POST') {
      const begin = (): void => answer(response, 202, { location: `${pathname}${++begun}` });
      return (onPost[posts++] ?? begin)(request, response, begin);
    }
    if (method === 'PATCH')
      return read(request, parts, () => answer(response, 202, { location: pathname, ...range() }));
    if (method === 'PUT') return put();
    const blob = blobs.get(pathname.slice(pathname.lastIndexOf('/') + 1));
    if (method === 'DELETE') return answer(response, 204);
    return answer(response, blob === undefined ? 404 : 200, { 'content-length': String(blob?.length ?? 0) });

    function range(): Record<string, string> {
      return { range: `0-${Buffer.concat(parts).length - 1}` };
    }
    function put(): void {
      const made: Put = { headers: request.headers, received: 0, isWhole: false, isClosed: false };
      puts.push(made);
      request.socket.once('close', () => (made.isClosed = true));
      const finish = (): void => {
        made.isWhole = true;
        const bytes = Buffer.concat(parts);
        const digest = searchParams.get('digest') ?? '';
        if (digestOf(bytes) !== digest) return answer(response, 400);
        blobs.set(digest, bytes);
        answer(response, 201, { location: '/' });
      };
      request.on('data', (chunk: Buffer) => (made.received += chunk.length)).pause();
      const take = (): void => read(request, parts, finish);
      (onPut[puts.length - 1] ?? take)(request, response, take);
    }
  }, tls);
  t.after(() => origin[Symbol.asyncDispose]());
  const host = new URL(origin.url).host;
  return {
    origin,
    host,
    puts,
    blobs,
    count: (method) => origin.requests.filter((request) => request.method === method).length,
  };
}

export function answer(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-length': '0', ...headers }).end();
}

/** Reads so much of a body, and then no more of it. */
export function readSome(request: IncomingMessage, size: number, then: () => void): void {
  let read = 0;
  const listen = (chunk: Buffer): void => {
    read += chunk.length;
    if (read < size) return;
    request.off('data', listen).pause();
    then();
  };
  request.on('data', listen).resume();
}

function read(request: IncomingMessage, parts: Buffer[], then: () => void): void {
  request
    .on('data', (chunk: Buffer) => parts.push(chunk))
    .once('end', then)
    .resume();
}

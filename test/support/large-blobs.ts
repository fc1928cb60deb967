/** Blobs that are large enough for a transfer thread, and a server of them; who sent a request, this thread or another, can be told. */
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { ServerOptions } from 'node:https';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { digestOf } from '../../src/bytes/hash.ts';
import type { Descriptor } from '../../src/model/descriptor.ts';
import { OCTET_STREAM } from '../../src/model/media-types.ts';
import { directoryStore } from '../../src/node/directory/directory.ts';
import { nodeTransport, type NodeTransportOptions } from '../../src/node/http/transport.ts';
import { type Client, type ClientOptions, createClient } from '../../src/registry/client.ts';
import type { Repository } from '../../src/registry/repository.ts';
import type { Content, Target } from '../../src/store/types.ts';
import { seededBytes } from '../../src/testing/fixtures.ts';
import { type Origin, type OriginRequest, startOrigin } from './http-origin.ts';
import { scratch } from './layouts.ts';
import { plantedCredentials } from './planted-secrets.ts';
import { loadSourcesInThreads } from './source-threads.ts';
import { testClock } from './test-clock.ts';

loadSourcesInThreads();

export const MIB: number = 1 << 20;

export interface LargeBlob {
  readonly bytes: Buffer;
  readonly descriptor: Descriptor;
}

export function largeBlob(seed: string, size: number = 5 * MIB + 4321): LargeBlob {
  const bytes = Buffer.from(seededBytes(size, seed));
  return { bytes, descriptor: { mediaType: OCTET_STREAM, digest: digestOf(bytes), size } };
}

/** `GET /v2/…`: what this thread writes to sockets from now on; requests of other threads are not among them. */
export function requestsHere(t: TestContext): string[] {
  const requests: string[] = [];
  const write: Socket['write'] = Reflect.get(Socket.prototype, 'write');
  t.mock.method(Socket.prototype, 'write', function (this: Socket, ...args: Parameters<Socket['write']>) {
    const [, line] = /^([A-Z]+ \S+) HTTP\/1\.1\r\n/.exec(typeof args[0] === 'string' ? args[0] : '') ?? [];
    if (line !== undefined) requests.push(line);
    return write.apply(this, args);
  });
  return requests;
}

export interface NodeClientOptions extends NodeTransportOptions {
  readonly client?: ClientOptions;
}

/** A client over the transport of node, without a proxy unless told; it ends with the test. */
export function nodeClient(t: TestContext, { client = {}, ...options }: NodeClientOptions = {}): Client {
  const transport = nodeTransport({ proxy: false, ...options });
  t.after(() => transport.close());
  return createClient({ transport, clock: testClock(), credentials: plantedCredentials, ...client });
}

export interface PullWorld {
  readonly origin: Origin;
  readonly client: Client;
  readonly repository: Repository;
  /** A layout. */
  readonly directory: string;
  readonly store: Target;
  /** What this thread has sent. */
  readonly here: string[];
  /** The reads of blobs that the server has seen, whoever sent them. */
  gets(): readonly OriginRequest[];
  /** Puts one into the layout. */
  pull(blob: LargeBlob, change?: (content: Content) => Content, signal?: AbortSignal): Promise<unknown>;
  /** What the layout has under its digest. */
  kept(blob: LargeBlob): Promise<Buffer | undefined>;
}

/** A server, and a client that pulls from it into a layout. */
export async function pullWorld(
  t: TestContext,
  listener: RequestListener,
  options: NodeClientOptions & { readonly server?: ServerOptions } = {},
): Promise<PullWorld> {
  const { server, ...rest } = options;
  const origin = await startOrigin(listener, server);
  t.after(() => origin[Symbol.asyncDispose]());
  return { ...(await pullFrom(t, new URL(origin.url).host, rest)), origin, gets: () => blobReads(origin) };
}

/** The same without a server of ours. */
export async function pullFrom(
  t: TestContext,
  host: string,
  options: NodeClientOptions = {},
): Promise<Omit<PullWorld, 'origin' | 'gets'>> {
  const client = nodeClient(t, options);
  const repository = client.repository(`${host}/team/app`);
  const directory = join(await scratch(t, 'threads'), 'layout');
  const store = directoryStore(directory);
  return {
    client,
    repository,
    directory,
    store,
    here: requestsHere(t),
    pull: ({ descriptor }, change = (content) => content, signal) =>
      store.putBlob(change(repository.blob(descriptor)), { signal }),
    kept: ({ descriptor }) =>
      readFile(join(directory, 'blobs', descriptor.digest.replace(':', '/'))).catch(() => undefined),
  };
}

export function blobReads({ requests }: Origin): readonly OriginRequest[] {
  return requests.filter(({ method, path }) => method === 'GET' && /\/blobs\/sha256:/.test(path));
}

/** Answers as a registry does that can resume. */
export function sendBlob({ headers }: IncomingMessage, response: ServerResponse, bytes: Buffer): void {
  response.writeHead(...headOf(headers.range, bytes.length)).end(bytes.subarray(startOf(headers.range)));
}

/** Breaks off: only bytes up to `end` are sent of it, and then nothing more; `how` the connection ends, if it does. */
export function sendPart(
  { headers, socket }: IncomingMessage,
  response: ServerResponse,
  bytes: Buffer,
  end: number,
  how: 'ends' | 'stalls' = 'ends',
): void {
  response.writeHead(...headOf(headers.range, bytes.length));
  response.write(bytes.subarray(startOf(headers.range), end), () => how === 'ends' && socket.end());
}

type Head = [status: number, headers: Record<string, string>];

function headOf(range: string | undefined, size: number): Head {
  const start = startOf(range);
  const headers = { 'content-length': String(size - start), etag: '"v1"' };
  if (range === undefined) return [200, headers];
  return [206, { ...headers, 'content-range': `bytes ${start}-${size - 1}/${size}` }];
}

function startOf(range: string = ''): number {
  return Number(/^bytes=(\d+)-$/.exec(range)?.[1] ?? 0);
}

/** Content that tells how many bytes of it have passed by another thread. */
export function watchedPour(content: Content, tell: (bytes: number) => void): Content {
  const { pour } = content;
  return { ...content, pour: pour && ((to, options) => pour(to, { ...options, onReceived: tell })) };
}

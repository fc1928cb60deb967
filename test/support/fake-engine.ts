/**
 * A docker engine as far as images go, on a socket: it tells of images, saves and loads them, and answers as the Docker Engine API is
 * documented. It keeps them in memory, and runs nothing.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { digestOf } from '../../src/bytes/hash.ts';
import { scanTar } from '../../src/bytes/tar.ts';
import { familiarReference, parseReference, withDefaultTag } from '../../src/model/reference.ts';
import { temporaryDirectory } from './real/temporary.ts';
import { archiveBytes, dialects, type ImageParts, savedFiles } from './saved-archives.ts';

export interface FakeEngine {
  /** For `DOCKER_HOST`: `unix:///tmp/…/docker.sock`, or `tcp://127.0.0.1:34567`. */
  readonly host: string;
  /** Of the socket. */
  readonly path: string;
  /** `METHOD path` of each request. */
  readonly requests: string[];
  readonly images: ImageParts[];
  /** The archives that it was given, the last one last. */
  readonly archives: Uint8Array[];
  close(): Promise<void>;
}

export interface FakeEngineOptions {
  /** What its greeting tells; nothing with `''`. */
  readonly apiVersion?: string;
  /** How it writes archives: a key of `dialects`. */
  readonly dialect?: keyof typeof dialects;
  /** Answers in its place; `true`: it has. */
  readonly answer?: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** Listen at a port, and not at a socket. */
  readonly port?: boolean;
  readonly tls?: ServerOptions;
}

export async function startFakeEngine(options: FakeEngineOptions = {}): Promise<FakeEngine> {
  const directory = await temporaryDirectory('engine');
  const path = join(directory.path, 'docker.sock');
  const state: State = { options, requests: [], images: [], archives: [] };
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    answer(state, request, response).catch((error: unknown) => response.destroy(error as Error));
  };
  const server = options.tls === undefined ? createServer(listener) : createTlsServer(options.tls, listener);
  await new Promise<void>((resolve) => {
    if (options.port === true) server.listen(0, '127.0.0.1', resolve);
    else server.listen(path, resolve);
  });
  const { port } = (options.port === true ? server.address() : {}) as AddressInfo;
  return {
    ...state,
    path,
    host: options.port === true ? `tcp://127.0.0.1:${port}` : `unix://${path}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
      await directory.remove();
    },
  };
}

interface State extends Pick<FakeEngine, 'requests' | 'images' | 'archives'> {
  readonly options: FakeEngineOptions;
}

async function answer(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { apiVersion = '1.47', answer: instead } = state.options;
  const { method = '', url = '' } = request;
  state.requests.push(`${method} ${url}`);
  if (instead?.(request, response) === true) return;
  const { pathname, searchParams } = new URL(url, 'http://docker');
  if (pathname === '/_ping') {
    if (apiVersion !== '') response.setHeader('api-version', apiVersion);
    response.end('OK');
    return;
  }
  const [, verb = ''] = /^\/v1\.\d+(\/.*)$/.exec(pathname) ?? [];
  const [, name = '', what] = /^\/images\/(.+)\/(json|get)$/.exec(verb) ?? [];
  if (method === 'POST' && verb === '/images/load') await load(state, request, response);
  // As skopeo asks.
  else if (method === 'GET' && verb === '/images/get') await save(state, searchParams.get('names') ?? '', response);
  else if (method === 'GET' && what === 'json') tell(state, decodeURIComponent(name), response);
  else if (method === 'GET' && what === 'get') await save(state, decodeURIComponent(name), response);
  else json(response, 404, { message: 'page not found' });
}

function tell(state: State, name: string, response: ServerResponse): void {
  const [image] = /^sha256:[0-9a-f]{64}$/.test(name) ? byId(state, name) : named(state, withTag(name));
  if (image === undefined) return json(response, 404, { message: `No such image: ${withTag(name)}` });
  return json(response, 200, { Id: image.configDigest, RepoTags: image.names, Size: 1234, Os: 'linux' });
}

/** A name with a tag, and an id, stand for one image; an id has no names in the archive. */
async function save(state: State, name: string, response: ServerResponse): Promise<void> {
  const isId = name.startsWith('sha256:');
  const isOne = name.includes(':', name.lastIndexOf('/') + 1);
  const images = isId
    ? byId(state, name).map((image) => ({ ...image, names: [] }))
    : isOne
      ? named(state, name).map((image) => ({ ...image, names: [name] }))
      : state.images.filter(({ names }) => names.some((one) => one.startsWith(`${name}:`)));
  if (images.length === 0) return json(response, 404, { message: 'reference does not exist' });
  const dialect = dialects[state.options.dialect ?? 'docker since 25'];
  if (dialect === undefined) throw new Error('no such dialect');
  response.setHeader('content-type', 'application/x-tar');
  response.flushHeaders();
  response.end(await archiveBytes(savedFiles(dialect, ...images)));
}

async function load(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const archive = Buffer.concat(chunks);
  state.archives.push(archive);
  const images = await imagesIn(archive);
  response.setHeader('content-type', 'application/json');
  for (const image of images) {
    keep(state, image);
    const lines = image.names.length === 0 ? [`ID: ${image.configDigest}`] : image.names.map((name) => `: ${name}`);
    for (const line of lines) response.write(`${JSON.stringify({ stream: `Loaded image${line}\n` })}\r\n`);
  }
  response.end();
}

/** A name stands for one image: others lose it. */
function keep({ images }: State, image: ImageParts): void {
  for (const [at, { names, ...other }] of images.entries()) {
    images[at] = { ...other, names: names.filter((name) => !image.names.includes(name)) };
  }
  images.push(image);
}

async function imagesIn(archive: Uint8Array): Promise<ImageParts[]> {
  const files = new Map<string, Uint8Array>();
  const window = async (start: number, end: number): Promise<Uint8Array> => archive.subarray(start, end);
  for await (const { name, offset, size } of scanTar(window, archive.length)) {
    files.set(name, archive.subarray(offset, offset + size));
  }
  const file = (name: string): Uint8Array => files.get(name) ?? new Uint8Array();
  const listed = JSON.parse(new TextDecoder().decode(file('manifest.json'))) as {
    Config: string;
    RepoTags: string[] | null;
    Layers: string[];
  }[];
  return listed.map(({ Config, RepoTags, Layers }) => ({
    names: (RepoTags ?? []).map((name) => familiarReference(parseReference(name))),
    config: file(Config),
    configDigest: digestOf(file(Config)),
    layers: Layers.map((layer) => ({ plain: file(layer), diffId: digestOf(file(layer)) })),
  }));
}

function byId({ images }: State, id: string): ImageParts[] {
  return images.filter(({ configDigest }) => configDigest === id).slice(0, 1);
}

function named({ images }: State, name: string): ImageParts[] {
  return images.filter(({ names }) => names.includes(name));
}

function withTag(name: string): string {
  return familiarReference(withDefaultTag(parseReference(name)));
}

function json(response: ServerResponse, status: number, document: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(document));
}

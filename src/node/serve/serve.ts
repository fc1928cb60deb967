/**
 * Serves a handler on a socket, over http or https: listening, what the connections may take, and an end that
 * leaves nobody's request half answered. What a request and an answer look like on the wire is node/serve-wire.ts.
 */
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { OciError } from '../../errors.ts';
import { createServer, type ServerOptions } from '../../server/app.ts';
import type { Handler } from '../../server/handler.ts';
import { exchangeOnWire } from './serve-wire.ts';

export interface ServeOptions {
  /** @default 0, any that is free */
  readonly port?: number | undefined;
  /** The address to listen on. @default 127.0.0.1, so that nobody else gets in by accident */
  readonly host?: string | undefined;
  readonly tls?: ServeTls | undefined;
  /** How long `close` lets requests go on that are under way, milliseconds. @default 5000 */
  readonly graceMs?: number | undefined;
  /** How long a connection may be silent, milliseconds. @default 300000 */
  readonly idleTimeoutMs?: number | undefined;
}

/** PEM. */
export interface ServeTls {
  readonly cert: string | Uint8Array;
  readonly key: string | Uint8Array;
  /** Who signs the certificates of clients. */
  readonly ca?: string | Uint8Array | undefined;
  /** Are clients asked for a certificate, and turned away without a good one? @default 'require' with `ca`, else 'none' */
  readonly clientCertificates?: 'none' | 'request' | 'require' | undefined;
}

export interface Served {
  /** `http://127.0.0.1:34567` */
  readonly url: string;
  /** `127.0.0.1:34567`, as a reference names it. */
  readonly host: string;
  readonly port: number;
  /**
   * Takes no more connections, ends those that rest, and lets the others finish within `graceMs`. What handlers still do for clients that
   * have gone ends before it resolves, or `graceMs` later.
   */
  readonly close: () => Promise<void>;
}

/** Tokens of ECR and of Google's registries are up to 4 KiB, and there may be several. */
const MAX_HEADER_BYTES = 32 * 1024;
/** Longer than clients keep a connection, so that it is they who end it. */
const KEEP_ALIVE_MS = 75_000;
/** Of an answer, what is read from the store while the client still takes what came before. */
const WRITE_AHEAD_BYTES = 1024 * 1024;

/**
 * Serves a registry, or any handler.
 * @example
 * const { url, close } = await serve({ registry: createMemoryRegistry() }, { port: 5000 });
 * @throws OciError `IO` when it cannot listen there
 */
export async function serve(what: Handler | ServerOptions, options: ServeOptions = {}): Promise<Served> {
  const handler = typeof what === 'function' ? what : createServer(what);
  const { host = '127.0.0.1', port = 0, tls } = options;
  const server = createNodeServer(tls);
  server.setTimeout(options.idleTimeoutMs ?? 300_000);
  let isClosing = false;
  const running = new Set<Promise<void>>();
  const answer =
    (expectsContinue: boolean) =>
    (request: IncomingMessage, response: ServerResponse): void => {
      response.once('close', () => isClosing && server.closeIdleConnections());
      const exchange = exchangeOnWire(handler, request, response, { expectsContinue, isClosing: () => isClosing });
      running.add(exchange);
      void exchange.then(() => running.delete(exchange));
    };
  server.on('request', answer(false)).on('checkContinue', answer(true));
  await listen(server, host, port);
  const address = server.address() as AddressInfo;
  const name = `${host.includes(':') ? `[${host}]` : host}:${address.port}`;
  const close = async (): Promise<void> => {
    isClosing = true;
    const { graceMs = 5000 } = options;
    await closeServer(server, graceMs);
    await within(graceMs, Promise.all(running));
  };
  return { url: `${tls === undefined ? 'http' : 'https'}://${name}`, host: name, port: address.port, close };
}

function createNodeServer(tls: ServeTls | undefined): Server {
  const settings = {
    maxHeaderSize: MAX_HEADER_BYTES,
    keepAliveTimeout: KEEP_ALIVE_MS,
    headersTimeout: 60_000,
    // a layer may take hours on a slow line; silence is what `idleTimeoutMs` is for
    requestTimeout: 0,
    highWaterMark: WRITE_AHEAD_BYTES,
    noDelay: true,
  };
  if (tls === undefined) return createHttpServer(settings);
  const { cert, key, ca, clientCertificates = ca === undefined ? 'none' : 'require' } = tls;
  return createHttpsServer({
    ...settings,
    cert: toPem(cert),
    key: toPem(key),
    ...(ca === undefined ? {} : { ca: toPem(ca) }),
    requestCert: clientCertificates !== 'none',
    rejectUnauthorized: clientCertificates === 'require',
  });
}

function toPem(pem: string | Uint8Array): string | Buffer {
  return typeof pem === 'string' ? pem : Buffer.from(pem);
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const hint = cause.code === 'EADDRINUSE' ? 'another program listens there; choose another port' : undefined;
      reject(
        new OciError('IO', `cannot listen on ${host} port ${port}: ${cause.code ?? cause.message}`, { cause, hint }),
      );
    });
    server.listen(port, host, () => resolve());
  });
}

function closeServer(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Waits for work, and no longer than that. */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}

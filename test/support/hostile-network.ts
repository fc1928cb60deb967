/**
 * Hosts by name, all of them on this machine and declared to be in public: what each of them was asked, and with which proof
 * of who asks. The library finds them by the resolve hook, the command by `--resolve`; both trust the test's own authority.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { isOciError } from '../../src/errors.ts';
import type { Resolve } from '../../src/node/http/lookup.ts';
import { nodeTransport } from '../../src/node/http/transport.ts';
import { serve } from '../../src/node/serve/serve.ts';
import { type Client, type ClientOptions, createClient } from '../../src/registry/client.ts';
import type { Handler } from '../../src/server/handler.ts';
import { type CliOptions, type CliResult, cli } from './cli.ts';
import { testClock } from './test-clock.ts';
import { type Certificates, makeCertificates } from './tls.ts';
import { plantedCredentials } from './planted-secrets.ts';

/** A request as it arrived. */
export interface Seen {
  readonly method: string;
  /** With its query, as it was sent. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The client has shown a certificate on this connection. */
  readonly certificate: boolean;
}

/** A host under a name. */
export interface Place {
  /** `reg.test:34567` */
  readonly host: string;
  /** `https://reg.test:34567` */
  readonly url: string;
  readonly port: number;
  readonly requests: Seen[];
  /** `GET /v2/`, a line a request, and forgets them. */
  lines(): string[];
}

export interface Network {
  /** Serves under a name; over https unless told. */
  open(name: string, handler: Handler, options?: { readonly plain?: true }): Promise<Place>;
  /** A client that finds the names. It shows a certificate to `certified`, a host. */
  client(options?: ClientOptions & { readonly certified?: string }): Client;
  /** Runs a command that finds the names; with the client's certificate where `certified`. */
  cli(words: readonly string[], options?: CliOptions & { readonly certified?: true }): Promise<CliResult>;
  /** The addresses that this process has tried to connect to, `127.0.0.1:34567`, since the last time it was asked. */
  attempts(): string[];
  readonly certificates: Certificates;
  /** A folder of the test's own. */
  readonly folder: string;
}

/** Where names are declared to be; every other one is in public. */
const declared: Readonly<Record<string, string>> = { 'meta.test': '169.254.169.254', 'own.test': '127.0.0.1' };
const PUBLIC = '203.0.113.1';
const resolve: Resolve = (hostname) => ({ address: '127.0.0.1', declared: declared[hostname] ?? PUBLIC });

let made: Certificates | undefined;

/** Ends with the test. */
export async function hostileNetwork(t: TestContext): Promise<Network> {
  made ??= makeCertificates();
  const certificates = made;
  const folder = await mkdtemp(join(tmpdir(), 'lading-network-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const file = (name: string): string => join(folder, name);
  await writeFile(file('ca.pem'), certificates.ca);
  await writeFile(file('client.crt'), certificates.client.cert);
  await writeFile(file('client.key'), certificates.client.key);
  const names = new Set<string>(['localhost.', ...Object.keys(declared)]);
  const attempts = watchConnections(t);
  return {
    certificates,
    folder,
    attempts,
    async open(name, handler, { plain } = {}) {
      names.add(name);
      return openPlace(t, name, handler, plain === true ? undefined : certificates);
    },
    client({ certified, ...options } = {}) {
      const tls = certified === undefined ? {} : { [certified]: certificates.client };
      const transport = nodeTransport({ ca: [certificates.ca], tls, resolve, proxy: false });
      const client = createClient({
        transport,
        clock: testClock(),
        retry: { random: () => 0 },
        credentials: plantedCredentials,
        ...options,
      });
      t.after(() => client.close());
      return client;
    },
    cli(words, { certified, ...options } = {}) {
      const where = [...names].flatMap((name) => ['--resolve', `${name}:*:127.0.0.1:${declared[name] ?? PUBLIC}`]);
      const proof = certified ? ['--cert-file', file('client.crt'), '--key-file', file('client.key')] : [];
      return cli([...words, ...where, ...proof, '--ca-file', file('ca.pem'), '--retry', '0'], options);
    },
  };
}

async function openPlace(t: TestContext, name: string, handler: Handler, certificates?: Certificates): Promise<Place> {
  const requests: Seen[] = [];
  const tls =
    certificates === undefined
      ? undefined
      : { ...certificates.server, ca: certificates.ca, clientCertificates: 'request' as const };
  const served = await serve(
    (request, info) => {
      const { method, url, headers } = request;
      const { pathname, search } = new URL(url);
      const certificate = info?.clientCertificate !== undefined;
      requests.push({ method, path: pathname + search, headers: Object.fromEntries(headers), certificate });
      return handler(request, info);
    },
    { tls, graceMs: 100 },
  );
  t.after(() => served.close());
  const host = `${name}:${served.port}`;
  return {
    host,
    url: `${tls === undefined ? 'http' : 'https'}://${host}`,
    port: served.port,
    requests,
    lines: () => requests.splice(0).map(({ method, path }) => `${method} ${path}`),
  };
}

/** Sees literal addresses, too, which nobody looks up. */
function watchConnections(t: TestContext): () => string[] {
  const seen: string[] = [];
  const connect = Reflect.get(Socket.prototype, 'connect');
  t.mock.method(Socket.prototype, 'connect', function (this: Socket, ...args: unknown[]) {
    this.on('connectionAttempt', (address: string, port: number) => void seen.push(`${address}:${port}`));
    return Reflect.apply(connect, this, args);
  });
  return () => seen.splice(0);
}

/** Nothing in this request says who asks. */
export function assertStranger({ headers, certificate, path }: Seen): void {
  const telling = Object.keys(headers).filter((name) => /auth|cookie|^x-|referer|key|token/.test(name));
  assert.deepEqual([telling, certificate], [[], false], path);
}

/** A command that failed as it should: its exit code, and one line that tells the code, the host and what to do. */
export function assertTold({ code, stdout, stderr }: CliResult, exit: number, says: RegExp, hint?: RegExp): void {
  assert.equal(code, exit, stderr);
  const errors = stderr.split('\n').filter((line) => line.startsWith('error: '));
  assert.equal(errors.length, 1, stderr);
  assert.match(errors[0] ?? '', says);
  if (hint !== undefined) assert.match(errors[0] ?? '', hint);
  assert.doesNotMatch(stdout + stderr, /^\s+at .*:\d+/m, 'no stack');
}

/** The code of the error that something ends with; undefined: it did not fail. */
export function codeOf(attempt: Promise<unknown>): Promise<string | undefined> {
  return attempt.then(
    () => undefined,
    (error: unknown) => (isOciError(error) ? error.code : String(error)),
  );
}

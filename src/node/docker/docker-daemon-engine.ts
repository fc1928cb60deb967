/**
 * Requests to a docker engine (Docker Engine API, which podman speaks as well): one version for all of them, and what its refusals and a
 * socket that is not there mean. What is asked for is decided elsewhere.
 */
import type { ClientRequest, RequestOptions } from 'node:http';
import type { SecureContext } from 'node:tls';
import { readAll } from '../../bytes/read.ts';
import { type ErrorCode, isOciError, OciError } from '../../errors.ts';
import { systemClock } from '../../http/clock.ts';
import { events } from '../../http/events.ts';
import type { Body, HttpRequest, HttpResponse, Send } from '../../http/types.ts';
import type { Call } from '../../model/call.ts';
import { isObject } from '../../model/descriptor.ts';
import { quote } from '../../model/quote.ts';
import { type EngineAddress, engineAddress, type EngineOptions } from './docker-daemon-host.ts';
import { exchange } from '../http/exchange.ts';
import { nodeOutgoing } from '../http/node-carrier.ts';
import { codeOf } from '../files/fs-errors.ts';
import { defaultTimeouts, type Timeouts } from '../http/timeouts.ts';
import { secureContext } from '../http/tls.ts';

export interface EngineRequest {
  readonly method: 'GET' | 'POST';
  /** After the version: `/images/alpine:3/json`. */
  readonly path: string;
  readonly body?: Body | undefined;
  /** What is done, for messages: `load what was copied`. */
  readonly attempted: string;
}

export interface Engine {
  /** `unix:///var/run/docker.sock` */
  readonly name: string;
  /** The answer of a request that it granted. @throws OciError `NOT_FOUND`, `DENIED`, `SERVER_ERROR`, `PROTOCOL`, `UNREACHABLE`, … */
  send(request: EngineRequest, call: Call): Promise<HttpResponse>;
}

/** The newest version of its API that is spoken here; engines since 29 refuse those before 1.44. */
const NEWEST = [1, 51] as const;
const MAX_WORDS_BYTES = 64 * 1024;

/** An engine collects an image before it sends the first byte, and unpacks what it was sent before it answers. */
const PATIENT: Timeouts = {
  ...defaultTimeouts,
  headMs: 900_000,
  writtenMs: 3_600_000,
  idleMs: 900_000,
  slowMs: 3_600_000,
};

/**
 * Greets an engine, and settles on a version of its API.
 * @throws OciError `UNREACHABLE` when nothing listens, `DENIED` when this user may not, `PROTOCOL` when it is no engine, `CONFIG_INVALID`
 */
export async function openEngine(options: EngineOptions = {}, call: Call = {}): Promise<Engine> {
  const address = await engineAddress(options);
  const send = events(systemClock)(sendTo(address));
  const ask = async (path: string, request: EngineRequest, own: Call): Promise<HttpResponse> => {
    const response = await send(httpRequest(address, path, request, own)).catch((error: unknown) => {
      throw unreachable(error, address);
    });
    if (response.status < 300) return response;
    throw await refused(response, request, address);
  };
  const ping = { method: 'GET', path: '/_ping', attempted: 'greet it' } as const;
  const greeted = await ask(ping.path, ping, call);
  await greeted.cancel();
  const version = versionFor(greeted.headers['api-version'], address);
  return { name: address.name, send: (request, own) => ask(`/v${version}${request.path}`, request, own) };
}

function versionFor(told: string | undefined, { name }: EngineAddress): string {
  const [, major, minor] = /^(\d{1,3})\.(\d{1,4})$/.exec(told ?? '') ?? [];
  if (minor === undefined) throw new OciError('PROTOCOL', `what answers at ${name} is not a docker engine`);
  const own = NEWEST.join('.');
  const isOlder = Number(major) < NEWEST[0] || (Number(major) === NEWEST[0] && Number(minor) < NEWEST[1]);
  return isOlder ? `${Number(major)}.${Number(minor)}` : own;
}

function httpRequest(
  { name, origin = 'http://docker' }: EngineAddress,
  path: string,
  { method, body }: EngineRequest,
  { signal, on }: Call,
): HttpRequest {
  const headers =
    body === undefined ? {} : { 'content-type': 'application/x-tar', 'content-length': String(body.size) };
  return { method, url: `${origin}${path}`, headers, body, registry: name, signal, on };
}

/** A connection for each request: there are three of them. No proxy is asked, as docker's command does by itself. */
function sendTo({ socketPath, tls }: EngineAddress): Send {
  let context: SecureContext | undefined;
  return (request) => {
    const { method, url, headers } = request;
    const options: RequestOptions = { method, headers, agent: false, ...(socketPath && { socketPath }) };
    const open = (): ClientRequest => {
      if (!url.startsWith('https:')) return process.getBuiltinModule('node:http').request(url, options);
      if (tls !== undefined) context ??= secureContext(tls);
      const secured = {
        ...options,
        ...(context && { secureContext: context }),
        rejectUnauthorized: tls?.insecure !== true,
      };
      return process.getBuiltinModule('node:https').request(url, secured);
    };
    return exchange(request, () => nodeOutgoing(open(), url.startsWith('https:')), PATIENT);
  };
}

/** What a failed connection means at a socket of this machine. */
function unreachable(error: unknown, { name }: EngineAddress): unknown {
  if (!isOciError(error, 'UNREACHABLE')) return error;
  const system = codeOf(error.cause);
  if (system === 'EACCES' || system === 'EPERM') {
    return new OciError('DENIED', `the docker engine at ${name} is not for this user: ${system}`, {
      hint: 'become a member of its group (docker), or be root; an engine without root has a socket of your own: --docker-host',
      cause: error,
    });
  }
  if (system !== 'ENOENT' && system !== 'ECONNREFUSED') return error;
  const said = system === 'ENOENT' ? 'there is no such socket' : 'nobody listens there';
  return new OciError('UNREACHABLE', `there is no docker engine at ${name}: ${said}`, {
    hint: 'start it, or say where it is (--docker-host, DOCKER_HOST); registries, layouts and archives need none',
    cause: error,
  });
}

const codes: Readonly<Record<number, ErrorCode>> = { 401: 'UNAUTHORIZED', 403: 'DENIED', 404: 'NOT_FOUND' };

/** @returns the error that a refusal is */
async function refused(
  response: HttpResponse,
  { method, attempted }: EngineRequest,
  { name }: EngineAddress,
): Promise<OciError> {
  const { status, url } = response;
  const words = await readWords(response);
  const code = codes[status] ?? (status >= 500 ? 'SERVER_ERROR' : 'PROTOCOL');
  const message = `cannot ${attempted}: the docker engine at ${name} answered ${status}${words === '' ? '' : ` (${words})`}`;
  const missing = code === 'NOT_FOUND' ? 'manifest' : undefined;
  return new OciError(code, message, { status, missing, request: { method, url } });
}

async function readWords(response: HttpResponse): Promise<string> {
  try {
    const text = new TextDecoder().decode(await readAll(response.body, MAX_WORDS_BYTES, 'the error'));
    const document: unknown = JSON.parse(text);
    return isObject(document) && typeof document.message === 'string' ? quote(document.message, 300) : '';
  } catch {
    await response.cancel().catch(() => undefined);
    return '';
  }
}

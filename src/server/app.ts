/**
 * The distribution API over any registry that takes uploads: finds the route, asks who may, lets the route's handler
 * answer, and turns whatever is thrown into an answer too.
 */
import type { Call } from '../model/call.ts';
import type { IngestRegistry } from '../store/types.ts';
import { type Access, type AccessRoute, type Action, openAccess, refusal } from './access.ts';
import { type AccessLogEntry, logged, loggedHeaders, type Meter } from './access-log.ts';
import { counted, fromClient } from './body.ts';
import { type CorsOptions, withCors } from './cors.ts';
import { failure, plainProblem, problem } from './errors.ts';
import type { Exchange } from './exchange.ts';
import type { ConnectionInfo, Handler } from './handler.ts';
import { defaultLimits, type ServerLimits } from './limits.ts';
import { type Matched, matchRoute } from './routes.ts';
import { createUploadSessions, type UploadSessions } from './upload-sessions.ts';

export interface ServerOptions {
  /** What is served. */
  readonly registry: IngestRegistry;
  /** Who may do what. @default everybody everything */
  readonly access?: Access | undefined;
  /** Told of every request when its answer has gone. */
  readonly log?: ((entry: AccessLogEntry) => void) | undefined;
  /** May manifests, tags and blobs be deleted? Otherwise it is 405, for all three. @default true */
  readonly allowDelete?: boolean | undefined;
  readonly limits?: Partial<ServerLimits> | undefined;
  /** Lets web pages of other origins in. @default none */
  readonly cors?: CorsOptions | undefined;
  /** Milliseconds, for the age of uploads and the log. @default Date.now */
  readonly now?: (() => number) | undefined;
}

interface Server {
  readonly options: ServerOptions;
  readonly access: Access;
  readonly limits: ServerLimits;
  readonly sessions: UploadSessions;
}

/**
 * Makes a server of a registry (distribution-spec 1.1, and docker's catalog).
 * @example
 * const handler = createServer({ registry: createMemoryRegistry() });
 * const response = await handler(new Request('http://localhost/v2/'));
 */
export function createServer(options: ServerOptions): Handler {
  const { now = Date.now } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const sessions = createUploadSessions(limits, now);
  const server: Server = { options, access: options.access ?? openAccess, limits, sessions };
  const handler: Handler = async (request, info) => {
    const startedAt = now();
    const meter: Meter = { bytesIn: 0, user: undefined, error: undefined };
    const response = finished(request, await answer(server, request, info, meter));
    const { log } = options;
    if (log === undefined) return response;
    return logged(response, (bytesOut) => {
      log({ ...entryOf(request, info), ...meter, status: response.status, bytesOut, durationMs: now() - startedAt });
    });
  };
  return options.cors === undefined ? handler : withCors(handler, options.cors);
}

async function answer(
  server: Server,
  request: Request,
  info: ConnectionInfo | undefined,
  meter: Meter,
): Promise<Response> {
  try {
    const url = new URL(request.url);
    const matched = matchRoute(request.method, url.pathname);
    if (matched === undefined) return plainProblem(404, 'there is nothing at this path');
    if ('allow' in matched) return problem(405, 'UNSUPPORTED', 'not with this method', { Allow: matched.allow });
    const decision = await server.access(request, accessRoute(matched, url), info);
    if (decision.outcome !== 'allowed') return refusal(decision);
    meter.user = decision.user;
    if (matched.action === 'delete' && server.options.allowDelete === false) {
      return problem(405, 'UNSUPPORTED', 'deleting is switched off');
    }
    return await matched.handle(exchangeOf(server, request, info, url, matched, meter));
  } catch (error) {
    const response = failure(error);
    if (response.status >= 500) meter.error = error;
    return response;
  }
}

function accessRoute({ action, repository }: Matched, url: URL): AccessRoute {
  if (repository === '') return { action };
  const from = url.searchParams.has('mount') ? url.searchParams.get('from') : null;
  return { action, repository, ...(from === null ? {} : { from }) };
}

function exchangeOf(
  { access, limits, sessions, options }: Server,
  request: Request,
  info: ConnectionInfo | undefined,
  url: URL,
  { repository, target }: Matched,
  meter: Meter,
): Exchange {
  const count = (size: number): void => void (meter.bytesIn += size);
  const call: Call & { readonly signal: AbortSignal } = { signal: request.signal };
  return {
    request,
    url,
    registry: options.registry,
    repository,
    target,
    body: (signal = request.signal) => counted(fromClient(request.body, signal), count),
    call,
    sessions,
    limits,
    may: async (action: Action, name: string) =>
      (await access(request, { action, repository: name }, info)).outcome === 'allowed',
  };
}

/** The headers that every answer has, and no body where a HEAD was asked. */
function finished({ method }: Request, response: Response): Response {
  response.headers.set('Docker-Distribution-Api-Version', 'registry/2.0');
  response.headers.set('X-Content-Type-Options', 'nosniff');
  if (method !== 'HEAD' || response.body === null) return response;
  void response.body.cancel();
  return new Response(null, { status: response.status, headers: response.headers });
}

function entryOf(
  request: Request,
  info: ConnectionInfo | undefined,
): Pick<AccessLogEntry, 'method' | 'path' | 'headers' | 'remoteAddress'> {
  const { pathname, search } = new URL(request.url);
  const { method, headers } = request;
  return { method, path: pathname + search, headers: loggedHeaders(headers), remoteAddress: info?.remoteAddress };
}

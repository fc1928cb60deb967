/**
 * The index of a v1 registry, as these documents have it:
 * - "Docker Hub API": https://docs.docker.com/v1.7/reference/api/docker-io_api/
 * - "Docker Registry API" (search and status): https://docs.docker.com/v1.7/reference/api/registry_api/
 * - "The Docker Hub and the Registry 1.0 spec": https://docs.docker.com/v1.6/reference/api/hub_registry_spec/
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { CHAIN } from './v1-images.ts';

export interface V1IndexState {
  /** The value of `X-Docker-Endpoints`; undefined: it is left out. */
  endpoints: string | undefined;
  /** Makes a token that the registry will know. */
  mint: (repository: string) => string;
  /** Repositories that need a password. */
  readonly secret: ReadonlySet<string>;
  readonly repositories: ReadonlySet<string>;
  /** Names that can be found. */
  readonly found: readonly string[];
}

/** The accounts: who is active, and who has not answered the e-mail. */
export const ALICE = { username: 'alice', password: 'CANARY-password' } as const;
export const INACTIVE = { username: 'bob', password: 'CANARY-bob' } as const;

const basic = ({ username, password }: { username: string; password: string }): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

export function v1Index(state: V1IndexState): RequestListener {
  return (request, response) => {
    const url = new URL(request.url ?? '/', 'http://index');
    const images = /^\/v1\/repositories\/(.+)\/images$/.exec(url.pathname)?.[1];
    if (request.method !== 'GET') return send(response, 500, { error: 'this index is only read' });
    if (images !== undefined) return repositoryImages(state, images, request, response);
    if (url.pathname === '/v1/users/') return login(request, response);
    if (url.pathname === '/v1/search') return search(state, url.searchParams, response);
    if (url.pathname === '/v1/_ping') return ping(response);
    // What a framework says of a page that it has not got.
    response.writeHead(404, { 'content-type': 'text/html' }).end('<html><title>404 Not Found</title></html>');
  };
}

/** registry_api, "Status check for registry". */
function ping(response: ServerResponse): void {
  send(response, 200, '', { 'x-docker-registry-version': '0.6.0', 'x-docker-registry-standalone': 'False' });
}

/** registry_api, "Search": pages of `n` from 1 to 100. */
function search({ found }: V1IndexState, query: URLSearchParams, response: ServerResponse): void {
  const term = query.get('q') ?? '';
  const [n, page] = [Math.min(Number(query.get('n') ?? 25), 100), Number(query.get('page') ?? 1)];
  const names = found.filter((name) => name.includes(term));
  const results = names.slice((page - 1) * n, page * n).map((name) => ({ name, description: `the ${name} image` }));
  const pages = Math.max(1, Math.ceil(names.length / n));
  send(response, 200, { num_pages: pages, num_results: names.length, results, page_size: n, query: term, page });
}

/** docker-io_api, "User login". */
function login({ headers }: IncomingMessage, response: ServerResponse): void {
  if (headers.authorization === basic(INACTIVE)) return send(response, 403, 'Account is not Active');
  if (headers.authorization !== basic(ALICE)) return unauthorized(response);
  send(response, 200, 'OK');
}

/** hub_registry_spec, "Authentication and authorization, On the Docker Hub". */
function unauthorized(response: ServerResponse): void {
  send(response, 401, 'Unauthorized', { 'www-authenticate': 'Basic realm="auth required",Token' });
}

/**
 * docker-io_api, "List user repository images" and "List library repository images"; hub_registry_spec, "Pull": a token
 * comes only when it was asked for, and a new one each time; a password is needed for private repositories, and has to be
 * right wherever it is given.
 */
function repositoryImages(
  state: V1IndexState,
  repository: string,
  { headers }: IncomingMessage,
  response: ServerResponse,
): void {
  const { authorization } = headers;
  if (authorization !== undefined && authorization !== basic(ALICE)) return unauthorized(response);
  if (state.secret.has(repository) && authorization === undefined) return unauthorized(response);
  if (!state.repositories.has(repository)) return send(response, 404, { error: 'images not found' });
  const token = headers['x-docker-token'] === 'true' ? state.mint(repository) : undefined;
  send(
    response,
    200,
    CHAIN.map(({ id, checksumPayload }) => ({ id, checksum: checksumPayload.slice('sha256:'.length) })),
    {
      ...(token === undefined ? {} : { 'x-docker-token': token, 'www-authenticate': `Token ${token}` }),
      ...(state.endpoints === undefined ? {} : { 'x-docker-endpoints': state.endpoints }),
      'set-cookie': 'index=CANARY-index; Path=/',
    },
  );
}

export function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { vary: 'Accept', 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

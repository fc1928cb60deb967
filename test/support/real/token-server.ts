/**
 * A token server (distribution-spec's token authentication): both flows, scopes granted from a table, RS256 tokens
 * that docker-registry 2.8 accepts. It keeps what it was asked.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { basic } from './raw-request.ts';
import { type Access, type Grants, granted, parseScopes } from './scopes.ts';
import type { Running } from './cleanup.ts';
import type { SignToken } from './token-signer.ts';

export interface TokenUser {
  readonly password: string;
  readonly grants: Grants;
}

export interface TokenServerOptions {
  readonly sign: SignToken;
  readonly users: Readonly<Record<string, TokenUser>>;
  /** What those may do who name themselves not; without it they get no token. */
  readonly anonymous?: Grants;
  readonly lifetimeSeconds: number;
  /** Say in the answer how long a token lasts? A client that is not told learns it from a 401. */
  readonly announceExpiry: boolean;
}

export interface TokenRequest {
  readonly flow: 'GET' | 'POST';
  readonly user: string | undefined;
  readonly service: string;
  readonly scopes: readonly string[];
  readonly granted: readonly Access[];
  readonly status: number;
}

export interface TokenServer extends Running {
  /** `http://127.0.0.1:34567/token`. */
  readonly realm: string;
  readonly requests: readonly TokenRequest[];
}

/** What a request of either flow says. */
interface Question {
  readonly flow: 'GET' | 'POST';
  readonly fields: URLSearchParams;
  /** undefined: it names nobody; false: the password or the refresh token is wrong. */
  readonly user: string | undefined | false;
}

export async function startTokenServer(options: TokenServerOptions): Promise<TokenServer> {
  const requests: TokenRequest[] = [];
  const server = createServer((request, response) => {
    answer(request, options)
      .then(({ body, ...rest }) => {
        requests.push(rest);
        reply(response, rest.status, body);
      })
      .catch((error: unknown) => reply(response, 500, { details: String(error) }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { realm: `http://127.0.0.1:${port}/token`, requests, stop };
}

async function answer(request: IncomingMessage, options: TokenServerOptions): Promise<TokenRequest & { body: object }> {
  const { flow, fields, user } = await question(request, options.users);
  const service = fields.get('service') ?? '';
  const scopes = fields.getAll('scope').flatMap((scope) => scope.split(' '));
  const grants = user === undefined ? options.anonymous : options.users[user || '']?.grants;
  const told = { flow, user: user || undefined, service, scopes };
  if (grants === undefined)
    return { ...told, granted: [], status: 401, body: { details: 'incorrect username or password' } };
  const access = granted(parseScopes(scopes), grants);
  const token = await options.sign({ subject: user || '', service, access, lifetimeSeconds: options.lifetimeSeconds });
  const expiry = options.announceExpiry
    ? { expires_in: options.lifetimeSeconds, issued_at: new Date().toISOString() }
    : {};
  const wantsRefresh = fields.get('access_type') === 'offline' || fields.get('offline_token') === 'true';
  const refresh = wantsRefresh && user ? { refresh_token: refreshToken(user) } : {};
  const names = flow === 'GET' ? { token, access_token: token } : { access_token: token, scope: scopes.join(' ') };
  return { ...told, granted: access, status: 200, body: { ...names, ...expiry, ...refresh } };
}

async function question(request: IncomingMessage, users: TokenServerOptions['users']): Promise<Question> {
  const { searchParams } = new URL(request.url ?? '', 'http://token.test');
  if (request.method === 'GET') {
    return { flow: 'GET', fields: searchParams, user: byHeader(request.headers.authorization, users) };
  }
  const fields = new URLSearchParams(await text(request));
  return { flow: 'POST', fields, user: byForm(fields, users) };
}

function byHeader(header: string | undefined, users: TokenServerOptions['users']): Question['user'] {
  if (header === undefined) return undefined;
  return Object.keys(users).find((name) => header === basic(name, users[name]?.password ?? '')) ?? false;
}

function byForm(fields: URLSearchParams, users: TokenServerOptions['users']): Question['user'] {
  const matches = (name: string): boolean =>
    fields.get('grant_type') === 'refresh_token'
      ? fields.get('refresh_token') === refreshToken(name)
      : fields.get('username') === name && fields.get('password') === users[name]?.password;
  return Object.keys(users).find(matches) ?? false;
}

/** The refresh token (docker's `identitytoken`) of a user. */
export function refreshToken(user: string): string {
  return `refresh-token-of-${user}`;
}

function reply(response: ServerResponse, status: number, body: object): void {
  const challenge = status === 401 ? { 'www-authenticate': 'Basic realm="tokens"' } : {};
  response.writeHead(status, { 'content-type': 'application/json', ...challenge }).end(JSON.stringify(body));
}

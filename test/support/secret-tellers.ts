/**
 * Servers that do their worst to make somebody tell a secret: a registry that repeats what it is sent in its refusals, its token server,
 * and a storage behind signed URLs.
 */
import { serve } from '../../src/node/serve/serve.ts';
import type { Handler } from '../../src/server/handler.ts';
import { canary } from './planted-secrets.ts';

/** All that it was sent. */
const echo = (request: Request): string => `${request.url} ${JSON.stringify([...request.headers])}`;
const errors = (request: Request): string =>
  JSON.stringify({ errors: [{ code: 'BAD', message: echo(request), detail: { headers: [...request.headers] } }] });
const moved = (to: string): Response => new Response('moved', { status: 307, headers: { location: to } });
const signed = (origin: string): string => `${origin}/blob?X-Amz-Signature=${canary.signature}&sig=${canary.signature}`;

interface Places {
  readonly tokens: string;
  readonly storage: string;
}

/** What becomes of a request. */
const moods: Readonly<Record<string, (request: Request, places: Places) => Response>> = {
  'asks for Basic': (request) =>
    new Response(errors(request), { status: 401, headers: { 'www-authenticate': 'Basic realm="r"' } }),
  'asks for a token, and takes none': (request, { tokens }) =>
    new Response(errors(request), {
      status: 401,
      headers: { 'www-authenticate': `Bearer realm="${tokens}/token",service="s",error="invalid_token"` },
    }),
  'asks for a token that is refused': (request, { tokens }) =>
    new Response(errors(request), {
      status: 401,
      headers: { 'www-authenticate': `Bearer realm="${tokens}/refused",service="s"` },
    }),
  'forbids, as JSON': (request) => new Response(errors(request), { status: 403 }),
  'breaks, as text': (request) => new Response(echo(request), { status: 500 }),
  'is too busy': (request) => new Response(echo(request), { status: 429, headers: { 'retry-after': '9999' } }),
  'says what is no JSON': (request) =>
    new Response(echo(request), {
      headers: { 'content-type': 'application/json', 'set-cookie': `sid=${canary.cookie}` },
    }),
  'sends readers to a storage that refuses': (_, { storage }) => moved(signed(storage)),
  'sends readers where nobody is': () => moved(signed('http://127.0.0.1:1')),
  'sends readers round in circles': ({ url }) => moved(`${new URL(url).pathname}?token=${canary.signature}`),
  'sends readers where they must not go': () =>
    moved(`http://me:${canary.password}@127.0.0.1:1/?sig=${canary.signature}`),
  'has uploads with a secret state': (request) =>
    request.method === 'POST'
      ? new Response('', { status: 202, headers: { location: `/v2/team/app/blobs/uploads/1?_state=${canary.state}` } })
      : new Response(echo(request), { status: request.method === 'HEAD' ? 404 : 400 }),
};

export const allMoods: readonly string[] = Object.keys(moods);

export interface Teller extends AsyncDisposable {
  readonly host: string;
  /** One of `allMoods`. */
  mood: string;
  /** How many requests had a canary in them: without them nothing would be shown. */
  readonly trusted: () => number;
}

/** Ends with the test: `await using teller = await startTeller()`. */
export async function startTeller(): Promise<Teller> {
  let trusted = 0;
  const listen = (handler: Handler): ReturnType<typeof serve> =>
    serve((request, info) => {
      if (/canary|Basic/.test(echo(request))) trusted++;
      return handler(request, info);
    });
  const tokens = await listen(async (request) =>
    new URL(request.url).pathname === '/refused'
      ? new Response(`${echo(request)} ${await request.text()}`, { status: 401 })
      : Response.json({ token: canary.issued }),
  );
  const storage = await listen(async (request) => new Response(echo(request), { status: 403 }));
  const teller = { mood: '' };
  const places = { tokens: tokens.url, storage: storage.url };
  const registry = await listen(async (request) => moods[teller.mood]?.(request, places) ?? new Response());
  return Object.assign(teller, {
    host: registry.host,
    trusted: () => trusted,
    async [Symbol.asyncDispose]() {
      await Promise.all([registry.close(), tokens.close(), storage.close()]);
    },
  });
}

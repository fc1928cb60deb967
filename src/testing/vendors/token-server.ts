/**
 * A token server (distribution, "Token Authentication"): grants to who is known whatever is asked for, to anybody what is
 * public. A scope that is not granted is left out, as distribution has it: it is the registry that refuses then.
 */
import { encodeBasic } from '../../http/basic.ts';
import type { Handler } from '../../server/handler.ts';
import type { TokenGrant, VerifiedToken } from '../../server/token-access.ts';
import type { IngestRegistry } from '../../store/types.ts';
import { errorAnswer } from '../wrap.ts';
import { hasRepository } from './served.ts';
import type { TokenForm, UserPassword } from './vendor.ts';

export interface TokenServer {
  readonly handler: Handler;
  /** What a token allows; undefined: it is none of this server's. */
  readonly verify: (token: string) => VerifiedToken | undefined;
}

export interface TokenServerOptions {
  readonly form: TokenForm;
  readonly credential: UserPassword;
  readonly registry: IngestRegistry;
  readonly isPublic: (repository: string) => boolean;
}

export function createTokenServer(options: TokenServerOptions): TokenServer {
  const { form, credential } = options;
  const issued = new Map<string, VerifiedToken>();
  const handler: Handler = async (request) => {
    const { searchParams: query } = new URL(request.url);
    if (request.method !== 'GET') return errorAnswer(405, 'UNSUPPORTED');
    if ((query.get('service') ?? form.service) !== form.service)
      return errorAnswer(400, 'UNSUPPORTED', 'which service?');
    const shown = request.headers.get('authorization');
    // a wrong password is never taken for no password
    if (shown !== null && shown !== encodeBasic(credential)) return errorAnswer(401, 'UNAUTHORIZED', 'wrong password');
    const user = shown === null ? undefined : credential.username;
    const token = crypto.randomUUID();
    issued.set(token, { user, grants: await grantsOf(options, query.getAll('scope'), user !== undefined) });
    const fields = { token, access_token: token, expires_in: 300, issued_at: new Date().toISOString() };
    return Response.json(Object.fromEntries(form.answer.map((name) => [name, fields[name]])));
  };
  return { handler, verify: (token) => issued.get(token) };
}

async function grantsOf(
  options: TokenServerOptions,
  scopes: readonly string[],
  isUser: boolean,
): Promise<readonly TokenGrant[]> {
  const grants = await Promise.all(
    scopes.flatMap((scope) => scope.split(' ')).map((one) => granted(options, one, isUser)),
  );
  return grants.filter((grant) => grant !== undefined);
}

async function granted(
  { form, registry, isPublic }: TokenServerOptions,
  scope: string,
  isUser: boolean,
): Promise<TokenGrant | undefined> {
  const [, type = '', name = '', wanted = ''] = /^(\w+):(.+):([\w,*]+)$/.exec(scope) ?? [];
  if (type !== 'repository') return undefined;
  const actions = wanted.split(',');
  if (!isUser) return isPublic(name) ? { type, name, actions: ['pull'] } : undefined;
  const isKnown = !form.knownOnly || actions.includes('push') || (await hasRepository(registry, name));
  return isKnown ? { type, name, actions } : undefined;
}

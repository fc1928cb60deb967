/**
 * Access by bearer token (distribution's token authentication): the challenge names the scope that a request needs,
 * a token server grants it, and what a token grants is all that counts. Issuing and verifying tokens is the caller's.
 */
import { type Access, type AccessRoute, type Challenge, quoted } from './access.ts';

/** What a token allows: an entry of its `access` claim. */
export interface TokenGrant {
  /** `repository`, or `registry` for the catalog. */
  readonly type: string;
  /** `library/alpine`; `catalog`. */
  readonly name: string;
  /** `pull`, `push`, `delete`; `*` is all of them. */
  readonly actions: readonly string[];
}

export interface VerifiedToken {
  readonly grants: readonly TokenGrant[];
  /** Its subject, for the log. */
  readonly user?: string | undefined;
}

export interface TokenAccessOptions {
  /** Where tokens are to be had: an absolute URL. */
  readonly realm: string;
  /** What the token server knows this registry as: the audience of its tokens. */
  readonly service: string;
  /** What a token allows; `undefined` when it is not one of the token server's, or has expired. */
  readonly verify: (token: string) => VerifiedToken | undefined | Promise<VerifiedToken | undefined>;
}

export function tokenAccess(options: TokenAccessOptions): Access {
  return async (request, route) => {
    const header = request.headers.get('authorization');
    if (header === null) return challenge(options, route);
    const [, token] = /^bearer +([\w.~+/-]+=*) *$/i.exec(header) ?? [];
    const verified = token === undefined ? undefined : await options.verify(token);
    if (verified === undefined) return challenge(options, route, 'invalid_token');
    const wanted = grantFor(route);
    const enough = wanted === undefined || grants(verified.grants, wanted);
    return enough ? { outcome: 'allowed', user: verified.user } : challenge(options, route, 'insufficient_scope');
  };
}

/** What a request needs. Who logs in needs nothing but a token. */
function grantFor({ action, repository = '' }: AccessRoute): TokenGrant | undefined {
  if (action === 'ping') return undefined;
  if (action === 'catalog') return { type: 'registry', name: 'catalog', actions: ['*'] };
  const actions = action === 'push' ? ['pull', 'push'] : [action];
  return { type: 'repository', name: repository, actions };
}

function grants(granted: readonly TokenGrant[], { type, name, actions }: TokenGrant): boolean {
  const fitting = granted.filter((grant) => grant.type === type && grant.name === name);
  const allowed = new Set(fitting.flatMap((grant) => grant.actions));
  return allowed.has('*') || actions.every((action) => allowed.has(action));
}

function challenge({ realm, service }: TokenAccessOptions, route: AccessRoute, error?: string): Challenge {
  const wanted = [grantFor(route)];
  // so that the token of a push can mount as well
  if (route.from !== undefined) wanted.push(grantFor({ action: 'pull', repository: route.from }));
  const scopes = wanted.flatMap((grant) => (grant === undefined ? [] : [scopeOf(grant)]));
  const fields = { realm, service, scope: scopes.join(' '), error };
  const parameters = Object.entries(fields).flatMap(([name, value]) => (value ? [`${name}=${quoted(value)}`] : []));
  return { outcome: 'challenge', challenges: [`Bearer ${parameters.join(',')}`] };
}

function scopeOf({ type, name, actions }: TokenGrant): string {
  return `${type}:${name}:${actions.join(',')}`;
}

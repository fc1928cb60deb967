/** Meets a registry's demand: finds the credential, and gets the token, that a request is to be sent with. */
import { isOciError, OciError } from '../errors.ts';
import { encodeBasic } from './basic.ts';
import type { CredentialMemory } from './credentials.ts';
import type { Host, Hosts } from './host.ts';
import { judgeRealm, realmHint, type Realm } from './realm.ts';
import { repositoryOf } from './scope.ts';
import type { Demand, Session } from './session.ts';
import { fetchToken } from './token.ts';
import { accountOf, type TokenIssue } from './token-store.ts';
import type { Credential, HttpRequest, Send } from './types.ts';

/** All that is needed to prove who asks. */
export interface Prover {
  readonly host: Host;
  readonly hosts: Hosts;
  readonly session: Session;
  readonly memory: CredentialMemory;
  /** For token requests. */
  readonly send: Send;
}

/** What a request is sent with. */
export interface Proof {
  readonly demand: Demand;
  /** The `authorization` header; undefined: there is nothing to show. */
  readonly header: string | undefined;
  /** A token nobody has used yet: if it is refused, another one would be, too. */
  readonly fresh: boolean;
  /** A token that was given for the user's credentials. */
  readonly ofAccount?: boolean | undefined;
  /** What the user can do about credentials that were not sent. */
  readonly hint?: string | undefined;
  /** Why there is nothing to show. */
  readonly error?: OciError | undefined;
}

/** The user's credential for a request. @throws OciError `CREDENTIALS` */
export async function credentialFor({ host, memory }: Prover, request: HttpRequest): Promise<Credential | undefined> {
  if (host.credential !== undefined) return host.credential === 'none' ? undefined : host.credential;
  const repository = repositoryOf(request.scopes);
  const { signal, on } = request;
  return memory.find(host.name, { signal, on, ...(repository === undefined ? {} : { repository }) });
}

/** Finds or gets what the demand asks for. @throws OciError `UNAUTHORIZED`, `REDIRECT_REFUSED` */
export async function prove(prover: Prover, request: HttpRequest, demand: Demand): Promise<Proof> {
  const credential = await credentialFor(prover, request);
  const { scheme } = demand;
  if (credential !== undefined && 'registryToken' in credential) {
    return { demand, header: `Bearer ${credential.registryToken}`, fresh: true };
  }
  if (scheme.kind === 'bearer') return proveByToken(prover, request, demand, scheme, credential);
  const isPair = credential !== undefined && 'password' in credential;
  return { demand, header: isPair ? encodeBasic(credential) : undefined, fresh: true };
}

type Bearer = Demand['scheme'] & { readonly kind: 'bearer' };
type Account = Exclude<Credential, { readonly registryToken: string }>;

async function proveByToken(
  prover: Prover,
  request: HttpRequest,
  demand: Demand,
  scheme: Bearer,
  credential: Account | undefined,
): Promise<Proof> {
  const realm = judgeRealm(scheme.realm, scheme.from, prover.host, prover.hosts);
  const shown = realm.trusted ? credential : undefined;
  const hint = shown === credential ? undefined : withhold(prover, request, realm);
  const query = {
    issuer: JSON.stringify([prover.host.origin, realm.url.href, scheme.service ?? null, shown ?? null]),
    scopes: prover.host.repositoryTokens ? ofOneRepository(demand.scopes) : demand.scopes,
    issue: prover.session.keepsTokens ? issueOf(prover.host, scheme, shown) : undefined,
  };
  try {
    const { value, fresh } = await prover.session.tokens.get(
      query,
      (signal) =>
        fetchToken(prover.send, {
          ...tokenRequest(prover, request, realm, scheme, query.scopes),
          credential: shown,
          signal,
        }),
      request.signal,
    );
    return { demand, header: `Bearer ${value}`, fresh, ofAccount: shown !== undefined, hint };
  } catch (error) {
    if (shown !== undefined) prover.memory.forget(prover.host.name);
    if (hint === undefined || !isOciError(error, 'UNAUTHORIZED')) throw error;
    throw new OciError('UNAUTHORIZED', error.message, { hint, status: error.status, errors: error.errors });
  }
}

function issueOf({ name, origin }: Host, { realm, service, from }: Bearer, shown: Account | undefined): TokenIssue {
  return { host: name, registry: origin, realm, service, from, account: accountOf(shown) };
}

function tokenRequest(
  { host }: Prover,
  { on, headers }: HttpRequest,
  realm: Realm,
  { service }: Bearer,
  scopes: readonly string[],
): Omit<Parameters<typeof fetchToken>[1], 'credential' | 'signal'> {
  const ownHeaders = realm.url.origin === host.origin ? host.headers : {};
  return {
    realm: realm.url,
    service: service === '' ? undefined : service,
    scopes,
    registry: host.origin,
    name: host.name,
    headers: { ...ownHeaders, ...(headers['user-agent'] === undefined ? {} : { 'user-agent': headers['user-agent'] }) },
    on,
  };
}

function withhold({ host, session }: Prover, { on }: HttpRequest, realm: Realm): string {
  const hint = realmHint(host, realm.url);
  if (session.isNews(hint)) on?.({ type: 'warning', host: host.name, text: hint });
  return hint;
}

function ofOneRepository(scopes: readonly string[]): readonly string[] {
  const first = repositoryOf(scopes);
  return scopes.filter((scope) => !scope.startsWith('repository:') || repositoryOf([scope]) === first);
}

/**
 * Tokens that outlive a session, for who wants that: what is told of a token, and to whom it was given. Where they are kept is for
 * `node/`; a user's own secrets are never among them.
 */
import { digestOf } from '../bytes/hash.ts';
import { digestHex } from '../model/digest.ts';
import { coversScopes } from './scope.ts';
import type { Credential } from './types.ts';

/** Who gave a token, for whom, and how it was asked for. */
export interface TokenIssue {
  /** The registry by its name, e.g. `docker.io`, and its origin. */
  readonly host: string;
  readonly registry: string;
  /** As the registry's challenge had it. */
  readonly realm: string;
  readonly service?: string | undefined;
  /** The URL that answered with the challenge. */
  readonly from: string;
  /** See {@link accountOf}. */
  readonly account: string;
}

export interface KeptToken extends TokenIssue {
  readonly scopes: readonly string[];
  readonly value: string;
  /** How long it is good from now on, in milliseconds. */
  readonly lifetimeMs: number;
}

/** Never throws: tokens that cannot be kept are asked for anew. */
export interface TokenStore {
  /** Those of a registry's origin that are still good. */
  read(registry: string): Promise<readonly KeptToken[]>;
  /** Keeps one, in place of others that were issued alike. */
  keep(token: KeptToken): Promise<void>;
  drop(isDropped: (token: KeptToken) => boolean): Promise<void>;
}

/** Shorter secrets may be somebody's own, and could be found by trying. */
const GUESSABLE = 20;

/**
 * Who asks, so that another account or a changed password does not get the token of the one before. Of a long secret it is the whole hash;
 * of a short one two bytes of it: enough to notice a change, too little to find the secret by.
 */
export function accountOf(credential: Exclude<Credential, { readonly registryToken: string }> | undefined): string {
  if (credential === undefined) return 'anonymous';
  const { username = '' } = credential;
  const [kind, secret] =
    'password' in credential ? ['password', credential.password] : ['identity', credential.identityToken];
  const length = secret.length < GUESSABLE ? 4 : 64;
  return `${kind} ${hashOf(username)} ${hashOf(JSON.stringify([username, secret])).slice(0, length)}`;
}

function hashOf(text: string): string {
  return digestHex(digestOf(new TextEncoder().encode(text)));
}

/** Was it issued so, and does it allow all of that? */
export function isFor(token: KeptToken, issue: TokenIssue, scopes: readonly string[]): boolean {
  const isSame = (['registry', 'realm', 'service', 'account'] as const).every((key) => token[key] === issue[key]);
  return isSame && coversScopes(token.scopes, scopes);
}

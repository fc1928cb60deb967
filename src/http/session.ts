/** What a session has learnt about its registries: how each wants proof, and the tokens it gave. */
import type { Clock } from './clock.ts';
import { coversScopes, scopesKey } from './scope.ts';
import { createTokenCache, type TokenCache } from './token-cache.ts';
import type { TokenStore } from './token-store.ts';

/** How a registry wants to be told who asks. */
export type Scheme =
  | {
      readonly kind: 'bearer';
      readonly realm: string;
      readonly service: string | undefined;
      /** The URL that answered with the challenge. */
      readonly from: string;
    }
  | { readonly kind: 'basic' }
  /** A token that the user gave. */
  | { readonly kind: 'token' };

/** A scheme, and the scopes that a token must have. */
export interface Demand {
  readonly scheme: Scheme;
  readonly scopes: readonly string[];
}

export interface Session {
  readonly tokens: TokenCache;
  /** Do tokens outlive it? */
  readonly keepsTokens: boolean;
  /** What a request for these scopes will have to show; undefined: nobody has asked for anything yet. */
  expect(origin: string, repository: string | undefined, wanted: readonly string[]): Demand | undefined;
  /**
   * The same by the tokens that another session has kept; undefined: none would do. A registry is looked up once: then it has been asked,
   * or it asks for nothing.
   */
  recall(origin: string, repository: string | undefined, wanted: readonly string[]): Promise<Demand | undefined>;
  /** The registry demanded it for a request that wanted these scopes. */
  learn(origin: string, repository: string | undefined, wanted: readonly string[], demand: Demand): void;
  /** The scheme led nowhere, and may have been a guess: the registry is to say anew what it wants. */
  unlearn(origin: string, repository: string | undefined, scheme: Scheme): void;
  /** True the first time. */
  isNews(text: string): boolean;
}

const MAX_REMEMBERED = 2000;

export function createSession(clock: Clock, store?: TokenStore): Session {
  const schemes = new Map<string, Scheme>();
  const scopes = new Map<string, readonly string[]>();
  const told = new Set<string>();
  const recalled = new Set<string>();
  const session: Session = {
    tokens: createTokenCache(clock, store),
    keepsTokens: store !== undefined,
    expect(origin, repository, wanted) {
      // Artifactory has a token server for each of its repositories; everybody else one for all.
      const scheme = schemes.get(`${origin} ${repository ?? ''}`) ?? schemes.get(origin);
      if (scheme === undefined) return undefined;
      return { scheme, scopes: scopes.get(`${origin} ${scopesKey(wanted)}`) ?? wanted };
    },
    async recall(origin, repository, wanted) {
      if (store === undefined || wanted.length === 0 || recalled.has(origin)) return undefined;
      recalled.add(origin);
      const token = (await store.read(origin)).find(({ scopes: has }) => coversScopes(has, wanted));
      if (token === undefined) return undefined;
      const { realm, service, from } = token;
      const demand: Demand = { scheme: { kind: 'bearer', realm, service, from }, scopes: wanted };
      session.learn(origin, repository, wanted, demand);
      return demand;
    },
    learn(origin, repository, wanted, demand) {
      if (schemes.size >= MAX_REMEMBERED) schemes.clear();
      if (scopes.size >= MAX_REMEMBERED) scopes.clear();
      schemes.set(origin, demand.scheme).set(`${origin} ${repository ?? ''}`, demand.scheme);
      scopes.set(`${origin} ${scopesKey(wanted)}`, demand.scopes);
    },
    unlearn(origin, repository, scheme) {
      for (const key of [origin, `${origin} ${repository ?? ''}`]) if (schemes.get(key) === scheme) schemes.delete(key);
    },
    isNews(text) {
      const isNew = !told.has(text) && told.size < MAX_REMEMBERED;
      if (isNew) told.add(text);
      return isNew;
    },
  };
  return session;
}

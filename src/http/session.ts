/** What a session has learnt about its registries: how each wants proof, and the tokens it gave. */
import type { Clock } from './clock.ts';
import { scopesKey } from './scope.ts';
import { createTokenCache, type TokenCache } from './token-cache.ts';

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
  /** What a request for these scopes will have to show; undefined: nobody has asked for anything yet. */
  expect(origin: string, repository: string | undefined, wanted: readonly string[]): Demand | undefined;
  /** The registry demanded it for a request that wanted these scopes. */
  learn(origin: string, repository: string | undefined, wanted: readonly string[], demand: Demand): void;
  /** The scheme led nowhere, and may have been a guess: the registry is to say anew what it wants. */
  unlearn(origin: string, repository: string | undefined, scheme: Scheme): void;
  /** True the first time. */
  isNews(text: string): boolean;
}

const MAX_REMEMBERED = 2000;

export function createSession(clock: Clock): Session {
  const schemes = new Map<string, Scheme>();
  const scopes = new Map<string, readonly string[]>();
  const told = new Set<string>();
  return {
    tokens: createTokenCache(clock),
    expect(origin, repository, wanted) {
      // Artifactory has a token server for each of its repositories; everybody else one for all.
      const scheme = schemes.get(`${origin} ${repository ?? ''}`) ?? schemes.get(origin);
      if (scheme === undefined) return undefined;
      return { scheme, scopes: scopes.get(`${origin} ${scopesKey(wanted)}`) ?? wanted };
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
}

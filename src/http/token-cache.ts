/**
 * Tokens of a session: kept until shortly before they expire, fetched once for all who wait, and good for every request
 * that needs no more than they allow (a token to push also pulls). With a store they are good for the next session, too.
 */
import type { Clock } from './clock.ts';
import { type Flight, startFlight } from './flight.ts';
import { coversScopes, scopesKey } from './scope.ts';
import { isFor, type KeptToken, type TokenIssue, type TokenStore } from './token-store.ts';

/** A bearer token, and how long it is good, in ms since it was asked for. */
export interface Token {
  readonly value: string;
  readonly lifetimeMs: number;
}

/** What a token is asked for. `issuer` names registry, token server and account. */
export interface TokenQuery {
  readonly issuer: string;
  readonly scopes: readonly string[];
  /** The same for a store, where there is one. */
  readonly issue?: TokenIssue | undefined;
}

export interface TokenCache {
  /** A token that is good for this; `fresh`: nobody has used it yet. */
  get(
    query: TokenQuery,
    fetch: (signal: AbortSignal) => Promise<Token>,
    signal?: AbortSignal,
  ): Promise<{ readonly value: string; readonly fresh: boolean }>;
  /** The registry did not take it. */
  forget(value: string): void;
}

interface Issued extends Token {
  /** It was not kept from another session. */
  readonly fresh: boolean;
}

interface Kept extends TokenQuery {
  readonly value: string;
  /** On the clock. */
  readonly until: number;
}

interface Underway extends TokenQuery {
  readonly flight: Flight<Issued>;
}

const MAX_KEPT = 1000;
const MARGIN_MS = 30_000;
const MARGIN_PART = 0.1;

/** A short-lived token has a short margin: ten seconds must not mean a token a request. */
function safeMs({ lifetimeMs }: Token): number {
  return lifetimeMs - Math.min(MARGIN_MS, lifetimeMs * MARGIN_PART);
}

async function recall(
  store: TokenStore,
  { issue, scopes }: TokenQuery,
  refused: ReadonlySet<string>,
): Promise<KeptToken | undefined> {
  if (issue === undefined) return undefined;
  const tokens = await store.read(issue.registry);
  return tokens.find((one) => !refused.has(one.value) && isFor(one, issue, scopes));
}

/** @param store tokens that outlive the session */
export function createTokenCache(clock: Clock, store?: TokenStore): TokenCache {
  let kept: readonly Kept[] = [];
  const underway = new Map<string, Underway>();
  /** By the registries: a store may still have them. */
  const refused = new Set<string>();

  function remember(query: TokenQuery, value: string, until: number): void {
    const good = kept.filter((one) => one.until > clock.now());
    kept = [{ ...query, value, until }, ...good].slice(0, MAX_KEPT);
  }

  async function obtain(query: TokenQuery, fetch: () => Promise<Token>): Promise<Issued> {
    const recalled = store === undefined ? undefined : await recall(store, query, refused);
    if (recalled !== undefined) {
      const { value, lifetimeMs, scopes } = recalled;
      remember({ ...query, scopes }, value, clock.now() + lifetimeMs);
      return { value, lifetimeMs, fresh: false };
    }
    if (refused.size > 0) await store?.drop(({ value }) => refused.has(value));
    const asked = clock.now();
    const token = await fetch();
    remember(query, token.value, asked + safeMs(token));
    const lifetimeMs = asked + safeMs(token) - clock.now();
    const { issue, scopes } = query;
    if (issue !== undefined) await store?.keep({ ...issue, scopes, value: token.value, lifetimeMs });
    return { ...token, fresh: true };
  }

  function begin(query: TokenQuery, fetch: (signal: AbortSignal) => Promise<Token>): Underway {
    const key = `${query.issuer} ${scopesKey(query.scopes)}`;
    const flight = startFlight(
      (signal) => obtain(query, () => fetch(signal)),
      () => {
        if (underway.get(key) === begun) underway.delete(key);
      },
    );
    const begun: Underway = { ...query, flight };
    underway.set(key, begun);
    return begun;
  }

  return {
    async get(query, fetch, signal) {
      const isGood = (one: TokenQuery): boolean =>
        one.issuer === query.issuer && coversScopes(one.scopes, query.scopes);
      const found = kept.find((one) => one.until > clock.now() && isGood(one));
      if (found !== undefined) return { value: found.value, fresh: false };
      const { flight } = [...underway.values()].find(isGood) ?? begin(query, fetch);
      const { value, fresh } = await flight.join(signal);
      return { value, fresh };
    },
    forget(value) {
      kept = kept.filter((one) => one.value !== value);
      if (store !== undefined) refused.add(value);
    },
  };
}

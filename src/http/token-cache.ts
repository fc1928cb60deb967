/**
 * Tokens of a session: kept until shortly before they expire, fetched once for all who wait, and good for every request
 * that needs no more than they allow (a token to push also pulls).
 */
import type { Clock } from './clock.ts';
import { type Flight, startFlight } from './flight.ts';
import { coversScopes, scopesKey } from './scope.ts';

/** A bearer token, and how long it is good, in ms since it was asked for. */
export interface Token {
  readonly value: string;
  readonly lifetimeMs: number;
}

/** What a token is asked for. `issuer` names registry, token server and account. */
export interface TokenQuery {
  readonly issuer: string;
  readonly scopes: readonly string[];
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

interface Kept extends TokenQuery {
  readonly value: string;
  /** On the clock. */
  readonly until: number;
}

interface Underway extends TokenQuery {
  readonly flight: Flight<Token>;
}

const MAX_KEPT = 1000;
const MARGIN_MS = 30_000;
const MARGIN_PART = 0.1;

export function createTokenCache(clock: Clock): TokenCache {
  let kept: readonly Kept[] = [];
  const underway = new Map<string, Underway>();

  function begin(query: TokenQuery, fetch: (signal: AbortSignal) => Promise<Token>): Underway {
    const key = `${query.issuer} ${scopesKey(query.scopes)}`;
    const asked = clock.now();
    const flight = startFlight(
      async (signal) => {
        const token = await fetch(signal);
        // A short-lived token has a short margin: ten seconds must not mean a token a request.
        const until = asked + token.lifetimeMs - Math.min(MARGIN_MS, token.lifetimeMs * MARGIN_PART);
        kept = [{ ...query, value: token.value, until }, ...kept.filter((one) => one.until > clock.now())].slice(
          0,
          MAX_KEPT,
        );
        return token;
      },
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
      return { value: (await flight.join(signal)).value, fresh: true };
    },
    forget(value) {
      kept = kept.filter((one) => one.value !== value);
    },
  };
}

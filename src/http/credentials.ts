/** Finding credentials: fixed ones, and how a session remembers what it found. Files and helpers are for `node/`. */
import { canonicalDomain } from '../model/domain.ts';
import { type Flight, startFlight } from './flight.ts';
import type { Credential, Credentials } from './types.ts';

/**
 * Credentials from a map. Keys are registries, or repositories and what begins their names: `ghcr.io`, `ghcr.io/team`;
 * the longest that fits wins.
 */
export function fixedCredentials(map: Readonly<Record<string, Credential>>): Credentials {
  const byPlace = new Map(Object.entries(map).map(([key, credential]) => [canonicalKey(key), credential]));
  return async (host, options = {}) => {
    const places = placesOf(canonicalKey(host), options.repository);
    return places.map((place) => byPlace.get(place)).find((found) => found !== undefined);
  };
}

function canonicalKey(key: string): string {
  const [domain = '', ...path] = key
    .replace(/^https?:\/\//i, '')
    .replace(/\/(?:v[12]\/?)?$/, '')
    .split('/');
  return [canonicalDomain(domain.toLowerCase()), ...path].join('/');
}

/** `host/a/b`, `host/a`, `host`: the narrowest first. */
function placesOf(host: string, repository: string | undefined): readonly string[] {
  const parts = repository === undefined ? [] : repository.split('/');
  return [...parts.keys()].map((at) => [host, ...parts.slice(0, parts.length - at)].join('/')).concat(host);
}

/** What was found, kept for a session: asking may start a program. */
export interface CredentialMemory {
  readonly find: Credentials;
  /** The registry did not take it: ask again the next time. */
  forget(host: string): void;
}

const MAX_REMEMBERED = 1000;

export function rememberCredentials(credentials: Credentials | undefined): CredentialMemory {
  const found = new Map<string, Credential | undefined>();
  const underway = new Map<string, Flight<Credential | undefined>>();
  return {
    async find(host, { repository, signal, on } = {}) {
      if (credentials === undefined) return undefined;
      const key = `${host} ${repository ?? ''}`;
      if (found.has(key)) return found.get(key);
      const flight =
        underway.get(key) ??
        startFlight(
          (ends) => credentials(host, { signal: ends, on, ...(repository === undefined ? {} : { repository }) }),
          () => underway.delete(key),
        );
      underway.set(key, flight);
      const credential = await flight.join(signal);
      if (found.size >= MAX_REMEMBERED) found.clear();
      found.set(key, credential);
      return credential;
    },
    forget(host) {
      for (const key of found.keys()) if (key.startsWith(`${host} `)) found.delete(key);
    },
  };
}

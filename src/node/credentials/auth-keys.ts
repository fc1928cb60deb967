/**
 * The keys of credential files: hosts, hosts with a part of a repository's path, and URLs of days gone by. A key is for a
 * host or it is not: nothing is matched by a part of a name (sigstore-js sent credentials to look-alikes that way).
 */
import { canonicalDomain, DOCKER_HUB, isDomain } from '../../model/domain.ts';

/** docker's key for Docker Hub. */
const HUB_KEY = 'https://index.docker.io/v1/';

/** The key that a login writes and that a credential helper is asked for. */
export function serverKey(host: string): string {
  const name = normalHost(host);
  return name === DOCKER_HUB ? HUB_KEY : name;
}

/**
 * The scope that a key stands for, `ghcr.io` or `ghcr.io/team`; undefined when it is no key of a registry.
 * `https://host`, `https://host/v1/` and the like are the host.
 */
export function scopeOfKey(key: string): string | undefined {
  const [, scheme, host = '', path = ''] = /^(https?:\/\/)?([^/]*)\/?(.*)$/is.exec(key) ?? [];
  if (!isDomain(host)) return undefined;
  const isApi = scheme === undefined ? /^v[12]\/$/.test(path) : /^(v[12]\/?)?$/.test(path);
  return isApi || path === '' ? normalHost(host) : `${normalHost(host)}/${path.replace(/\/$/, '')}`;
}

/** The scopes that hold a repository, the narrowest first: `ghcr.io/team/app`, `ghcr.io/team`, `ghcr.io`. */
export function scopesOf(host: string, repository: string | undefined): readonly string[] {
  const parts = repository === undefined ? [] : repository.split('/');
  const scopes = parts.map((_, at) => [normalHost(host), ...parts.slice(0, parts.length - at)].join('/'));
  return [...scopes, normalHost(host)];
}

/**
 * The keys of a map that are for a repository, the narrowest first; of several for the same scope the canonical one first.
 */
export function matchingKeys(keys: Iterable<string>, host: string, repository: string | undefined): readonly string[] {
  // Each key is read once: a file may have thousands of them, and a repository a hundred parts.
  const byScope = new Map<string, string[]>(scopesOf(host, repository).map((scope) => [scope, []]));
  for (const key of keys) {
    const scope = scopeOfKey(key);
    if (scope !== undefined) byScope.get(scope)?.push(key);
  }
  return [...byScope].flatMap(([scope, same]) => {
    const canonical = same.filter((key) => key === scope || key === serverKey(host));
    return [...new Set([...canonical, ...same])];
  });
}

function normalHost(host: string): string {
  return canonicalDomain(host).toLowerCase();
}

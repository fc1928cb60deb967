/**
 * Hosts as data: from the name of a registry, and what the user set for it, to where its requests go and what they may
 * carry. It does no I/O. Mirrors are hosts like any other; when they are asked is decided in `mirrors`.
 */
import { OciError } from '../errors.ts';
import { canonicalDomain, DOCKER_HUB, isDomain } from '../model/domain.ts';
import { quote, withoutLogin } from '../model/quote.ts';
import type { Host, HostSettings, Hosts } from './host.ts';
import type { WireHeaders } from '../model/call.ts';
import { parseUrl } from '../model/parse-url.ts';

type Settings = ReadonlyMap<string, HostSettings>;

/** Token servers of registries that have them under another domain. */
const knownRealms: ReadonlyMap<string, readonly string[]> = new Map([['registry.hub.docker.com', ['auth.docker.io']]]);

/**
 * @param settings by registry, as users name it: `docker.io`, `localhost:5000`
 * @throws OciError `REFERENCE_INVALID`, `CONFIG_INVALID`
 */
export function createHosts(settings: Readonly<Record<string, HostSettings>> = {}): Hosts {
  const all = readSettings(settings);
  const byOrigin = new Map<string, Host>();
  for (const name of all.keys()) {
    const host = hostOf(name, all);
    if (!byOrigin.has(host.origin)) byOrigin.set(host.origin, host);
  }
  // Those that the user names; of those that servers name there may be any number.
  const own = new Map<string, Host>();
  return (registry, chosenBy = 'own') => {
    const known = byOrigin.get(registry) ?? (chosenBy === 'own' ? own.get(registry) : undefined);
    if (known !== undefined) return known;
    const host = hostOf(readName(registry), all);
    if (chosenBy === 'own') own.set(registry, host);
    // `reg.test:443` has its credentials under that name, and its URLs know no port (oras-go#177).
    const isOwn = chosenBy === 'own' && readName(host.origin) !== host.name;
    if (isOwn && !byOrigin.has(host.origin)) byOrigin.set(host.origin, host);
    return host;
  };
}

/** Everything that has settings, by canonical name: what a mirror's URL says is a setting of the mirror. */
function readSettings(settings: Readonly<Record<string, HostSettings>>): Settings {
  const all = new Map<string, HostSettings>();
  for (const [registry, value] of Object.entries(settings)) all.set(readName(registry), value);
  for (const mirror of [...all.values()].flatMap(({ mirrors }) => mirrors ?? [])) {
    const { name, ...said } = readAddress(mirror);
    all.set(name, { ...said, ...all.get(name) });
  }
  return all;
}

type Address = Pick<HostSettings, 'plainHttp' | 'pathPrefix' | 'repositoryPrefix'> & { readonly name: string };

/** The canonical name of a registry, which has no path. */
function readName(text: string): string {
  const { name, pathPrefix, repositoryPrefix } = readAddress(text);
  if (pathPrefix !== undefined || repositoryPrefix !== undefined) throw invalid(text);
  return name;
}

/**
 * A mirror as somebody wrote it. A path in a URL stands before `/v2/`, unless it has a `/v2/` of its own (containerd's
 * `override_path`); behind a bare name it is the beginning of the repository (`location` in registries.conf).
 */
function readAddress(text: string): Address {
  const match = /^(?:(https?):\/\/)?([^/?#]*)(\/[^?#]*)?$/i.exec(text);
  const [, scheme, domain = '', path = ''] = match ?? [];
  if (match === null || !isDomain(domain)) throw invalid(text);
  const name = canonicalDomain(domain.toLowerCase());
  const bare = path.replace(/^\/?$|^\/v[12]\/?$/, '');
  if (scheme === undefined) return bare === '' ? { name } : { name, repositoryPrefix: bare };
  const [pathPrefix = '', repositoryPrefix] = bare.split(/\/v2(?:\/|$)/, 2);
  const plainHttp = scheme.toLowerCase() === 'http';
  return { name, plainHttp, ...(pathPrefix && { pathPrefix }), ...(repositoryPrefix && { repositoryPrefix }) };
}

function invalid(text: string): OciError {
  return new OciError('REFERENCE_INVALID', `${quote(withoutLogin(text))} is not the address of a registry`, {
    hint: 'a registry is a host with its port where it has one: ghcr.io, localhost:5000',
  });
}

function hostOf(name: string, all: Settings): Host {
  const settings = all.get(name);
  const base = baseOf(name, settings);
  return {
    name,
    origin: base.origin,
    pathPrefix: trimmed(settings?.pathPrefix ?? base.pathname.replace(/\/v2\/?$/, '')),
    repositoryPrefix: trimmed(settings?.repositoryPrefix ?? ''),
    plainHttp: base.protocol === 'http:',
    named: settings !== undefined,
    mirrors: (settings?.mirrors ?? []).map((mirror) => mirrorOf(readAddress(mirror).name, all)),
    mirrorTags: settings?.mirrorTags ?? false,
    headers: lowerCase(settings?.headers ?? {}),
    realms: [...(knownRealms.get(name) ?? []), ...(settings?.realms ?? [])],
    credential: settings?.credential,
    repositoryTokens: settings?.repositoryTokens ?? false,
    chunkSize: settings?.chunkSize,
    referrers: settings?.referrers,
  };
}

/** A mirror is one hop: mirrors of mirrors are not asked. */
function mirrorOf(name: string, all: Settings): Host {
  return hostOf(name, new Map([[name, { ...all.get(name), mirrors: [] }]]));
}

function baseOf(name: string, settings: HostSettings | undefined): URL {
  if (settings?.origin !== undefined) return checkedOrigin(name, settings.origin);
  const plain = settings?.plainHttp ?? isOwnMachine(name);
  return new URL(`${plain ? 'http' : 'https'}://${name === DOCKER_HUB ? 'registry-1.docker.io' : name}`);
}

function checkedOrigin(name: string, origin: string): URL {
  const url = parseUrl(origin);
  const usable = url !== undefined && /^https?:$/.test(url.protocol) && url.username + url.password + url.search === '';
  if (usable) return url;
  throw new OciError('CONFIG_INVALID', `the origin of ${name} is not an http or https URL`, {
    hint: 'write it like https://registry.internal:5000; a user name and password do not belong there',
  });
}

/** The only names that are spoken to over http unasked. */
function isOwnMachine(name: string): boolean {
  return /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/.test(new URL(`http://${name}`).hostname);
}

function trimmed(path: string): string {
  const bare = path.replace(/^\/|\/$/g, '');
  return bare === '' ? '' : new URL(`http://x/${bare}`).pathname;
}

function lowerCase(headers: WireHeaders): WireHeaders {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

export type { Host, HostSettings, Hosts } from './host.ts';

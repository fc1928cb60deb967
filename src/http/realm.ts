/**
 * Which token server a registry may name, and what it may be told. A realm is a URL that a server chose: it is judged as
 * a hop, and gets the user's credentials only where the user would expect them (CVE-2019-10214 and its kin).
 */
import { OciError } from '../errors.ts';
import { quote } from '../model/quote.ts';
import type { Host, Hosts } from './host.ts';
import { follow } from './hop.ts';
import { isSameSite } from './site.ts';
import { parseUrl } from '../model/parse-url.ts';

export interface Realm {
  readonly url: URL;
  /** May it have the registry's credentials? */
  readonly trusted: boolean;
}

/**
 * Judges the realm of a Bearer challenge.
 * @param from the URL that answered with the challenge
 * @throws OciError `REDIRECT_REFUSED`, `PROTOCOL`
 */
export function judgeRealm(text: string, from: string, host: Host, hosts: Hosts): Realm {
  const url = follow(
    from,
    absolute(text, host),
    { registry: host.origin, hosts: trusting(hosts, host) },
    'token realm',
  );
  return { url, trusted: isTrusted(url, host) };
}

/** Some registries name a bare host, some a path; both are meant well. */
function absolute(text: string, host: Host): string {
  if (text === '') throw new OciError('PROTOCOL', `${host.name} names no token server in its challenge`);
  if (text.startsWith('/') || /^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return text;
  return /^[\w-]+[.:]/.test(text) ? `${host.plainHttp ? 'http' : 'https'}://${text}` : `/${text}`;
}

/** A realm that the user allowed by name is named, wherever it stands. */
function trusting(hosts: Hosts, { realms }: Host): Hosts {
  return (registry, chosenBy) => {
    const found = hosts(registry, chosenBy);
    return realms.some((realm) => realmHost(realm) === registry) ? { ...found, named: true } : found;
  };
}

function isTrusted(url: URL, host: Host): boolean {
  if (isSameSite(url.hostname, new URL(host.origin).hostname) || isSameSite(url.hostname, hostnameOf(host.name)))
    return true;
  return host.realms.some((realm) => realmHost(realm) === url.host || isOriginOf(realm, url));
}

function hostnameOf(name: string): string {
  return new URL(`https://${name}`).hostname;
}

function realmHost(realm: string): string {
  const text = realm.includes('://') ? realm : `https://${realm}`;
  const url = parseUrl(text);
  if (url === undefined) throw new OciError('CONFIG_INVALID', `the realm ${quote(realm)} is not a host`);
  return url.host;
}

function isOriginOf(realm: string, url: URL): boolean {
  return realm.includes('://') && new URL(realm).origin === url.origin;
}

/** How to allow a token server that may not have the credentials. */
export function realmHint({ name }: Host, url: URL): string {
  return `its token server ${url.host} was asked anonymously, because it is not of ${name}; to send it your credentials, allow it with --host ${name},realm=${url.host}`;
}

/**
 * The cookies of one session, by the strictest reading of RFC 6265: each goes back to the very origin that set it, and to
 * no sibling or parent domain, whatever its `Domain` says. Registries keep sessions in them (hub_registry_spec, "On the
 * Registry"; quay.io knows the repository by nothing else).
 */
import type { Clock } from '../http/clock.ts';
import { parseDate } from '../http/retry-after.ts';

export interface CookieJar {
  /**
   * Takes the `set-cookie` headers of an answer; what is no cookie for its origin is left.
   * @param date the answer's `Date`: `Expires` counts from it
   */
  take(url: string, lines: readonly string[], date?: string): void;
  /** The `cookie` header of a request; undefined: none. */
  headerFor(url: string): string | undefined;
}

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
  /** By the clock; undefined: with the session. */
  readonly endsMs: number | undefined;
}

const MAX_COOKIES = 50;
const MAX_BYTES = 4096;

export function createCookieJar(clock: Clock): CookieJar {
  const byOrigin = new Map<string, Map<string, Cookie>>();
  return {
    take(url, lines, date) {
      const { origin } = new URL(url);
      const own = byOrigin.get(origin) ?? new Map<string, Cookie>();
      byOrigin.set(origin, own);
      for (const line of lines.slice(0, MAX_COOKIES)) {
        const cookie = parse(line, new URL(url), clock.now(), date);
        if (cookie === undefined) continue;
        const key = `${cookie.name};${cookie.path}`;
        own.delete(key);
        if (own.size < MAX_COOKIES && !isOver(cookie, clock)) own.set(key, cookie);
      }
    },
    headerFor(url) {
      const { origin, pathname } = new URL(url);
      const fit = [...(byOrigin.get(origin)?.values() ?? [])].filter(
        (cookie) => !isOver(cookie, clock) && isWithin(pathname, cookie.path),
      );
      const pairs = fit.sort((a, b) => b.path.length - a.path.length).map(({ name, value }) => `${name}=${value}`);
      return pairs.length === 0 ? undefined : pairs.join('; ');
    },
  };
}

function parse(line: string, url: URL, nowMs: number, date: string | undefined): Cookie | undefined {
  const [pair = '', ...rest] = line.split(';');
  const equals = pair.indexOf('=');
  const name = pair.slice(0, Math.max(0, equals)).trim();
  const value = pair.slice(equals + 1).trim();
  const attributes = new Map(rest.map((part) => split(part)));
  const isSound = line.length <= MAX_BYTES && /^[\w!#$%&'*+.^`|~-]+$/.test(name) && /^[\x20-\x7e]*$/.test(value);
  if (!isSound || !isOfHost(attributes, url)) return undefined;
  const path = attributes.get('path') ?? '';
  return { name, value, path: path.startsWith('/') ? path : folderOf(url), endsMs: endOf(attributes, nowMs, date) };
}

function split(attribute: string): readonly [name: string, value: string] {
  const [name = '', ...value] = attribute.split('=');
  return [name.trim().toLowerCase(), value.join('=').trim()];
}

/** May this host set it? A secure one may be set by https only, and one for another domain not at all. */
function isOfHost(attributes: ReadonlyMap<string, string>, { protocol, hostname }: URL): boolean {
  if (attributes.has('secure') && protocol !== 'https:') return false;
  const domain = (attributes.get('domain') ?? '').replace(/^\./, '').toLowerCase();
  return domain === '' || domain === hostname || hostname.endsWith(`.${domain}`);
}

/** RFC 6265, 5.1.4: the default path. */
function folderOf({ pathname }: URL): string {
  return pathname.slice(0, Math.max(1, pathname.lastIndexOf('/')));
}

function isWithin(pathname: string, path: string): boolean {
  return pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`);
}

function endOf(attributes: ReadonlyMap<string, string>, nowMs: number, date: string | undefined): number | undefined {
  const age = attributes.get('max-age');
  if (age !== undefined && /^-?\d{1,12}$/.test(age)) return nowMs + Number(age) * 1000;
  const until = parseDate(attributes.get('expires'));
  return until === undefined ? undefined : nowMs + until - (parseDate(date) ?? Date.now());
}

function isOver({ endsMs }: Cookie, clock: Clock): boolean {
  return endsMs !== undefined && endsMs <= clock.now();
}

/**
 * THE place that decides what a URL that a server chose may receive: redirects, upload locations, token realms, layer
 * URLs and next pages all are hops. A hop is refused, or allowed; and only the registry's own origin is trusted with its
 * credentials, cookies and custom headers. That a name resolves to a forbidden address is found by the transport.
 */
import { OciError } from '../errors.ts';
import { zoneOfHost, type Zone } from './address.ts';
import type { Hosts } from './hosts.ts';
import { redactUrl } from './redact.ts';
import { parseUrl } from '../model/parse-url.ts';

const MAX_TOLD = 300;

/** On whose behalf a hop is taken. */
export interface HopPolicy {
  /** The registry's canonical origin. */
  readonly registry: string;
  readonly hosts: Hosts;
}

export type HopVerdict =
  /** `trusted`: it is the registry's own origin, and may have what belongs to the registry. */
  | { readonly allowed: true; readonly trusted: boolean }
  | { readonly allowed: false; readonly reason: string; readonly hint: string };

/** May a request go from one URL to another that a server chose? */
export function hop(from: URL, to: URL, policy: HopPolicy): HopVerdict {
  if (to.protocol !== 'https:' && to.protocol !== 'http:') {
    return refused(`${to.protocol} is not http`, 'the registry is set up wrongly');
  }
  if (to.username !== '' || to.password !== '') {
    return refused('the URL holds a user name', 'the registry is set up wrongly, or somebody is in between');
  }
  if (to.origin === policy.registry) return { allowed: true, trusted: true };
  const host = hostSettings(to, policy.hosts);
  if (to.protocol === 'http:' && !mayBePlain(from, policy, host.plainHttp)) {
    return refused('it would leave https for http', `if that is what you want, allow it with --plain-http ${to.host}`);
  }
  const registry = new URL(policy.registry);
  if (
    to.hostname !== registry.hostname &&
    !host.named &&
    !mayEnter(zoneOfHost(to.hostname), zoneOfHost(registry.hostname))
  ) {
    return refused(
      `${to.hostname} is not in public, as the registry is`,
      `if it belongs to the registry, name it: --host ${to.host}`,
    );
  }
  return { allowed: true, trusted: false };
}

function refused(reason: string, hint: string): HopVerdict {
  // A server chose what is told here, and a header may be long.
  return { allowed: false, reason: bounded(reason), hint: bounded(hint) };
}

function bounded(text: string): string {
  return text.length > MAX_TOLD ? `${text.slice(0, MAX_TOLD)}…` : text;
}

/** May somebody in one zone send us to another? Nobody may send us to link-local addresses, where clouds keep their secrets. */
export function mayEnter(target: Zone, registry: Zone): boolean {
  if (target === 'public') return true;
  if (target === 'private') return registry === 'private' || registry === 'loopback';
  return target === 'loopback' && registry === 'loopback';
}

function mayBePlain(from: URL, policy: HopPolicy, targetIsPlain: boolean): boolean {
  return targetIsPlain || (from.protocol === 'http:' && policy.registry.startsWith('http:'));
}

function hostSettings(to: URL, hosts: Hosts): { readonly plainHttp: boolean; readonly named: boolean } {
  try {
    return hosts(to.host, 'server');
  } catch {
    return { plainHttp: false, named: false }; // no name that a registry could have
  }
}

/**
 * Resolves and judges a URL that a server gave: relative, scheme-relative or absolute; its fragment is dropped.
 * @param what names it in errors, e.g. `redirect`
 * @throws OciError `REDIRECT_REFUSED`, `PROTOCOL` when it is no URL
 */
export function follow(from: string, location: string, policy: HopPolicy, what: string = 'redirect'): URL {
  const base = new URL(from);
  const to = parseUrl(location, base);
  if (to === undefined) {
    throw new OciError('PROTOCOL', `${base.host} answered with a ${what} to something that is no URL`);
  }
  to.hash = '';
  const verdict = hop(base, to, policy);
  if (verdict.allowed) return to;
  throw new OciError('REDIRECT_REFUSED', `refused a ${what} from ${base.host} to ${shown(to)}: ${verdict.reason}`, {
    hint: verdict.hint,
  });
}

function shown(url: URL): string {
  return redactUrl(url.origin === 'null' ? url.protocol : `${url.origin}${url.pathname}`).slice(0, 200);
}

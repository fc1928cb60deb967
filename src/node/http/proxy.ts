/** Which proxy a URL goes through: what the caller says, or the environment (`HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`). */
import { getProxyForUrl } from 'proxy-from-env';
import { OciError } from '../../errors.ts';
import { zoneOfHost } from '../../http/address.ts';
import { parseUrl } from '../../model/parse-url.ts';

/** A proxy's URL; `false`: none; undefined: as the environment says. */
export type ProxySetting = string | false | undefined;

/**
 * The proxy for a URL; undefined: none.
 * @throws OciError `CONFIG_INVALID`
 */
export function proxyFor(url: URL, setting: ProxySetting): URL | undefined {
  if (setting === false) return undefined;
  const text = setting ?? proxyOfEnvironment(url);
  if (text === '') return undefined;
  // Its text stays out of the error: it may hold a password.
  const proxy = parseUrl(text);
  if (proxy?.protocol === 'http:' || proxy?.protocol === 'https:') return proxy;
  throw new OciError('CONFIG_INVALID', `the proxy for ${url.host} is not an http or https URL`, {
    hint: 'set HTTPS_PROXY to something like http://proxy.example:3128',
  });
}

/** Does a URL go without a proxy? What is wrong with a setting is told by who sends. */
export function isDirect(url: URL, setting: ProxySetting): boolean {
  try {
    return proxyFor(url, setting) === undefined;
  } catch {
    return false;
  }
}

/** What is excluded is asked last: most have no proxy, and what tells networks apart is loaded for it. */
function proxyOfEnvironment(url: URL): string {
  const text = getProxyForUrl(url.href);
  return text === '' || isExcluded(url) ? '' : text;
}

/** As in Go's tools, a proxy of the environment is never asked for this machine itself: it would mean its own. */
function isExcluded(url: URL): boolean {
  return zoneOfHost(url.hostname) === 'loopback' || isInExcludedNetwork(url);
}

/** `NO_PROXY=10.0.0.0/8`, as Go's tools understand it; `proxy-from-env` knows names only. */
function isInExcludedNetwork(url: URL): boolean {
  const { BlockList, isIP } = process.getBuiltinModule('node:net');
  const address = url.hostname.replace(/^\[|\]$/g, '');
  const family = isIP(address);
  if (family === 0) return false;
  const networks = new BlockList();
  for (const entry of (process.env.no_proxy ?? process.env.NO_PROXY ?? '').split(/[\s,]+/)) {
    const [base = '', bits = ''] = entry.split('/');
    const type = isIP(base);
    const isNetwork = type !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (type === 4 ? 32 : 128);
    if (isNetwork) networks.addSubnet(base, Number(bits), type === 4 ? 'ipv4' : 'ipv6');
    else if (type !== 0 && bits === '') networks.addAddress(base, type === 4 ? 'ipv4' : 'ipv6');
  }
  return networks.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

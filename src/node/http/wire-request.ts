/** A request as a transfer thread sends it: all that node:http would have made of it, and all that it needs to get there. */
import { isIP, type LookupFunction } from 'node:net';
import type { WireHeaders } from '../../model/call.ts';
import type { Way, WireRequest } from '../threads/protocol.ts';

export interface WireSettings {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: WireHeaders;
  /** Finds and judges the addresses of a host that a server chose. */
  readonly lookup?: LookupFunction | undefined;
  /** What tells this transport from others. */
  readonly transport: string;
  readonly tls: Way['tls'];
}

/** @returns undefined when there is anything in it that node:http would refuse, or encode. @throws what `lookup` throws */
export async function wireRequest(url: URL, settings: WireSettings): Promise<WireRequest | undefined> {
  const { method, path, headers, lookup, transport, tls } = settings;
  const lines = Object.entries({ host: url.host, ...headers, connection: 'keep-alive' });
  const isPlain = lines.every(([name, value]) => /^[!#$%&'*+.^_`|~\w-]+$/.test(name) && /^[\t\x20-\x7e]*$/.test(value));
  if (!isPlain || !/^[\x21-\x7e]+$/.test(path)) return undefined;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
  const addresses = lookup === undefined || isIP(host) !== 0 ? undefined : await found(lookup, host);
  const key = `${transport} ${url.origin} ${addresses?.map(({ address }) => address).join() ?? ''}`;
  const head = [`${method} ${path} HTTP/1.1`, ...lines.map(([name, value]) => `${name}: ${value}`), '', ''].join(
    '\r\n',
  );
  return { way: { key, host, port, addresses, tls }, head };
}

function found(lookup: LookupFunction, host: string): Promise<NonNullable<Way['addresses']>> {
  return new Promise((resolve, reject) => {
    lookup(host, { all: true }, (error, addresses) => {
      if (error !== null) reject(error);
      else resolve(Array.isArray(addresses) ? addresses : []);
    });
  });
}

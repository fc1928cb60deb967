/** A request as a transfer thread sends it: addresses that have to be judged are found before, here. */
import { isIP, type LookupFunction } from 'node:net';
import type { Way, WireRequest } from '../threads/protocol.ts';
import { placeOf, requestHead, type RequestLine } from '../wire/request-head.ts';

export interface WaySettings extends RequestLine {
  /** Finds and judges the addresses of a host that a server chose. */
  readonly lookup?: LookupFunction | undefined;
  /** What tells this transport from others. */
  readonly transport: string;
  readonly tls: Way['tls'];
}

/** @returns undefined when it cannot be sent as it is. @throws what `lookup` throws */
export async function wireRequest(url: URL, settings: WaySettings): Promise<WireRequest | undefined> {
  const { lookup, transport, tls } = settings;
  const head = requestHead(url, settings);
  if (head === undefined) return undefined;
  const place = placeOf(url);
  const addresses = lookup === undefined || isIP(place.host) !== 0 ? undefined : await found(lookup, place.host);
  const key = `${url.origin} ${addresses?.map(({ address }) => address).join() ?? ''}`;
  return { way: { transport, key, ...place, addresses, tls }, head };
}

function found(lookup: LookupFunction, host: string): Promise<NonNullable<Way['addresses']>> {
  return new Promise((resolve, reject) => {
    lookup(host, { all: true }, (error, addresses) => {
      if (error !== null) reject(error);
      else resolve(Array.isArray(addresses) ? addresses : []);
    });
  });
}

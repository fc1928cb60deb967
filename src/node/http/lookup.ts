/**
 * Names to addresses, and the last word on where a server may send us: a name that it chose must not resolve to an
 * address that `hop` would have refused. Checking when the connection is made leaves no time to change the answer
 * (DNS rebinding).
 */
import type { LookupAddress, LookupOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { OciError } from '../../errors.ts';
import { type Zone, zoneOfAddress } from '../../http/address.ts';
import { mayEnter } from '../../http/hop.ts';
import type { HttpRequest } from '../../http/types.ts';

/** Where a host is, as the user says. */
export interface Resolved {
  /** Connect to it. */
  readonly address: string;
  /** Judge the host as if it were there; the address unless told. */
  readonly declared?: string | undefined;
}

/** Answers instead of DNS; undefined: ask DNS. */
export type Resolve = (hostname: string, port: number) => Resolved | undefined;

type Callback = Parameters<LookupFunction>[2];

/** The `lookup` for one request; undefined: node's own will do. */
export function lookupFor(request: HttpRequest, resolve: Resolve | undefined): LookupFunction | undefined {
  const [url, registry] = [new URL(request.url), new URL(request.registry)];
  const isJudged = isForeign(request);
  if (!isJudged && resolve === undefined) return undefined;
  const judged = async (hostname: string, options: LookupOptions): Promise<readonly Found[]> => {
    const found = await find(url, hostname, options, resolve);
    if (isJudged) await judge(found, url, registry, resolve);
    return found;
  };
  return (hostname, options, callback) => void answer(judged(hostname, options), options, callback);
}

/** Did a server choose a host that is not the registry's own? */
export function isForeign({ chosenBy, url, registry }: HttpRequest): boolean {
  return chosenBy === 'server' && new URL(url).hostname !== new URL(registry).hostname;
}

async function answer(finding: Promise<readonly Found[]>, { all }: LookupOptions, callback: Callback): Promise<void> {
  try {
    const found = (await finding).map(({ address, family }) => ({ address, family }));
    const first = found[0];
    process.nextTick(() =>
      all === true ? callback(null, found) : callback(null, first?.address ?? '', first?.family),
    );
  } catch (error) {
    process.nextTick(() => callback(error as NodeJS.ErrnoException, ''));
  }
}

type Found = LookupAddress & { readonly zone: Zone };

async function find(
  url: URL,
  hostname: string,
  options: LookupOptions,
  resolve: Resolve | undefined,
): Promise<readonly Found[]> {
  const said = resolve?.(hostname, Number(url.port) || (url.protocol === 'https:' ? 443 : 80));
  if (said !== undefined) {
    const { isIP } = process.getBuiltinModule('node:net');
    return [{ address: said.address, family: isIP(said.address), zone: zoneOf(said.declared ?? said.address) }];
  }
  const { lookup } = process.getBuiltinModule('node:dns/promises');
  const found = await lookup(hostname, { ...options, all: true });
  return found.map((one) => ({ ...one, zone: zoneOf(one.address) }));
}

function zoneOf(address: string): Zone {
  return zoneOfAddress(address) ?? 'forbidden';
}

/** The registry may send us wherever it stands itself, but not further inside. */
async function judge(found: readonly Found[], url: URL, registry: URL, resolve: Resolve | undefined): Promise<void> {
  if (found.every(({ zone }) => zone === 'public')) return;
  const hostname = registry.hostname.replace(/^\[|\]$/g, '');
  const literal = zoneOfAddress(hostname);
  const own = literal === undefined ? (await find(registry, hostname, {}, resolve)).map(({ zone }) => zone) : [literal];
  const refused = found.find(({ zone }) => !own.some((from) => mayEnter(zone, from)));
  if (refused === undefined) return;
  throw new OciError(
    'REDIRECT_REFUSED',
    `${registry.host} leads to ${url.host}, which is at ${refused.address}: not in public`,
    {
      hint: `if it belongs to the registry, name it: --host ${url.host}`,
    },
  );
}

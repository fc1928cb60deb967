/** Faults of DNS: the answers that a transport's `resolve` gives in place of it. */
import type { Resolve, Resolved } from '../../node/http/lookup.ts';

/** `nxdomain`: there is no such name. `servfail`: the name server cannot tell just now. */
export type DnsFault = 'nxdomain' | 'servfail';

export interface FaultyResolveOptions {
  /** How often it fails; for ever unless told. */
  readonly times?: number;
  /** Which names it happens to; all unless told. */
  readonly hostname?: string;
  /** Where names are, when nothing fails; 127.0.0.1 unless told. */
  readonly otherwise?: Resolve | Resolved;
}

const codes = { nxdomain: 'ENOTFOUND', servfail: 'EAI_AGAIN' } as const;

/**
 * For the `resolve` of `nodeTransport`.
 * @example
 * const transport = nodeTransport({ resolve: faultyResolve('servfail', { times: 1 }) });
 */
export function faultyResolve(fault: DnsFault, options: FaultyResolveOptions = {}): Resolve {
  const { hostname: only, otherwise = { address: '127.0.0.1' } } = options;
  let left = options.times ?? Number.POSITIVE_INFINITY;
  return (hostname, port) => {
    if ((only === undefined || only === hostname) && left-- > 0) {
      const code = codes[fault];
      throw Object.assign(new Error(`getaddrinfo ${code} ${hostname}`), { code, syscall: 'getaddrinfo', hostname });
    }
    return typeof otherwise === 'function' ? otherwise(hostname, port) : otherwise;
  };
}

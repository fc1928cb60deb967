/** The whole of sending: what stands around a transport, in its order. Each layer is a wrapper, and knows no other. */
import { authorize } from './authorize.ts';
import { type Clock, systemClock } from './clock.ts';
import { events } from './events.ts';
import { gate } from './gate.ts';
import type { Hosts } from './host.ts';
import { mirrors } from './mirrors.ts';
import { redirect } from './redirect.ts';
import { boundResends } from './resends.ts';
import { retry, type RetryPolicy } from './retry.ts';
import { rememberShown } from './shown.ts';
import type { TokenStore } from './token-store.ts';
import type { Credentials, Middleware, Send } from './types.ts';

export interface SendOptions {
  /** What speaks HTTP: `fetchTransport()`, or `nodeTransport()` of `lading/node`. */
  readonly transport: Send;
  readonly hosts: Hosts;
  /** Asked for a registry's credential when the registry wants one. */
  readonly credentials?: Credentials | undefined;
  /** Keeps tokens beyond the session, as `fileTokenStore` of `lading/node` does. @default none: they end with it */
  readonly tokens?: TokenStore | undefined;
  /**
   * Yours, the first outermost; they see every hop and every token request, with its credentials. They may send a request
   * again, ten times at most: then it is `LIMIT`.
   */
  readonly middleware?: readonly Middleware[] | undefined;
  /** @default 'lading' */
  readonly userAgent?: string | undefined;
  readonly retry?: Partial<RetryPolicy> | undefined;
  readonly clock?: Clock | undefined;
  /** How many requests may wait for an answer of one registry at once; unlimited unless told. */
  readonly concurrencyPerHost?: number | undefined;
}

/**
 * Makes the `Send` of a session.
 * It never throws for a status. @throws OciError `UNREACHABLE`, `TLS`, `TIMEOUT`, `ABORTED`, `PROTOCOL`, `LIMIT`,
 *   `REDIRECT_REFUSED`, and, for what a token server says, `UNAUTHORIZED`, `RATE_LIMITED`, `SERVER_ERROR`
 */
export function createSend(options: SendOptions): Send {
  const { transport, hosts, credentials, tokens, clock = systemClock } = options;
  const layers: readonly Middleware[] = [
    identify(options.userAgent ?? 'lading'),
    retry(clock, options.retry),
    gate(options.concurrencyPerHost),
    mirrors(hosts, clock),
    redirect(hosts),
    authorize({ hosts, credentials, clock, tokens }),
    ...boundResends(options.middleware ?? []),
    events(clock),
    rememberShown(),
  ];
  return layers.reduceRight((next, layer) => layer(next), transport);
}

/** A name that the servers' logs can show. */
function identify(userAgent: string): Middleware {
  return (next) => (request) => next({ ...request, headers: { 'user-agent': userAgent, ...request.headers } });
}

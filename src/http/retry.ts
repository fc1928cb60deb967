/**
 * Sends requests again after failures that pass. It decides what may be repeated, when, and how often; what a fault of
 * the connection is, `network-error` knows. A document that breaks off is
 * asked for again, too; a download is resumed by whoever reads it.
 */
import { isOciError, throwIfAborted } from '../errors.ts';
import type { Pour } from '../bytes/transfer.ts';
import type { Clock } from './clock.ts';
import { isNeverSent, isPassing, isStaleConnection } from './network-error.ts';
import { readAhead } from './read-ahead.ts';
import { redactUrl } from './redact.ts';
import { retryAfterMs, spentQuotaMs } from './retry-after.ts';
import { createTurnstile } from './turnstile.ts';
import type { HttpRequest, HttpResponse, Middleware, Send } from './types.ts';

export interface RetryPolicy {
  /** How often a request is sent. @default 5 */
  readonly attempts: number;
  /** The longest single wait in ms; a server that asks for more fails the request at once. @default 120_000 */
  readonly maxWaitMs: number;
  /** All waits of one request, in ms. @default 600_000 */
  readonly budgetMs: number;
  /** The first wait, where the server asks for none, in ms; later ones are up to three times the last. @default 250 */
  readonly baseMs: number;
  /** The longest of those, in ms. @default 20_000 */
  readonly maxBackoffMs: number;
  /** 0 to 1. */
  readonly random: () => number;
}

export const defaultRetryPolicy: RetryPolicy = {
  attempts: 5,
  maxWaitMs: 120_000,
  budgetMs: 600_000,
  baseMs: 250,
  maxBackoffMs: 20_000,
  random: Math.random,
};

const statuses: ReadonlySet<number> = new Set([408, 429, 499, 500, 502, 503, 504, 522]);

type Outcome = { readonly response: HttpResponse } | { readonly error: unknown };

/** Repeats idempotent requests; others only where the server did not take them up. */
export function retry(clock: Clock, options: Partial<RetryPolicy> = {}): Middleware {
  const policy = { ...defaultRetryPolicy, ...options };
  const turnstile = createTurnstile(clock, policy.random);
  return (next) => async (original) => {
    const [request, bodyFailed] = watchBody(original);
    let spentMs = 0;
    let backoffMs = 0;
    let free = true;
    for (let attempt = 1; ; attempt++) {
      spentMs += await turnstile.pass(request.registry, request.signal);
      const outcome = await settle(next, request);
      const reason = bodyFailed() ? undefined : reasonToRepeat(outcome, request);
      const askedMs = askedWait(outcome, policy);
      // Whoever asks next waits, too, be it for a chunk that is not simply sent again, or after the last attempt.
      if (askedMs !== undefined && askedMs <= policy.maxWaitMs) turnstile.close(request.registry, askedMs);
      if (reason === undefined) return unwrap(outcome);
      if (free && 'error' in outcome && isStaleConnection(outcome.error)) {
        free = false;
        attempt--;
        continue;
      }
      backoffMs = Math.min(
        policy.maxBackoffMs,
        policy.baseMs + policy.random() * Math.max(0, backoffMs * 3 - policy.baseMs),
      );
      const delayMs = askedMs ?? backoffMs;
      const isOver = attempt >= policy.attempts || delayMs > policy.maxWaitMs || spentMs + delayMs > policy.budgetMs;
      if (isOver) return unwrap(outcome);
      if ('response' in outcome) await outcome.response.cancel();
      const { method, url, registry, signal, on } = request;
      on?.({ type: 'retry', method, url: redactUrl(url), reason, attempt, delayMs });
      if (askedMs !== undefined) continue;
      if (reason === '429') {
        turnstile.close(registry, delayMs);
      } else {
        await clock.wait(delayMs, signal);
        spentMs += delayMs;
      }
    }
  };
}

async function settle(next: Send, request: HttpRequest): Promise<Outcome> {
  throwIfAborted(request.signal);
  try {
    const response = await next(request);
    return { response: request.document === undefined ? response : await readAhead(response, request.document) };
  } catch (error) {
    return { error };
  }
}

function unwrap(outcome: Outcome): HttpResponse {
  if ('error' in outcome) throw outcome.error;
  return outcome.response;
}

function reasonToRepeat(outcome: Outcome, request: HttpRequest): string | undefined {
  if (request.signal?.aborted === true) return undefined;
  const mayRepeat = request.idempotent ?? (request.method !== 'POST' && request.method !== 'PATCH');
  if ('response' in outcome) {
    const { status } = outcome.response;
    return statuses.has(status) && (mayRepeat || status === 429) ? String(status) : undefined;
  }
  const { error } = outcome;
  if (!isOciError(error)) return undefined;
  // A status in an error is that of a token server: the request itself was not sent, or not taken up.
  if (error.status !== undefined) return statuses.has(error.status) ? String(error.status) : undefined;
  return isPassing(error) && (mayRepeat || isNeverSent(error)) ? error.message : undefined;
}

/** What the server asks for; a spent quota comes back after hours, so there is no use in asking again. */
function askedWait(outcome: Outcome, { maxWaitMs }: RetryPolicy): number | undefined {
  if ('error' in outcome) return isOciError(outcome.error) ? outcome.error.retryAfterMs : undefined;
  const { headers, status } = outcome.response;
  if (!statuses.has(status)) return undefined;
  const asked = retryAfterMs(headers);
  if (asked !== undefined || status !== 429) return asked;
  const quotaMs = spentQuotaMs(headers);
  return quotaMs !== undefined && quotaMs > maxWaitMs ? quotaMs : undefined;
}

/** A source that fails fails for good: it has tried itself, and the request is not to blame. */
function watchBody(request: HttpRequest): [request: HttpRequest, hasFailed: () => boolean] {
  const { body } = request;
  if (body === undefined) return [request, () => false];
  let failed = false;
  async function* open(): AsyncGenerator<Uint8Array> {
    try {
      yield* body?.open() ?? [];
    } catch (error) {
      failed = true;
      throw error;
    }
  }
  const { size, apart } = body;
  const pour: Pour = async (...args) => {
    try {
      return (await apart?.pour(...args)) ?? false;
    } catch (error) {
      failed = !isOciError(error, 'ABORTED');
      throw error;
    }
  };
  return [{ ...request, body: { size, open, apart: apart && { ...apart, pour } } }, () => failed];
}

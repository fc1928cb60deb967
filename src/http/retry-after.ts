/** How long a server asks to be left alone (RFC 9110, 10.2.3). */
import type { WireHeaders } from '../model/call.ts';

const httpDate = /^[A-Z][a-z]{2,8},? [\w :-]{10,40}$/;

/**
 * Milliseconds to wait, from `Retry-After` in seconds or as a date. A date counts from the answer's own `Date`,
 * because the two clocks may differ.
 * @param wallClock the local time in ms since 1970, where the answer has no `Date`
 */
export function retryAfterMs(headers: WireHeaders, wallClock: () => number = Date.now): number | undefined {
  const value = headers['retry-after']?.trim();
  if (value === undefined) return undefined;
  if (/^\d{1,12}(?:\.\d{1,6})?$/.test(value)) return Number(value) * 1000;
  const until = parseDate(value);
  if (until === undefined) return undefined;
  return Math.max(0, until - (parseDate(headers.date) ?? wallClock()));
}

/** An HTTP date in ms since 1970. */
export function parseDate(value: string | undefined): number | undefined {
  if (value === undefined || !httpDate.test(value)) return undefined;
  const time = Date.parse(value);
  return Number.isNaN(time) ? undefined : time;
}

/**
 * Docker Hub's pull quota (`ratelimit-remaining: 0;w=21600`): when it is spent, waiting takes hours.
 * @returns the length of its window in ms
 */
export function spentQuotaMs(headers: WireHeaders): number | undefined {
  const match = /^\s{0,8}0\s{0,8};\s{0,8}w=(\d{1,9})/.exec(headers['ratelimit-remaining'] ?? '');
  return match === null ? undefined : Number(match[1]) * 1000;
}

/** How long a server asks to wait, `<retry-after>` or `<retry-after> | <its own date>`: a number of milliseconds, or nothing. */
import assert from 'node:assert/strict';
import { parseDate, retryAfterMs, spentQuotaMs } from '../../src/http/retry-after.ts';
import { headerText, verdictOf } from '../judge.ts';
import { lines } from '../lines.ts';
import type { FuzzTarget } from '../target.ts';

const now = Date.UTC(2026, 0, 2);

export const target: FuzzTarget = {
  name: 'retry-after',
  corpus: () => lines('retry-after'),
  tokens: [
    'Fri, 02 Jan 2026 00:01:00 GMT',
    ' | ',
    'GMT',
    '120',
    '+00:00',
    'Jan',
    '2026',
    '0;w=21600',
    '99:99:99',
    ' -0000',
  ],
  run(input) {
    const [value = '', date] = headerText(input).split(' | ');
    const ms = retryAfterMs({ 'retry-after': value, ...(date === undefined ? {} : { date }) }, () => now);
    assert.ok(ms === undefined || (Number.isFinite(ms) && ms >= 0), String(ms));
    const told = parseDate(value);
    assert.ok(told === undefined || Math.abs(told) <= 8.64e15);
    const quota = spentQuotaMs({ 'ratelimit-remaining': value });
    assert.ok(quota === undefined || (Number.isSafeInteger(quota) && quota >= 0));
    return verdictOf(ms);
  },
};

/** Sizes and times as people read and write them. */
import { OciError } from '../../errors.ts';
import { quote } from '../../model/quote.ts';

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** A size in decimal units with three digits, as `docker images` shows it: `7.34 MB`. */
export function formatSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  const shown = unit === 0 ? String(Math.round(value)) : value.toPrecision(3);
  return `${shown} ${units[unit]}`;
}

/** A time in the two largest units that matter: `850 ms`, `12 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${ms < 9950 ? (ms / 1000).toFixed(1) : seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

const durationUnits: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * Reads a time: `500ms`, `30s`, `5m`, `1h30m`; a number alone is seconds.
 * @returns milliseconds
 * @throws OciError `USAGE`
 */
export function parseDuration(text: string): number {
  const told = /^\d+(\.\d+)?$/.test(text) ? `${text}s` : text;
  const parts = [...told.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/gy)];
  if (told === '' || parts.map(([part]) => part).join('') !== told) {
    throw new OciError('USAGE', `${quote(text, 40)} is not a time`, { hint: 'write 30s, 5m or 1h30m' });
  }
  return parts.reduce((sum, [, count, unit = 's']) => sum + Number(count) * (durationUnits[unit] ?? 0), 0);
}

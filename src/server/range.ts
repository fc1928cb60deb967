/** Byte ranges (RFC 9110, "Range Requests"): one range of a blob, and the `Content-Range` of an uploaded chunk. */

/** Bytes `start` to `end`, the end not included. */
export interface Window {
  readonly start: number;
  readonly end: number;
}

const single = /^bytes=\s*(\d*)-(\d*)\s*$/;
const chunk = /^(?:bytes\s+)?(\d+)-(\d+)(?:\/(?:\d+|\*))?$/;

/**
 * The window that a `Range` header asks for.
 * @returns undefined: the header is none of ours (another unit, several ranges), the whole is the answer to it
 */
export function parseRange(header: string | null, size: number): Window | 'unsatisfiable' | undefined {
  const match = header === null ? null : single.exec(header);
  if (match === null) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size : Math.min(size, Number(last) + 1);
  return start < end ? { start, end } : 'unsatisfiable';
}

/** The window of a chunk: `0-99` by the specification, `bytes 0-99/200` by HTTP. */
export function parseContentRange(header: string): Window | undefined {
  const [, first, last] = chunk.exec(header.trim()) ?? [];
  const window = { start: Number(first), end: Number(last) + 1 };
  return Number.isSafeInteger(window.end) && window.start < window.end ? window : undefined;
}

/**
 * `Range` of an upload: the bytes that are there. An empty upload is `0-0`, as docker's registry has it: the
 * specification has no form for nothing (distribution-spec#578).
 */
export function uploadRange(size: number): string {
  return `0-${Math.max(0, size - 1)}`;
}

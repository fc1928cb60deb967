/** The ranges that registries answer with: of downloads (RFC 9110) and of uploads (distribution-spec, `0-<end>`). */

/** What a `Content-Range` says; `end` is the byte after the last. */
export interface ContentRange {
  readonly start?: number;
  readonly end?: number;
  /** Bytes of the whole; undefined: it does not say (`*`). */
  readonly total?: number;
}

/** Reads `bytes 0-99/1000`, `bytes 0-99/*` or `bytes *\/1000`; undefined when it is anything else. */
export function parseContentRange(header: string | undefined): ContentRange | undefined {
  const match = /^bytes (?:(\d{1,15})-(\d{1,15})|\*)\/(?:(\d{1,15})|\*)$/.exec(header ?? '');
  if (match === null) return undefined;
  const [, first, last, total] = match;
  const size = total === undefined ? {} : { total: Number(total) };
  if (first === undefined || last === undefined) return size;
  const range = { start: Number(first), end: Number(last) + 1, ...size };
  return range.end <= range.start || (size.total ?? Infinity) < range.end ? undefined : range;
}

/**
 * How many bytes of an upload a registry has, by its `Range`.
 * `0-0` is one byte to some and none to others (distribution-spec#578): none, unless one was sent.
 */
export function uploadedBytes(header: string | undefined, sent: number): number | undefined {
  const match = /^(?:bytes=)?0-(-1|\d{1,15})$/.exec(header?.trim() ?? '');
  if (match === null) return undefined;
  const end = Number(match[1]) + 1;
  return end === 1 && sent !== 1 ? 0 : end;
}

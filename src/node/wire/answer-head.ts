/**
 * Reads the head of an answer, and finds out how long its body is (RFC 9112). It is strict: whatever is unusual is `odd`, and
 * left to node:http.
 */
import type { WireHeaders } from '../../model/call.ts';

export interface AnswerHead {
  readonly status: number;
  readonly headers: WireHeaders;
  readonly setCookie: readonly string[];
  /** Of the body, in bytes; `chunked`, or up to the end of the connection. */
  readonly length: number | 'chunked' | 'rest';
  /** For how long the connection may be used again, in ms; 0: it may not. */
  readonly keepMs: number;
}

/** They say how long the body is, and which: two of them would contradict each other. */
const framing: ReadonlySet<string> = new Set([
  'content-length',
  'content-range',
  'content-encoding',
  'transfer-encoding',
]);
/** Of these the first counts, as for node:http; of others all, joined. */
const single: ReadonlySet<string> = new Set(
  ['age', 'content-type', 'etag', 'expires', 'last-modified', 'location'].concat(['retry-after', 'server']),
);

/** @param text up to the empty line, which is left out @param isHead of an answer to HEAD, which has no body */
export function parseAnswerHead(text: string, isHead: boolean = false): AnswerHead | 'odd' {
  const [first = '', ...lines] = text.split('\r\n');
  const version = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: [^\0-\x08\x0a-\x1f\x7f]*)?$/.exec(first);
  const status = Number(version?.[2]);
  const fields = fieldsOf(lines);
  if (Number.isNaN(status) || fields === undefined) return 'odd';
  const { headers, setCookie } = fields;
  const length = lengthOf(status, headers, isHead);
  if (length === undefined) return 'odd';
  const isKept = version?.[1] === '1' && length !== 'rest' && !/close/i.test(headers.connection ?? '');
  return { status, headers, setCookie, length, keepMs: isKept ? keepMsOf(headers['keep-alive']) : 0 };
}

/** As long as the server says, less a second: what is sent at the last moment arrives after it. */
function keepMsOf(hint: string = ''): number {
  const seconds = /(?:^|[ ,])timeout=(\d{1,6})/i.exec(hint)?.[1];
  return seconds === undefined ? Number.POSITIVE_INFINITY : Math.max(0, Number(seconds) - 1) * 1000;
}

function fieldsOf(lines: readonly string[]): Pick<AnswerHead, 'headers' | 'setCookie'> | undefined {
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  const setCookie: string[] = [];
  for (const line of lines) {
    const [, rawName = '', rawValue = ''] = /^([!#$%&'*+.^_`|~\w-]+):([^\0-\x08\x0a-\x1f\x7f]*)$/.exec(line) ?? [];
    if (rawName === '') return undefined;
    const [name, value] = [rawName.toLowerCase(), blanksOff(rawValue)];
    const before = headers[name];
    if (name === 'set-cookie') setCookie.push(value);
    else if (before === undefined) headers[name] = value;
    else if (framing.has(name)) return undefined;
    else if (!single.has(name)) headers[name] = `${before}, ${value}`;
  }
  return { headers, setCookie };
}

function lengthOf(
  status: number,
  headers: Readonly<Record<string, string>>,
  isHead: boolean,
): AnswerHead['length'] | undefined {
  const coding = headers['transfer-encoding']?.toLowerCase();
  const length = headers['content-length'];
  if (isHead || status === 204 || status === 304 || status < 200) return 0;
  if (coding !== undefined) return coding === 'chunked' && length === undefined ? 'chunked' : undefined;
  if (length === undefined) return 'rest';
  return /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}

/** Spaces and tabs only; a pattern for those at the end takes the square of their number. */
function blanksOff(text: string): string {
  const isBlank = (at: number): boolean => text[at] === ' ' || text[at] === '\t';
  let [start, end] = [0, text.length];
  while (start < end && isBlank(start)) start++;
  while (end > start && isBlank(end - 1)) end--;
  return text.slice(start, end);
}

/** The head of a request as it stands on the wire: all that node:http would have made of it. */
import type { WireHeaders } from '../../model/call.ts';

export interface RequestLine {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: WireHeaders;
}

/** They say how the body is sent, or what is to become of the connection: who asks for that needs somebody who can do it. */
const special: ReadonlySet<string> = new Set(['transfer-encoding', 'trailer', 'te', 'expect', 'upgrade']);

/** @returns up to the empty line, with it; undefined when there is anything in it that node:http would refuse, join, encode or add to */
export function requestHead(url: URL, { method, path, headers }: RequestLine): string | undefined {
  if (!/^[\x21-\x7e]+$/.test(path) || url.username !== '' || url.password !== '') return undefined;
  const lines = new Map([['host', url.host]]).set('connection', 'keep-alive');
  const names = Object.keys(headers);
  for (const name of names) lines.set(name.toLowerCase(), headers[name] ?? '');
  const isPlain = [...lines].every(
    ([name, value]) => /^[!#$%&'*+.^_`|~\w-]+$/.test(name) && /^[\t\x20-\x7e]*$/.test(value) && !special.has(name),
  );
  const isOnce = new Set(names.map((name) => name.toLowerCase())).size === names.length;
  if (!isPlain || !isOnce) return undefined;
  return [`${method} ${path} HTTP/1.1`, ...[...lines].map(([name, value]) => `${name}: ${value}`), '', ''].join('\r\n');
}

/** A URL's host and port, as they are connected to. */
export function placeOf(url: URL): { readonly host: string; readonly port: number } {
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port };
}

/** The name that a certificate has to be for; undefined: the host is an address. */
export function servernameOf(host: string): string | undefined {
  return process.getBuiltinModule('node:net').isIP(host) === 0 ? host : undefined;
}

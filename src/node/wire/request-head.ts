/** The head of a request as it stands on the wire: all that node:http would have made of it. */
import type { WireHeaders } from '../../model/call.ts';

export interface RequestLine {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: WireHeaders;
}

/** @returns up to the empty line, with it; undefined when there is anything in it that node:http would refuse, or encode */
export function requestHead({ host }: URL, { method, path, headers }: RequestLine): string | undefined {
  if (!/^[\x21-\x7e]+$/.test(path)) return undefined;
  let head = `${method} ${path} HTTP/1.1\r\n`;
  for (const [name, value] of Object.entries({ host, connection: 'keep-alive', ...headers })) {
    if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name) || !/^[\t\x20-\x7e]*$/.test(value)) return undefined;
    head += `${name}: ${value}\r\n`;
  }
  return `${head}\r\n`;
}

/** A URL's host and port, as they are connected to. */
export function placeOf(url: URL): { readonly host: string; readonly port: number } {
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port };
}

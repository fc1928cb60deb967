/**
 * One plain request, with nothing of the package in between: what it proves does not rest on what is to be proved.
 * It follows no redirect and adds no header.
 */
import * as http from 'node:http';
import * as https from 'node:https';
import { buffer } from 'node:stream/consumers';

export interface RawRequest {
  readonly url: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** PEM of the only authority that is trusted for https. */
  readonly ca?: string | undefined;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly bytes: Uint8Array;
}

export async function rawRequest({ url, method = 'GET', headers = {}, body, ca }: RawRequest): Promise<RawAnswer> {
  const { request } = url.startsWith('https:') ? https : http;
  const answer = await new Promise<http.IncomingMessage>((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    request(url, { method, headers: { ...length, ...headers }, ca, agent: false })
      .once('response', resolve)
      .once('error', reject)
      .end(body);
  });
  return { status: answer.statusCode ?? 0, headers: answer.headers, bytes: await buffer(answer) };
}

/** The value of an Authorization header. */
export function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

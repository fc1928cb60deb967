/** Reads small JSON documents of registries and token servers: bounded, decoded, and with an error that says who sent what. */
import { OciError } from '../errors.ts';
import { readAll } from '../bytes/read.ts';
import { quote } from '../model/quote.ts';
import { decodeBody } from './decode.ts';
import type { HttpResponse } from './types.ts';

/**
 * Reads the whole body as JSON.
 * @param limit bytes, after decoding
 * @param what names the document in errors, e.g. `the tags of ghcr.io/o/app`
 * @throws OciError `PROTOCOL`, `TOO_LARGE`, `UNREACHABLE`
 */
export async function readJson(response: HttpResponse, limit: number, what: string): Promise<unknown> {
  const text = new TextDecoder().decode(await readAll(decodeBody(response, what), limit, what));
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the document: of a token server's answer nobody may see that.
    const type = response.headers['content-type'] ?? 'no type';
    throw new OciError('PROTOCOL', `${what} is not JSON: ${new URL(response.url).host} sent ${quote(type, 80)}`, {
      status: response.status,
      hint: 'something that is no registry, such as a proxy or a login page, may have answered',
    });
  }
}

/** What a registry tells of one image: its parents, and its description. */
import { OciError } from '../errors.ts';
import { readAll } from '../bytes/read.ts';
import { decodeBody } from '../http/decode.ts';
import type { HttpResponse } from '../http/types.ts';
import type { Call, WireResponse } from '../model/call.ts';
import { isObject } from '../model/descriptor.ts';
import { parseStrictJson } from '../model/strict-json.ts';
import { checkImageId, notAsPromised, parseAncestry } from './documents.ts';
import { answered, document, type V1Repository } from './repository.ts';
import { shownResponse } from './requests.ts';

/** The description of an image: its `id`, `parent`, `created`, `config`, …; what else stands in it, docker has put there. */
export interface V1ImageDocument {
  readonly id: string;
  readonly parent?: string | undefined;
  readonly [name: string]: unknown;
}

export interface V1ImageJson {
  readonly document: V1ImageDocument;
  /** As it came. */
  readonly bytes: Uint8Array;
  /** Of the layer, in bytes, where the registry tells it (`X-Docker-Size`). */
  readonly size?: number | undefined;
  /** `X-Docker-Checksum`: some sum of the layer; in which of several ways it was computed, nobody says. */
  readonly checksum?: string | undefined;
  /** `X-Docker-Checksum-Payload`: of this document, a line feed, and the layer. */
  readonly checksumPayload?: string | undefined;
  readonly response: WireResponse;
}

/** https://docs.docker.com/v1.6/reference/api/registry_api/ "Get image ancestry" */
export async function ancestryOf(repository: V1Repository, id: string, call: Call): Promise<readonly string[]> {
  const what = `the ancestry of image ${checkImageId(id)} in ${repository.shown}`;
  return parseAncestry(await document(repository, `images/${id}/ancestry`, what, call), id, what);
}

/** https://docs.docker.com/v1.6/reference/api/registry_api/ "Get image layer", of `/json` */
export async function imageJson(repository: V1Repository, id: string, call: Call): Promise<V1ImageJson> {
  const what = `the description of image ${checkImageId(id)} in ${repository.shown}`;
  const { response } = await answered(repository, `images/${id}/json`, what, call);
  // A copy of its own: what a transport gives may be a view of its buffers, and a Buffer.
  const bytes = new Uint8Array(
    await readAll(decodeBody(response, what), repository.context.limits.documentBytes, what),
  );
  const { 'x-docker-checksum': checksum, 'x-docker-checksum-payload': checksumPayload } = response.headers;
  return {
    document: parse(bytes, id, what),
    bytes,
    size: sizeOf(response),
    checksum,
    checksumPayload,
    response: shownResponse(response),
  };
}

function parse(bytes: Uint8Array, id: string, what: string): V1ImageDocument {
  let json: unknown;
  try {
    // As in schema 1, which has the same text in it. Whoever writes it down as JSON again must not run out of stack.
    json = parseStrictJson(bytes, 'image config');
  } catch {
    throw notAsPromised(what);
  }
  if (!isObject(json)) throw notAsPromised(what);
  if (json.id === id) return json as V1ImageDocument;
  throw new OciError('PROTOCOL', `${what} is that of another image`);
}

function sizeOf({ headers }: HttpResponse): number | undefined {
  const text = headers['x-docker-size'] ?? '';
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

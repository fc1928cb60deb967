/** What is asked of a docker engine about images (Docker Engine API, "Image"): to tell of one, to save some, to load some. */
import { readAll } from '../../bytes/read.ts';
import { isOciError, OciError } from '../../errors.ts';
import type { Body, HttpResponse } from '../../http/types.ts';
import type { Bytes, Call } from '../../model/call.ts';
import { type Descriptor, isObject } from '../../model/descriptor.ts';
import { isDigest } from '../../model/digest.ts';
import { DOCKER_CONFIG } from '../../model/media-types.ts';
import { quote } from '../../model/quote.ts';
import type { Engine } from './docker-daemon-engine.ts';

const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

/**
 * The image of a name or an id: the digest is the engine's id for it, that of its config where the engine keeps no manifests; the size is
 * that of the unpacked image. undefined: there is none.
 * @throws OciError as `Engine.send`, but for `NOT_FOUND`
 */
export async function findImage(engine: Engine, image: string, call: Call): Promise<Descriptor | undefined> {
  const request = { method: 'GET', path: `/images/${encodeURI(image)}/json`, attempted: `look for ${image}` } as const;
  const response = await engine.send(request, call).catch((error: unknown) => {
    if (isOciError(error, 'NOT_FOUND')) return undefined;
    throw error;
  });
  if (response === undefined) return undefined;
  const document = parse(await textOf(response), engine);
  const { Id: digest, Size: size } = document;
  if (isDigest(digest))
    return { mediaType: DOCKER_CONFIG, digest, size: Number.isSafeInteger(size) ? Number(size) : 0 };
  throw new OciError('PROTOCOL', `the docker engine at ${engine.name} tells no id of ${image}`);
}

/** An archive of an image, or of all of a repository where the name has no tag. Who asks reads it, or cancels it. */
export function saveImages(engine: Engine, image: string, call: Call): Promise<HttpResponse> {
  return engine.send({ method: 'GET', path: `/images/${encodeURI(image)}/get`, attempted: `save ${image}` }, call);
}

/**
 * Gives an engine an archive. It may refuse after it has granted the request: then a line of its answer says so.
 * @throws OciError `DISK_FULL` when the engine's disk is, `SERVER_ERROR` for whatever else it says, and as `Engine.send`
 */
export async function loadImages(engine: Engine, body: Body, call: Call): Promise<void> {
  const request = { method: 'POST', path: '/images/load?quiet=1', attempted: 'load the images', body } as const;
  const text = await textOf(await engine.send(request, call));
  for (const line of text.split('\n').filter((one) => one.trim() !== '')) {
    const { error, errorDetail } = parse(line, engine);
    const detail = isObject(errorDetail) ? errorDetail.message : undefined;
    const said = [detail, error].find((one) => typeof one === 'string');
    if (said === undefined) continue;
    const code = /no space left on device/i.test(said) ? 'DISK_FULL' : 'SERVER_ERROR';
    throw new OciError(code, `the docker engine at ${engine.name} did not load the images: ${quote(said, 300)}`);
  }
}

async function textOf({ body }: { readonly body: Bytes }): Promise<string> {
  return new TextDecoder().decode(await readAll(body, MAX_ANSWER_BYTES, 'the answer of the docker engine'));
}

function parse(text: string, { name }: Engine): Record<string, unknown> {
  try {
    const document: unknown = JSON.parse(text);
    if (isObject(document)) return document;
  } catch {
    // told below
  }
  throw new OciError('PROTOCOL', `the docker engine at ${name} gave an answer that is not JSON: ${quote(text, 80)}`);
}

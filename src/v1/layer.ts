/**
 * The layer of an image, as a stream. The protocol names no content by its digest, so nothing proves these bytes; what
 * can be seen is that some are missing, and, on request, that they are not those that the registry summed up itself.
 */
import { type ErrorContext, isOciError, OciError } from '../errors.ts';
import { createHasher, type Hasher } from '../bytes/hash.ts';
import { decodeBody } from '../http/decode.ts';
import type { HttpResponse } from '../http/types.ts';
import type { Bytes, Call, WireResponse } from '../model/call.ts';
import { type Digest, isDigest } from '../model/digest.ts';
import { checkImageId } from './documents.ts';
import { imageJson } from './image.ts';
import { answered, type V1Repository } from './repository.ts';
import { shownResponse } from './requests.ts';

export interface V1LayerOptions extends Call {
  /**
   * Compare the bytes with the `X-Docker-Checksum-Payload` of the image's description. No document has it: it is what
   * docker sent and docker-registry computed (moby#4297), sha256 of the description, a line feed and the layer.
   * @default false
   */
  readonly verify?: boolean | undefined;
}

/** An open layer: read it to its end, leave the loop, or `cancel` it. */
export interface V1Layer {
  readonly id: string;
  /** Bytes, where they are told. */
  readonly size?: number | undefined;
  /** Were the bytes compared with a checksum by their end? Never by a digest. */
  readonly verified: boolean;
  /** Mostly a tar, with or without gzip. @throws OciError `SIZE_MISMATCH`, `DIGEST_MISMATCH` before their end */
  readonly bytes: Bytes;
  readonly response: WireResponse;
  cancel(): Promise<void>;
}

/** A sum in the making, and what it has to be. */
interface Proof {
  readonly hasher: Hasher;
  readonly wanted: Digest;
}

/** @throws OciError `NOT_FOUND`, `UNAUTHORIZED`, `UNSUPPORTED` when there is no checksum to compare with */
export async function openLayer(repository: V1Repository, id: string, options: V1LayerOptions): Promise<V1Layer> {
  const what = `the layer of image ${checkImageId(id)} in ${repository.shown}`;
  const { signal, on, verify = false } = options;
  const proof = verify ? await proofFor(repository, id, { signal, on }) : undefined;
  // https://docs.docker.com/v1.6/reference/api/registry_api/ "Get image layer"
  const headers = { accept: '*/*', 'accept-encoding': 'identity' };
  const { response } = await answered(repository, `images/${id}/layer`, what, { signal, on, headers });
  const size = lengthOf(response);
  return {
    id,
    size,
    verified: verify,
    bytes: checked(counted(response, what, size), what, proof),
    response: shownResponse(response),
    cancel: () => response.cancel(),
  };
}

async function proofFor(repository: V1Repository, id: string, call: Call): Promise<Proof> {
  const { bytes, checksumPayload } = await imageJson(repository, id, call);
  // Several headers stand in one, joined by commas.
  const wanted = checksumPayload?.split(/\s*,\s*/).find((sum) => isDigest(sum) && sum.startsWith('sha256:'));
  if (wanted === undefined) {
    throw new OciError('UNSUPPORTED', `${repository.host.name} tells no checksum of image ${id}`, {
      hint: 'it can only be read unverified',
    });
  }
  const hasher = createHasher('sha256');
  hasher.update(bytes);
  hasher.update(new TextEncoder().encode('\n'));
  return { hasher, wanted: wanted as Digest };
}

/** The length of the bytes themselves, not of some encoding of them. */
function lengthOf({ headers }: HttpResponse): number | undefined {
  const coding = headers['content-encoding']?.trim() ?? '';
  const text = headers['content-length'] ?? '';
  return /^\d{1,15}$/.test(text) && /^(?:identity)?$/i.test(coding) ? Number(text) : undefined;
}

async function* counted(response: HttpResponse, what: string, size: number | undefined): AsyncGenerator<Uint8Array> {
  let read = 0;
  try {
    for await (const chunk of decodeBody(response, what)) {
      read += chunk.length;
      if (size !== undefined && read > size) throw wrongSize(what, `more than ${size} bytes`);
      yield chunk;
    }
  } catch (error) {
    const isShort = size !== undefined && read < size && isOciError(error, 'UNREACHABLE');
    throw isShort ? cutShort(what, read, size, error) : error;
  } finally {
    await response.cancel();
  }
  if (size !== undefined && read !== size) throw cutShort(what, read, size);
}

function cutShort(what: string, read: number, size: number, cause?: unknown): OciError {
  const hint = 'it was cut short on the way: ask for it again';
  return wrongSize(what, `${read} of ${size} bytes`, { hint, cause });
}

function wrongSize(what: string, got: string, context: ErrorContext = {}): OciError {
  return new OciError('SIZE_MISMATCH', `${what} has the wrong size: ${got}`, context);
}

/** The last chunk is withheld until the sum agrees. */
async function* checked(bytes: Bytes, what: string, proof: Proof | undefined): AsyncGenerator<Uint8Array> {
  let held: Uint8Array | undefined;
  for await (const chunk of bytes) {
    proof?.hasher.update(chunk);
    if (held !== undefined) yield held;
    held = chunk;
  }
  const actual = proof?.hasher.digest();
  if (proof !== undefined && actual !== proof.wanted) {
    throw new OciError('DIGEST_MISMATCH', `${what} has the wrong bytes: its registry tells another checksum`, {
      hint: 'the content was changed or damaged where it is kept, or on the way',
      digests: [proof.wanted],
    });
  }
  if (held !== undefined) yield held;
}

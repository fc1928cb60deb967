/**
 * One PUT of a manifest, until it is known what became of it. By digest it may be sent again blindly; by tag only while the
 * tag still stands for what it stood for, so that nobody else's newer push is undone.
 */
import { isOciError, OciError } from '../errors.ts';
import { digestOf } from '../bytes/hash.ts';
import { fromArray } from '../bytes/read.ts';
import { digestMismatch } from '../bytes/verify.ts';
import type { Call, WireHeaders } from '../model/call.ts';
import { type Digest, digestAlgorithm, isDigest } from '../model/digest.ts';
import type { Manifest } from '../model/manifest.ts';
import { missingLinks } from './missing-links.ts';
import { apiUrl, ask, type Exchange, failed, manifestName, pathIn, scopesFor, settle, toldDigest } from './requests.ts';
import { headManifest, type ManifestHead } from './resolve.ts';
import { nameOf, type Place } from './session.ts';
import { isAmbiguous, waitBefore } from './upload-job.ts';

const MAX_ATTEMPTS = 4;

export interface Sending extends Call {
  /** A tag or the manifest's digest. */
  readonly reference: string;
  readonly query?: string | undefined;
  readonly headers?: WireHeaders | undefined;
  /** What the tag stood for before; undefined: nothing. */
  readonly standing?: Digest | undefined;
}

/**
 * Sends a manifest.
 * @returns the headers of the answer; undefined when the answer got lost, but the manifest is there.
 * @throws OciError `MANIFEST_BLOB_UNKNOWN` with `digests`, `CONFLICT` (412), `DIGEST_MISMATCH`, and what the registry says
 */
export async function sendManifest(
  place: Place,
  manifest: Manifest,
  sending: Sending,
): Promise<WireHeaders | undefined> {
  const { signal, on } = sending;
  for (let attempt = 1; ; attempt++) {
    const outcome = await put(place, manifest, sending);
    if (!isOciError(outcome)) return checkAnswer(place, manifest, outcome);
    const again = await mayAgain(place, manifest, sending, outcome);
    if (again === 'done') return undefined;
    if (again === 'no' || attempt >= MAX_ATTEMPTS) throw outcome;
    const delayMs = waitBefore(attempt, outcome);
    const url = apiUrl(place, pathIn(place, `manifests/${sending.reference}`));
    on?.({ type: 'retry', method: 'PUT', url, reason: outcome.message, attempt, delayMs });
    await place.session.clock.wait(delayMs, signal);
  }
}

/** The answer of success, or the error. */
async function put(place: Place, { bytes, descriptor }: Manifest, sending: Sending): Promise<Exchange | OciError> {
  const { reference, query = '', headers = {}, signal, on } = sending;
  try {
    const exchange = await ask(place, {
      method: 'PUT',
      path: pathIn(place, `manifests/${reference}${query}`),
      headers: { 'content-type': descriptor.mediaType, ...headers },
      body: { size: bytes.length, open: () => fromArray(bytes) },
      scopes: scopesFor(place, 'push'),
      idempotent: isDigest(reference),
      signal,
      on,
    });
    const { status } = exchange.response;
    if (status < 200 || status > 299) return await failed(exchange, `cannot write ${manifestName(place, reference)}`);
    await settle(exchange);
    return exchange;
  } catch (error) {
    if (isOciError(error)) return error;
    throw error;
  }
}

type Again = 'yes' | 'no' | 'done';

async function mayAgain(place: Place, manifest: Manifest, sending: Sending, error: OciError): Promise<Again> {
  const call: Call = { signal: sending.signal, on: sending.on };
  if (missesSomething(error)) {
    const missing = await missingLinks(place, manifest, call);
    // Registries of several nodes may not see yet what they have just taken (harbor#17504).
    if (missing.length === 0) return isOciError(error, 'MANIFEST_BLOB_UNKNOWN') ? 'yes' : 'no';
    throw new OciError(
      'MANIFEST_BLOB_UNKNOWN',
      `${nameOf(place)} lacks what the manifest refers to: ${shown(missing)}`,
      {
        hint: 'push the blobs and child manifests before the manifest',
        digests: missing,
        cause: error,
      },
    );
  }
  if (!isAmbiguous(error) || isDigest(sending.reference) || sending.signal?.aborted === true) return 'no';
  const now = (await headManifest(place, sending.reference, call, 'push'))?.descriptor.digest;
  if (now === manifest.descriptor.digest) return 'done';
  return now === sending.standing ? 'yes' : 'no';
}

/** Gitea answers an index whose manifests are missing with a plain 404. */
function missesSomething(error: OciError): boolean {
  if (error.code === 'MANIFEST_BLOB_UNKNOWN') return true;
  return error.status === 404 && !error.errors.some(({ code }) => code === 'NAME_UNKNOWN');
}

function shown(digests: readonly string[]): string {
  const more = digests.length > 3 ? ` and ${digests.length - 3} more` : '';
  return `${digests.slice(0, 3).join(', ')}${more}`;
}

/** The condition that the tag is still what it was, for registries that know conditions. */
export function condition(head: Pick<ManifestHead, 'response'> | undefined): WireHeaders {
  const etag = head?.response.headers.etag;
  return etag !== undefined && /^"[^"]*"$/.test(etag) ? { 'if-match': etag } : {};
}

/** A registry that keeps it under another digest keeps something else. */
function checkAnswer(place: Place, { bytes, descriptor }: Manifest, { response }: Exchange): WireHeaders {
  const told = toldDigest(response);
  if (told === undefined || told === descriptor.digest) return response.headers;
  const algorithm = digestAlgorithm(told);
  const ours = algorithm === digestAlgorithm(descriptor.digest) ? descriptor.digest : digestOf(bytes, algorithm);
  if (told !== ours) throw digestMismatch(ours, told, nameOf(place));
  return response.headers;
}

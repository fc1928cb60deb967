/** A blob in one PUT, the way that the most registries know. */
import { drain } from '../bytes/read.ts';
import type { Body } from '../http/types.ts';
import { parseDigest } from '../model/digest.ts';
import { ask, type Exchange, failed, scopesFor, settle } from './requests.ts';
import { nameOf } from './session.ts';
import { uploadBody, type UploadBody } from './upload-body.ts';
import { isAmbiguous, pourOf, type Setback, throwUnlessWorthwhile, type Upload } from './upload-job.ts';
import { closingUrl, type UploadSession } from './upload-session.ts';

/** @throws what the source throws, and what the registry says when another attempt would change nothing */
export async function sendWhole(
  { place, content, call }: Upload,
  session: UploadSession,
): Promise<Setback | undefined> {
  const { digest, size } = content.descriptor;
  if (size === 0) await drain(content.open(call)); // no body is read of an empty one, and its digest may be wrong, too
  const body = uploadBody(size, () => content.open(call), call.signal, apartOf({ place, content, call }));
  const setback = await closeUpload({ place, content, call }, closingUrl(session.url, digest), body);
  body.throwIfSourceFailed();
  if (setback === undefined) return undefined;
  const { status, errors } = setback.error;
  const tooLarge = status === 413 || status === 416; // GHCR's is 416
  if (tooLarge) place.facts.chunkFrom = size;
  // Artifactory knows no blob that came in one PUT (buildx#196).
  const unknown = status === 404 && errors.some(({ code }) => code === 'BLOB_UNKNOWN');
  if (unknown) place.facts.chunkFrom = 1;
  return (tooLarge || unknown) && size > 0 && place.facts.chunks !== 'broken'
    ? { ...setback, next: 'chunks' }
    : throwUnlessWorthwhile(setback);
}

function apartOf(job: Upload): Body['apart'] {
  const pour = pourOf(job);
  const { content, call } = job;
  return (
    pour && {
      digest: parseDigest(content.descriptor.digest),
      pour: (to, options) => pour(to, { ...options, on: call.on }),
    }
  );
}

/** The PUT that closes a session, with the whole blob or with nothing. It is never sent again blindly: it may have worked. */
export async function closeUpload(
  { place, content, call }: Upload,
  url: string,
  body: UploadBody,
): Promise<Setback | undefined> {
  let exchange: Exchange;
  try {
    exchange = await ask(place, {
      method: 'PUT',
      url,
      headers: { 'content-type': 'application/octet-stream' },
      body,
      scopes: scopesFor(place, 'push'),
      idempotent: false,
      ...call,
    });
  } catch (error) {
    body.throwIfSourceFailed();
    if (call.signal?.aborted !== true && isAmbiguous(error)) return { error, next: 'whole' };
    throw error;
  }
  if ([200, 201, 204].includes(exchange.response.status)) {
    await settle(exchange);
    return undefined;
  }
  const error = await failed(exchange, `cannot write blob ${content.descriptor.digest} to ${nameOf(place)}`);
  return { error, next: 'whole' };
}

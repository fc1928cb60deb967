/**
 * Reading a blob over a network that fails: a dropped body is asked for again from where it stands. Ranges are believed
 * only when they are exactly what was asked for; a server that ignores them is read from the start and the known part
 * dropped. It verifies nothing: whoever reads the whole blob does.
 */
import { abortError, isOciError, OciError, throwIfAborted } from '../errors.ts';
import type { PourOptions, Transfer } from '../bytes/transfer.ts';
import type { HttpResponse } from '../http/types.ts';
import type { Call } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
import { decodedBody } from './encoding.ts';
import { askForeign } from './foreign.ts';
import { parseContentRange } from './ranges.ts';
import {
  apiUrl,
  ask,
  contentLength,
  encodingOf,
  type Exchange,
  failed,
  pathIn,
  scopesFor,
  settle,
} from './requests.ts';
import { nameOf, type Place } from './session.ts';

/** An attempt that brings less counts as none. */
const PROGRESS_BYTES = 64 * 1024;
const MAX_IDLE_ATTEMPTS = 5;
/**
 * How often a known part is read again in vain, for a server that ignores ranges; in all, when it is long. A part shorter than
 * the second number is read again as long as that gets any further.
 */
const MAX_SKIPS = 2;
const SHORT_SKIP_BYTES = 64 * 1024 * 1024;

/** One reading under way. */
interface Reading {
  readonly place: Place;
  readonly descriptor: Descriptor;
  readonly end: number;
  readonly call: Call;
  /** Where the bytes are to go past this thread. */
  readonly transfer?: Transfer;
  /** The next byte to pass on. */
  at: number;
  /** Where the last attempt that counted began, and how many have brought nothing since. */
  mark: number;
  idle: number;
  /** Why the last one ended; undefined: the body did. */
  reason: unknown;
  /** Are ranges to be asked for? */
  ranges: boolean;
  /** A strong one. */
  etag: string | undefined;
  longSkips: number;
}

/** The bytes `start` to `end` of a blob. Where `end` is its size, surplus bytes are passed on, too, for the reader to refuse. */
export async function* readBlob(
  place: Place,
  descriptor: Descriptor,
  start: number,
  end: number,
  call: Call,
): AsyncGenerator<Uint8Array> {
  if (start >= end && end > 0) return;
  const reading = beginReading(place, descriptor, start, end, call);
  for (;;) {
    throwIfAborted(call.signal);
    const { response, skip } = await openAt(reading);
    const reason = yield* passOn(reading, response, skip);
    if (reading.at >= end) return;
    await beforeNext(reading, reason);
  }
}

/**
 * The whole of a blob into a transfer. @returns false: the transport, or what the server answers, does not allow it (any more)
 * @throws OciError as reading does
 */
export async function pourBlob(
  place: Place,
  descriptor: Descriptor,
  transfer: Transfer,
  options: PourOptions = {},
): Promise<boolean> {
  if (place.facts.apart === 'never') return false;
  const reading: Reading = { ...beginReading(place, descriptor, 0, descriptor.size, options), transfer };
  for (;;) {
    throwIfAborted(options.signal);
    const { response, skip } = await openAt(reading);
    if (response.pour === undefined) {
      place.facts.apart = 'never';
      await response.cancel();
      return false;
    }
    const reason = await response.pour({ ...options, skip }).catch((error: unknown) => dropOf(error, options));
    reading.at = transfer.received;
    if (reading.at >= reading.end) return true;
    await beforeNext(reading, reason);
  }
}

function beginReading(place: Place, descriptor: Descriptor, start: number, end: number, call: Call): Reading {
  return {
    place,
    descriptor,
    end,
    call: { signal: call.signal, on: call.on },
    at: start,
    mark: start,
    idle: 0,
    reason: undefined,
    ranges: true,
    etag: undefined,
    longSkips: 0,
  };
}

/** Passes on what is new in a body. @returns why it ended before it was complete. */
async function* passOn(reading: Reading, response: HttpResponse, skip: number): AsyncGenerator<Uint8Array, unknown> {
  const { end, descriptor, call } = reading;
  let toSkip = skip;
  try {
    for await (const chunk of decodedBody(response, descriptor)) {
      throwIfAborted(call.signal);
      const dropped = Math.min(toSkip, chunk.length);
      toSkip -= dropped;
      const wanted = end < descriptor.size ? end - reading.at : Number.POSITIVE_INFINITY;
      const fresh = chunk.subarray(dropped, Math.min(chunk.length, dropped + wanted));
      reading.at += fresh.length;
      if (fresh.length > 0) yield fresh;
      if (fresh.length >= wanted) return undefined;
    }
    return undefined;
  } catch (error) {
    return dropOf(error, call);
  } finally {
    await response.cancel();
  }
}

/** Why a body ended, if it was the network. @throws whatever else it was */
function dropOf(error: unknown, { signal }: Call): unknown {
  if (signal?.aborted === true) throw abortError(signal);
  if (!isDrop(error)) throw error;
  return error;
}

/** Did the network end it? Whatever else went wrong would go wrong again. */
function isDrop(error: unknown): boolean {
  return !isOciError(error) || isOciError(error, 'UNREACHABLE', 'TIMEOUT', 'PROTOCOL', 'TLS');
}

/** Counts attempts that brought nothing, and waits before another one of those. */
async function beforeNext(reading: Reading, reason: unknown): Promise<void> {
  const { place, descriptor, call } = reading;
  const progress = reading.at - reading.mark >= PROGRESS_BYTES;
  reading.idle = progress ? 0 : reading.idle + 1;
  reading.mark = reading.at;
  reading.reason = reason;
  const why = whyOf(reason);
  if (reading.idle >= MAX_IDLE_ATTEMPTS) throw keepsEnding(reading, `${MAX_IDLE_ATTEMPTS} attempts without progress`);
  const delayMs = reading.idle === 0 ? 0 : 100 * 2 ** reading.idle;
  const url = apiUrl(place, pathIn(place, `blobs/${descriptor.digest}`));
  call.on?.({ type: 'retry', method: 'GET', url, reason: why, attempt: reading.idle, delayMs });
  if (delayMs > 0) await place.session.clock.wait(delayMs, call.signal);
}

function whyOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : 'the body was too short';
}

/** What to say of a body that never comes to its end: the network broke it off, or the registry has no more. */
function keepsEnding({ place, descriptor, at, reason }: Reading, after: string, hint?: string): OciError {
  const where = `${descriptor.digest} from ${nameOf(place)}`;
  const got = `${at} of ${descriptor.size} bytes after ${after}`;
  return reason === undefined
    ? new OciError('SIZE_MISMATCH', `${where} ended early: ${got}`, { digests: [descriptor.digest] })
    : new OciError('UNREACHABLE', `${where} keeps breaking off: ${got}: ${whyOf(reason)}`, { hint, cause: reason });
}

/** An answer, and how many of its bytes are known already. */
async function openAt(reading: Reading): Promise<{ readonly response: HttpResponse; readonly skip: number }> {
  const ranged = reading.ranges && (reading.at > 0 || reading.end < reading.descriptor.size);
  const exchange = await askAt(reading, ranged);
  const { response } = exchange;
  const encoded = encodingOf(response.headers) !== undefined;
  if (response.status === 200) {
    if (encoded) reading.ranges = false;
    else reading.etag ??= strongEtag(response);
    const wrong = wrongSize(reading, response) ?? skipsTooMuch(reading);
    if (wrong === undefined) return { response, skip: reading.at };
    await response.cancel();
    throw wrong;
  }
  if (response.status === 206 && !encoded && isAsAsked(reading, response, ranged)) return { response, skip: 0 };
  if (response.status !== 206 && response.status !== 416) {
    throw await failedRead(reading, exchange);
  }
  await settle(exchange);
  if (!ranged) throw wrongRange(reading, response);
  reading.ranges = false;
  return openAt(reading);
}

/** 405 to a GET can only mean that the blob is not there: ECR has answered so. */
async function failedRead({ place, descriptor }: Reading, exchange: Exchange): Promise<OciError> {
  const error = await failed(exchange, `cannot read blob ${descriptor.digest} of ${nameOf(place)}`);
  const { message, status, errors, request } = error;
  return status === 405 ? new OciError('NOT_FOUND', message, { status, errors, request, missing: 'blob' }) : error;
}

function askAt(reading: Reading, ranged: boolean): Promise<Exchange> {
  const { place, descriptor, end, call, etag, transfer } = reading;
  const last = end < descriptor.size ? end - 1 : '';
  const range = ranged ? { range: `bytes=${reading.at}-${last}` } : {};
  const condition = ranged && etag !== undefined ? { 'if-range': etag } : {};
  const headers = { 'accept-encoding': 'identity', ...range, ...condition };
  const path = pathIn(place, `blobs/${descriptor.digest}`);
  return ask(place, { method: 'GET', path, headers, scopes: scopesFor(place, 'pull'), transfer, ...call }).then(
    (exchange) =>
      exchange.response.status === 404 ? askForeign(place, descriptor, exchange, headers, call) : exchange,
  );
}

/** Is a partial answer exactly what was asked for? Some answer 206 to what asked for no range. */
function isAsAsked(reading: Reading, { headers }: HttpResponse, ranged: boolean): boolean {
  const { start, end = 0, total } = parseContentRange(headers['content-range']) ?? {};
  const { size } = reading.descriptor;
  if (start !== (ranged ? reading.at : 0) || (total ?? size) !== size) return false;
  return ranged ? end <= Math.max(reading.end, reading.at) : reading.at === 0 && end === size;
}

/** An answer that announces another size than the blob has is not worth reading. */
function wrongSize({ place, descriptor }: Reading, response: HttpResponse): OciError | undefined {
  const length = contentLength(response) ?? descriptor.size;
  if (length === descriptor.size) return undefined;
  const sizes = `${length} bytes, not ${descriptor.size}`;
  return new OciError('SIZE_MISMATCH', `${descriptor.digest} from ${nameOf(place)} has ${sizes}`, {
    digests: [descriptor.digest],
  });
}

function skipsTooMuch(reading: Reading): OciError | undefined {
  const skips = reading.at < SHORT_SKIP_BYTES ? reading.idle : reading.longSkips++;
  if (reading.at === 0 || skips < MAX_SKIPS) return undefined;
  const hint = 'the registry cannot resume a download; try again when the network is better';
  return keepsEnding(reading, `${skips} readings from its beginning`, hint);
}

function wrongRange({ place, descriptor }: Reading, { status, headers }: HttpResponse): OciError {
  const range = headers['content-range'] ?? 'no Content-Range';
  return new OciError(
    'PROTOCOL',
    `cannot read blob ${descriptor.digest} of ${nameOf(place)}: ${status} with ${range}`,
    {
      status,
    },
  );
}

function strongEtag({ headers }: HttpResponse): string | undefined {
  return headers.etag !== undefined && /^"[^"]*"$/.test(headers.etag) ? headers.etag : undefined;
}

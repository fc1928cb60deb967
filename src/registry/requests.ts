/**
 * One request to a registry: its URL, its scopes, and the error that a refusal becomes. Names and digests have been
 * checked before they get here. It leaves the meaning of a status to its callers.
 */
import type { OciError } from '../errors.ts';
import { failureOf } from '../http/failure.ts';
import { follow } from '../http/hop.ts';
import type { HttpRequest, HttpResponse } from '../http/types.ts';
import type { Call, WireHeaders, WireResponse } from '../model/call.ts';
import { type Digest, isDigest, parseDigest } from '../model/digest.ts';
import { hrefAsWritten } from '../model/parse-url.ts';
import { checkTag } from '../model/reference.ts';
import type { Place, RegistryPlace } from './session.ts';

/** What a token has to allow. Reads that belong to a write ask for the write, so that one token does for all of it. */
export type Access = 'pull' | 'push' | 'delete';

export interface Question extends Call {
  readonly method: HttpRequest['method'];
  /** Below `/v2/`, query included. */
  readonly path?: string | undefined;
  /** In place of a path: a whole URL, already judged when the registry chose it. */
  readonly url?: string | undefined;
  readonly headers?: WireHeaders | undefined;
  readonly body?: HttpRequest['body'];
  readonly scopes?: readonly string[] | undefined;
  readonly idempotent?: boolean | undefined;
  readonly redirect?: HttpRequest['redirect'];
  /** As in `HttpRequest`: the answer is a document of at most so many bytes. */
  readonly document?: number | undefined;
  /** As in `HttpRequest`: where the body may go. */
  readonly transfer?: HttpRequest['transfer'];
  /** Ask no mirror. */
  readonly direct?: boolean | undefined;
  /** Show no proof of who asks. */
  readonly anonymous?: boolean | undefined;
}

/** A request and its answer. */
export interface Exchange {
  readonly request: HttpRequest;
  readonly response: HttpResponse;
}

/** Sends one request. */
export async function ask(place: RegistryPlace, question: Question): Promise<Exchange> {
  const { host, session, facts } = place;
  const { path = '', url, headers = {}, body, scopes, idempotent, redirect, direct, anonymous, method } = question;
  const { document, transfer, signal, on } = question;
  const request: HttpRequest = {
    method,
    url: url ?? apiUrl(place, path),
    headers,
    registry: host.origin,
    chosenBy: url === undefined || new URL(url).origin === host.origin ? 'own' : 'server',
    body,
    scopes,
    idempotent,
    redirect,
    anonymous,
    document,
    transfer,
    signal,
    on,
    direct: direct === true || facts.mirrors === 'wrong',
  };
  return { request, response: await session.send(request) };
}

/** The URL of a path below `/v2/`. */
export function apiUrl({ host }: RegistryPlace, path: string): string {
  return `${host.origin}${host.pathPrefix}/v2/${path}`;
}

/** The path of something in a repository. */
export function pathIn({ repository }: Place, rest: string): string {
  return `${repository}/${rest}`;
}

/** The scopes of a request about one repository. distribution wants `delete` for a deletion, and `pull` for what precedes it. */
export function scopesFor({ repository }: Place, access: Access): readonly string[] {
  return [`repository:${repository}:${access === 'pull' ? 'pull' : `pull,${access}`}`];
}

/**
 * The URL that an answer names, judged: what it may receive is settled by `hop`.
 * @throws OciError `REDIRECT_REFUSED`, `PROTOCOL`
 */
export function followed({ host, session }: RegistryPlace, from: string, location: string, what: string): string {
  const to = follow(from, location, { registry: host.origin, hosts: session.hosts }, what);
  return hrefAsWritten(to, location);
}

/** The error that a refused request becomes; the answer is read or closed. */
export function failed({ request, response }: Exchange, attempted: string): Promise<OciError> {
  return failureOf(response, attempted, request);
}

const MAX_DRAINED = 64 * 1024;

/** Ends an answer whose body nobody wants; a short one is read, so that its connection can be used again. */
export async function settle({ response }: Exchange): Promise<void> {
  let read = 0;
  try {
    for await (const chunk of response.body) if ((read += chunk.length) > MAX_DRAINED) break;
  } catch {
    // The status has told all; what becomes of the rest does not matter.
  } finally {
    await response.cancel();
  }
}

export function wireResponse({ status, headers }: HttpResponse): WireResponse {
  return { status, headers };
}

/**
 * A tag or digest that may stand in a URL.
 * @throws OciError `REFERENCE_INVALID`, `DIGEST_INVALID`
 */
export function checkReference(reference: string): string {
  if (isDigest(reference)) return reference;
  return reference.includes(':') ? parseDigest(reference) : checkTag(reference);
}

/** How messages name what a reference stands for. */
export function manifestName(place: Place, reference: string): string {
  return `${place.host.name}/${place.repository}${isDigest(reference) ? '@' : ':'}${reference}`;
}

/** The digest that an answer tells of its content, where it is one. */
export function toldDigest({ headers }: HttpResponse): Digest | undefined {
  const told = headers['docker-content-digest'];
  return isDigest(told) ? told : undefined;
}

/** A `Content-Length` that is that of the content itself, not of some encoding of it. */
export function contentLength({ headers }: HttpResponse): number | undefined {
  const text = headers['content-length'];
  if (text === undefined || !/^\d{1,15}$/.test(text) || encodingOf(headers) !== undefined) return undefined;
  return Number(text);
}

/** The `Content-Encoding`, where there is one that changes the bytes. */
export function encodingOf(headers: WireHeaders): string | undefined {
  const encoding = headers['content-encoding']?.trim().toLowerCase();
  return encoding === undefined || encoding === '' || encoding === 'identity' ? undefined : encoding;
}

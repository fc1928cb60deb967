/** One request of the v1 protocol. It only ever reads: there is no other method here. */
import type { OciError } from '../errors.ts';
import { failureOf } from '../http/failure.ts';
import { redactResponseHeaders } from '../http/redact.ts';
import type { HttpRequest, HttpResponse, Send } from '../http/types.ts';
import type { Call, WireHeaders, WireResponse } from '../model/call.ts';
import { bareMediaType } from '../model/media-types.ts';
import type { V1Place } from './place.ts';

export interface V1Question extends Call {
  /** Absolute; one that a server named has been judged. */
  readonly url: string;
  readonly headers?: WireHeaders | undefined;
  readonly scopes?: readonly string[] | undefined;
}

/** A request and its answer. */
export interface V1Exchange {
  readonly request: HttpRequest;
  readonly response: HttpResponse;
}

/** Sends a GET on behalf of the index. */
export async function get(place: V1Place, send: Send, question: V1Question): Promise<V1Exchange> {
  const { url, headers = {}, scopes, signal, on } = question;
  const request: HttpRequest = {
    method: 'GET',
    url,
    headers: { accept: 'application/json', ...headers },
    registry: place.origin,
    chosenBy: new URL(url).origin === place.origin ? 'own' : 'server',
    scopes,
    signal,
    on,
  };
  return { request, response: await send(request) };
}

/** The error that a refused request becomes; the answer is read or closed. */
export function failed({ request, response }: V1Exchange, attempted: string): Promise<OciError> {
  return failureOf(response, attempted, request);
}

/** Is it a page for people: a start page, a login page? */
export function isPage({ headers }: HttpResponse): boolean {
  return /html|xml/.test(bareMediaType(headers['content-type']) ?? '');
}

/** What callers may see of an answer: the token and its like are replaced. */
export function shownResponse({ status, headers }: HttpResponse): WireResponse {
  return { status, headers: redactResponseHeaders(headers) };
}

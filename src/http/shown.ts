/**
 * What was shown to a server stays out of what is told of its answer: some servers, and proxies before them, repeat in an
 * error the request that they refuse, and errors end in logs. The secrets are kept beside the answer, not in it.
 */
import { passwordIn } from './basic.ts';
import { hiddenValues, REDACTED } from './redact.ts';
import type { HttpRequest, HttpResponse, Middleware } from './types.ts';

/** Shorter ones stand in any text. */
const MIN_LENGTH = 4;

const shown = new WeakMap<HttpResponse, readonly string[]>();

/** Keeps the secrets of every request with its answer. It stands next to the transport. */
export function rememberShown(): Middleware {
  return (next) => async (request) => {
    const response = await next(request);
    const secrets = secretsOf(request);
    if (secrets.length > 0) shown.set(response, secrets);
    return response;
  };
}

/** The same for an answer that was made of another one. */
export function withSameShown(from: HttpResponse, to: HttpResponse): HttpResponse {
  const secrets = shown.get(from);
  if (secrets !== undefined) shown.set(to, secrets);
  return to;
}

/** A server's words without what it was shown. */
export function withoutShown(text: string, response: HttpResponse): string {
  return (shown.get(response) ?? []).reduce((rest, secret) => rest.replaceAll(secret, REDACTED), text);
}

/** The longest first: one may be part of another. */
function secretsOf({ url, headers }: HttpRequest): readonly string[] {
  const parts = new Set(hiddenValues(url, headers).flatMap(partsOf));
  return [...parts].filter(({ length }) => length >= MIN_LENGTH).sort((a, b) => b.length - a.length);
}

/** `Bearer abc` is told by `abc` alone, and Basic by its password. */
function partsOf(value: string): readonly string[] {
  const [, credentials = ''] = /^[\w-]+ +(\S+)$/.exec(value) ?? [];
  return [value, credentials, passwordIn(value) ?? ''];
}

/**
 * Bounds what the layers of a user may do: an authenticator of one's own may send a request again after a refusal, but a
 * mistake in it must end with an error, and not never. What a layer asks for on its own account is not counted.
 */
import { OciError } from '../errors.ts';
import { redactUrl } from './redact.ts';
import type { HttpRequest, Middleware } from './types.ts';

/** How often a request is sent on, at most, each time that it comes to the user's layers. */
export const MAX_SENDS = 10;

/** Stays with a request when a layer changes it, since it changes a copy. */
const sends: unique symbol = Symbol('sends');

interface Counted extends HttpRequest {
  readonly [sends]?: { count: number };
}

/** The layers between the two ends of the count. @throws OciError (when it sends) `LIMIT` */
export function boundResends(layers: readonly Middleware[]): readonly Middleware[] {
  if (layers.length === 0) return [];
  const begin: Middleware = (next) => (request) => {
    const counted: Counted = { ...request, [sends]: { count: 0 } };
    return next(counted);
  };
  const check: Middleware = (next) => async (request: Counted) => {
    const sent = request[sends];
    if (sent !== undefined && ++sent.count > MAX_SENDS) throw tooOften(request);
    return next(request);
  };
  return [begin, ...layers, check];
}

function tooOften({ method, url }: HttpRequest): OciError {
  const shown = { method, url: redactUrl(url) };
  return new OciError('LIMIT', `a middleware sent the same ${method} to ${new URL(url).host} ${MAX_SENDS} times`, {
    hint: 'it asks again for what it has been refused: let it give up, and hand on the last answer',
    request: shown,
  });
}

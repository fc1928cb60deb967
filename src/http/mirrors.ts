/**
 * Asks mirrors before, or instead of, the registry: content by digest first of the mirrors, because bytes prove
 * themselves; tags first of the registry, because a mirror's may be stale, unless the user trusts its tags. Never for
 * anything but reading manifests and blobs. Each mirror gets its own credentials, as any registry does.
 */
import { isOciError } from '../errors.ts';
import type { Clock } from './clock.ts';
import type { Host, Hosts } from './host.ts';
import type { HttpRequest, HttpResponse, Middleware } from './types.ts';

/** How long a mirror that could not be reached is left out, in ms. */
const SET_ASIDE_MS = 5 * 60_000;

type Outcome = { readonly response: HttpResponse } | { readonly error: unknown };
type Ask = () => Promise<Outcome>;

/** Swaps the base of a request's URL for those of the registry's mirrors. */
export function mirrors(hosts: Hosts, clock: Clock): Middleware {
  const setAside = new Map<string, number>();
  return (next) => (request) => {
    if (request.chosenBy === 'server' || request.direct === true) return next(request);
    const host = hosts(request.registry);
    const pull = host.mirrors.length === 0 ? undefined : parsePull(request, host);
    if (pull === undefined) return next(request);
    const usable = host.mirrors.filter(({ origin }) => (setAside.get(origin) ?? 0) <= clock.now());
    const copies = usable.map(
      (mirror): Ask =>
        async () => {
          const outcome = await settle(next(forMirror(request, pull, host, mirror)));
          if ('error' in outcome && isSilence(outcome.error)) setAside.set(mirror.origin, clock.now() + SET_ASIDE_MS);
          if ('error' in outcome && !isOver(outcome.error)) throw outcome.error;
          return outcome;
        },
    );
    const registry: Ask = () => settle(next(request));
    return pull.byDigest || host.mirrorTags ? firstOf(copies, registry) : registryOr(registry, copies);
  };
}

interface Pull {
  /** The URL from the repository's name on. */
  readonly rest: string;
  readonly byDigest: boolean;
}

function parsePull({ method, url }: HttpRequest, host: Host): Pull | undefined {
  const base = `${host.origin}${host.pathPrefix}/v2/`;
  if ((method !== 'GET' && method !== 'HEAD') || !url.startsWith(base)) return undefined;
  const rest = url.slice(base.length);
  const reference = /^[^?#]+\/(?:manifests|blobs)\/([^/?#]+)(?:\?|$)/.exec(rest)?.[1];
  return reference === undefined ? undefined : { rest, byDigest: /:|%3a/i.test(reference) };
}

function forMirror(request: HttpRequest, pull: Pull, host: Host, mirror: Host): HttpRequest {
  const ns = `${pull.rest.includes('?') ? '&' : '?'}ns=${encodeURIComponent(host.name)}`;
  const project = mirror.repositoryPrefix.slice(1);
  const scopes = project === '' ? request.scopes : request.scopes?.map((scope) => scope.replace(':', `:${project}/`));
  const url = `${mirror.origin}${mirror.pathPrefix}/v2${mirror.repositoryPrefix}/${pull.rest}${ns}`;
  return { ...request, url, registry: mirror.origin, scopes };
}

/** The first mirror that has it, else whatever the registry says. */
async function firstOf(copies: readonly Ask[], registry: Ask): Promise<HttpResponse> {
  for (const ask of copies) {
    const outcome = await ask();
    if (isAnswer(outcome)) return outcome.response;
    await discard(outcome);
  }
  return unwrap(await registry());
}

/** What the registry says, unless it cannot say anything and a mirror has it. */
async function registryOr(registry: Ask, copies: readonly Ask[]): Promise<HttpResponse> {
  const own = await registry();
  if (!isSpeechless(own)) return unwrap(own);
  try {
    for (const ask of copies) {
      const outcome = await ask();
      if (!isAnswer(outcome)) {
        await discard(outcome);
        continue;
      }
      await discard(own);
      return outcome.response;
    }
  } catch (error) {
    await discard(own);
    throw error;
  }
  return unwrap(own);
}

async function settle(answer: Promise<HttpResponse>): Promise<Outcome> {
  try {
    return { response: await answer };
  } catch (error) {
    return { error };
  }
}

function unwrap(outcome: Outcome): HttpResponse {
  if ('error' in outcome) throw outcome.error;
  return outcome.response;
}

async function discard(outcome: Outcome): Promise<void> {
  if ('response' in outcome) await outcome.response.cancel();
}

function isAnswer(outcome: Outcome): outcome is { readonly response: HttpResponse } {
  return 'response' in outcome && outcome.response.status < 400;
}

function isSpeechless(outcome: Outcome): boolean {
  if ('error' in outcome) return isSilence(outcome.error);
  return outcome.response.status === 429 || outcome.response.status >= 500;
}

function isSilence(error: unknown): boolean {
  return isOciError(error, 'UNREACHABLE', 'TIMEOUT', 'TLS');
}

/** Did only this mirror fail? The end of the whole call, or a broken set-up, is no reason to ask somebody else. */
function isOver(error: unknown): boolean {
  return isOciError(error) && !isOciError(error, 'ABORTED', 'CREDENTIALS', 'CONFIG_INVALID', 'USAGE');
}

/**
 * Whether there is a registry, and whether it lets us in: four ways to fail, each with its own code. UNREACHABLE and TLS
 * are what sending says; here, what an answer means.
 */
import { isOciError, OciError } from '../errors.ts';
import { parseChallenges } from '../http/challenge.ts';
import type { HttpResponse } from '../http/types.ts';
import type { Activity, Call, WireHeaders, WireResponse } from '../model/call.ts';
import { bareMediaType } from '../model/media-types.ts';
import { ask, type Exchange, failed, settle, wireResponse } from './requests.ts';
import type { RegistryPlace } from './session.ts';

/** A registry that answers. */
export interface Ping {
  /** Its canonical name. */
  readonly registry: string;
  /** Where it answers: `https://registry-1.docker.io`. */
  readonly origin: string;
  /** What it calls its API, e.g. `registry/2.0`, if it does. */
  readonly apiVersion?: string | undefined;
  /** It refuses strangers here, though a token that anybody gets may do (Docker Hub). */
  readonly authRequired: boolean;
  /** How it asks strangers who they are; some refuse them and do not say how (gcr.io). */
  readonly challenges: readonly AuthChallenge[];
  readonly response: WireResponse;
}

/** One way to authenticate that a registry offers (RFC 9110, 11.6.1). */
export interface AuthChallenge {
  /** Lower case: `bearer`, `basic`. */
  readonly scheme: string;
  /** Names in lower case: `realm`, `service`. */
  readonly parameters: Readonly<Record<string, string>>;
}

/**
 * Asks for the API's root (distribution-spec, "Determining Support").
 * @throws OciError `UNREACHABLE`, `TIMEOUT`, `TLS`, `NOT_A_REGISTRY`, `VERSION_UNSUPPORTED` (v1 only), `UNAUTHORIZED`, `DENIED`
 */
export async function pingRegistry(place: RegistryPlace, { signal, on }: Call = {}): Promise<Ping> {
  const { name, origin } = place.host;
  const seen: Seen = {};
  const watch = (activity: Activity): void => {
    look(activity, seen);
    on?.(activity);
  };
  const exchange = await root(place, { signal, on: watch });
  const { response } = exchange;
  if (isNoRegistry(response)) {
    await settle(exchange);
    throw isV1(response)
      ? speaksV1(place, response)
      : notARegistry(place, `it answers ${response.status}`, response.status);
  }
  if (response.status !== 200) throw await failed(exchange, `cannot use the registry ${name}`);
  await settle(exchange);
  // Who has shown a token at once was not asked for it.
  if (seen.refusal === undefined && seen.proven === true) {
    await settle(await ask(place, { method: 'GET', path: '', anonymous: true, signal, on: watch }));
  }
  const { refusal } = seen;
  const asked = { authRequired: refusal !== undefined, challenges: challengesIn(refusal ?? {}) };
  return { registry: name, origin, apiVersion: apiVersionOf(response), ...asked, response: wireResponse(response) };
}

/** What there was to be seen of a ping while it ran. */
interface Seen {
  /** The headers of the first refusal. */
  refusal?: WireHeaders;
  /** Proof of who asks was shown. */
  proven?: boolean;
}

function look(activity: Activity, seen: Seen): void {
  if (activity.type === 'request') seen.proven ||= activity.headers.authorization !== undefined;
  if (activity.type !== 'response') return;
  const { status, headers } = activity;
  if (status === 401 || (status === 403 && headers['www-authenticate'] !== undefined)) seen.refusal ??= headers;
}

function challengesIn(headers: WireHeaders): readonly AuthChallenge[] {
  return parseChallenges(headers['www-authenticate'] ?? '').map(({ scheme, params }) => ({
    scheme,
    parameters: Object.fromEntries(params),
  }));
}

async function root(place: RegistryPlace, call: Call): Promise<Exchange> {
  try {
    return await ask(place, { method: 'GET', path: '', ...call });
  } catch (error) {
    if (!isOciError(error, 'PROTOCOL') || error.status !== undefined) throw error;
    throw notARegistry(place, 'it does not speak HTTP', undefined, error);
  }
}

/** Everything else that may stand at an address: a web server that knows no /v2/, a start page, a login page. */
function isNoRegistry(response: HttpResponse): boolean {
  const { status, headers } = response;
  if (apiVersionOf(response)?.startsWith('registry/') === true) return false;
  if (status === 404 || status === 405 || status === 410) return true;
  return status === 200 && /html|xml/.test(bareMediaType(headers['content-type']) ?? '');
}

/** The protocol that came before, whose answers name their version. */
function isV1({ headers }: HttpResponse): boolean {
  return headers['x-docker-registry-version'] !== undefined;
}

function speaksV1({ host }: RegistryPlace, { status }: HttpResponse): OciError {
  return new OciError('VERSION_UNSUPPORTED', `${host.name} speaks only the retired v1 protocol`, {
    hint: `read it with lading v1, e.g. lading v1 ping ${host.name}`,
    status,
  });
}

function apiVersionOf({ headers }: HttpResponse): string | undefined {
  return headers['docker-distribution-api-version']?.slice(0, 100);
}

function notARegistry(place: RegistryPlace, problem: string, status?: number, cause?: unknown): OciError {
  const { name, origin, pathPrefix } = place.host;
  return new OciError('NOT_A_REGISTRY', `${name} is no registry: ${problem} at ${origin}${pathPrefix}/v2/`, {
    hint: 'check its name and port; a registry below a path needs a path prefix',
    status,
    cause,
  });
}

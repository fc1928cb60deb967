/**
 * Whether there is a registry, and whether it lets us in: four ways to fail, each with its own code. UNREACHABLE and TLS
 * are what sending says; here, what an answer means.
 */
import { isOciError, OciError } from '../errors.ts';
import type { HttpResponse } from '../http/types.ts';
import type { Call, WireResponse } from '../model/call.ts';
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
  readonly response: WireResponse;
}

/**
 * Asks for the API's root (distribution-spec, "Determining Support").
 * @throws OciError `UNREACHABLE`, `TIMEOUT`, `TLS`, `NOT_A_REGISTRY`, `UNAUTHORIZED`, `DENIED`
 */
export async function pingRegistry(place: RegistryPlace, { signal, on }: Call = {}): Promise<Ping> {
  const { name, origin } = place.host;
  const exchange = await root(place, { signal, on });
  const { response } = exchange;
  if (isNoRegistry(response)) {
    const { status } = response;
    await settle(exchange);
    throw notARegistry(place, `it answers ${status}`, status);
  }
  if (response.status !== 200) throw await failed(exchange, `cannot use the registry ${name}`);
  await settle(exchange);
  return { registry: name, origin, apiVersion: apiVersionOf(response), response: wireResponse(response) };
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

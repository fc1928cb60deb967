/** Whether a registry speaks the v1 protocol, and what to say of one that does not. */
import { isOciError, OciError, throwIfAborted } from '../errors.ts';
import { readAll } from '../bytes/read.ts';
import { decodeBody } from '../http/decode.ts';
import type { HttpResponse } from '../http/types.ts';
import type { Call, WireResponse } from '../model/call.ts';
import { isObject } from '../model/descriptor.ts';
import type { V1Place } from './place.ts';
import { failed, get, isPage, shownResponse, type V1Exchange } from './requests.ts';

/** A registry of the v1 protocol that answers. */
export interface V1Ping {
  /** Its canonical name. */
  readonly registry: string;
  /** Where its index answers: `https://index.docker.io`. */
  readonly origin: string;
  /** Of the registry's software, if it tells. */
  readonly version?: string | undefined;
  /** It needs no index beside itself; so is a registry that says nothing of it. */
  readonly standalone: boolean;
  readonly response: WireResponse;
}

/**
 * Asks for the status (registry_api, "Status check for registry").
 * @throws OciError `UNREACHABLE`, `TIMEOUT`, `TLS`, `UNAUTHORIZED`, `DENIED`, `NOT_A_REGISTRY`, and `VERSION_UNSUPPORTED`
 *   where a registry speaks v2 only
 */
export async function pingV1(place: V1Place, call: Call): Promise<V1Ping> {
  const { host, origin } = place;
  const exchange = await status(place, call).catch((error: unknown) => {
    if (!isOciError(error, 'PROTOCOL') || error.status !== undefined) throw error;
    throw notARegistry(place, 'it does not speak HTTP', undefined, error);
  });
  const { response } = exchange;
  if (isAbsent(response)) {
    await response.cancel();
    throw (await speaksV2(place, call))
      ? versionUnsupported(place)
      : notARegistry(place, `it answers ${response.status}`, response.status);
  }
  if (response.status !== 200) throw await failed(exchange, `cannot use the v1 registry ${host.name}`);
  const said = await readStatus(place, response);
  return { registry: host.name, origin, ...said, response: shownResponse(response) };
}

/**
 * The error for a request that was refused. What is not there may be so because there is no v1 protocol at all.
 * @param attempted what was tried, e.g. `cannot list the images of quay.io/o/app`
 */
export async function refused(
  place: V1Place,
  exchange: V1Exchange,
  attempted: string,
  { signal, on }: Call,
): Promise<OciError> {
  const error = await failed(exchange, attempted);
  if (error.status !== 404) return error;
  const isV2Only = !(await speaksV1(place, { signal, on })) && (await speaksV2(place, { signal, on }));
  return isV2Only ? versionUnsupported(place, error) : error;
}

/** https://docs.docker.com/v1.6/reference/api/registry_api/ "Status check for registry" */
function status(place: V1Place, { signal, on }: Call): Promise<V1Exchange> {
  return get(place, place.context.send, { url: `${place.base}_ping`, signal, on });
}

function isAbsent(response: HttpResponse): boolean {
  return [404, 405, 410].includes(response.status) || (response.status === 200 && isPage(response));
}

async function speaksV1(place: V1Place, call: Call): Promise<boolean> {
  return asked(call, async () => {
    const { response } = await status(place, call);
    await response.cancel();
    return !isAbsent(response);
  });
}

/** distribution-spec, "Determining Support". */
async function speaksV2(place: V1Place, call: Call): Promise<boolean> {
  const { host, context } = place;
  const url = `${host.origin}${host.pathPrefix}/v2/`;
  return asked(call, async () => {
    const { response } = await get(place, context.send, { url, ...call });
    await response.cancel();
    const { 'docker-distribution-api-version': version = '', 'www-authenticate': challenge = '' } = response.headers;
    return version.startsWith('registry/2') || /bearer/i.test(challenge);
  });
}

/** A look aside to explain a failure: it fails by itself only when the caller has had enough. */
async function asked({ signal }: Call, look: () => Promise<boolean>): Promise<boolean> {
  try {
    return await look();
  } catch (error) {
    throwIfAborted(signal);
    if (!isOciError(error)) throw error; // the caller's own, from its `on`
    return isOciError(error, 'UNAUTHORIZED', 'DENIED');
  }
}

/** Headers tell more than the body does; absent or strange ones mean what they mean to docker (registry/endpoint_v1.go). */
async function readStatus(
  { context }: V1Place,
  response: HttpResponse,
): Promise<{ readonly standalone: boolean; readonly version?: string }> {
  const body = parse(await readAll(decodeBody(response, 'the status'), context.limits.documentBytes, 'the status'));
  const version = response.headers['x-docker-registry-version'] ?? body.version;
  const told = response.headers['x-docker-registry-standalone'] ?? '';
  const standalone = told === '' ? body.standalone !== false : /^(?:true|1)$/i.test(told);
  return { standalone, ...(typeof version === 'string' && version !== '' ? { version: version.slice(0, 100) } : {}) };
}

function parse(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return isObject(json) ? json : {};
  } catch {
    return {};
  }
}

function versionUnsupported({ host }: V1Place, cause?: OciError): OciError {
  return new OciError('VERSION_UNSUPPORTED', `${host.name} does not speak the retired v1 protocol, but v2`, {
    hint: `use the commands without v1: lading ping ${host.name}`,
    status: cause?.status,
    cause,
  });
}

function notARegistry({ host, base }: V1Place, problem: string, status?: number, cause?: unknown): OciError {
  return new OciError('NOT_A_REGISTRY', `${host.name} is no registry of the v1 protocol: ${problem} at ${base}_ping`, {
    hint: 'check its name and port; hardly a registry still speaks v1: lading ping asks for v2',
    status,
    cause,
  });
}

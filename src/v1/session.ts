/**
 * A session with the index about one repository: the index is asked for the images, and answers with the endpoints that
 * have them and a token for those (hub_registry_spec, "Pull"). Every session has cookies and a token of its own.
 */
import { isOciError, throwIfAborted } from '../errors.ts';
import { encodeBasic } from '../http/basic.ts';
import { type Flight, startFlight } from '../http/flight.ts';
import { readJson } from '../http/json.ts';
import type { HttpResponse, Send } from '../http/types.ts';
import type { Call, WireHeaders } from '../model/call.ts';
import { carry, type Keys } from './carry.ts';
import { createCookieJar } from './cookies.ts';
import { parseImages, type V1Image } from './documents.ts';
import { endpointsOf } from './endpoints.ts';
import { refused } from './ping.ts';
import type { V1Place } from './place.ts';
import { get, type V1Exchange } from './requests.ts';

export interface V1Session {
  readonly images: readonly V1Image[];
  readonly send: Send;
  /** `https://registry-1.docker.io/v1/`; the first is asked first. */
  endpoints: readonly string[];
  /** An endpoint has let it in. */
  used: boolean;
  /** The first request, while it is under way. */
  entry: Flight<void> | undefined;
}

/**
 * Asks the index. The password goes there and nowhere else; it is shown unasked, as docker does, because quay.io hides
 * private repositories without a challenge.
 * @throws OciError `NOT_FOUND`, `UNAUTHORIZED`, `DENIED`, `VERSION_UNSUPPORTED`, `REDIRECT_REFUSED`, `PROTOCOL`
 */
export async function openSession(place: V1Place, repository: string, call: Call): Promise<V1Session> {
  const { context, host, base } = place;
  const keys: Keys = { token: undefined, endpoints: new Set() };
  const send = context.connect(carry(createCookieJar(context.clock), keys));
  const what = `the images of ${host.name}/${repository}`;
  const exchange = await get(place, send, {
    // https://docs.docker.com/v1.7/reference/api/docker-io_api/ "List user repository images"
    url: `${base}repositories/${repository}/images`,
    headers: { 'x-docker-token': 'true', ...(await passwordFor(place, repository, call)) },
    scopes: scopesOf(repository),
    ...call,
  });
  const { response } = exchange;
  if (response.status === 401) context.credentials.forget(host.name);
  if (response.status !== 200) throw await refused(place, exchange, `cannot list ${what}`, call);
  try {
    const endpoints = endpointsOf(place, response, call);
    keys.token = tokenOf(response);
    for (const endpoint of endpoints) keys.endpoints.add(new URL(endpoint).origin);
    const json = await readJson(response, context.limits.documentBytes, what);
    const images = parseImages(json, what, (text) => call.on?.({ type: 'warning', host: host.name, text }));
    return { images, send, endpoints, used: false, entry: undefined };
  } finally {
    await response.cancel();
  }
}

/** What tokens are for; here it tells the index's repository to who looks for credentials. */
function scopesOf(repository: string): readonly string[] {
  return [`repository:${repository}:pull`];
}

async function passwordFor({ host, context }: V1Place, repository: string, { signal, on }: Call): Promise<WireHeaders> {
  if (host.credential === 'none') return {};
  const credential = host.credential ?? (await context.credentials.find(host.name, { signal, on, repository }));
  return credential !== undefined && 'password' in credential ? { authorization: encodeBasic(credential) } : {};
}

/** Some write the scheme in front of it (docker-registry, hub_registry_spec), some do not (docker-io_api, quay.io). */
function tokenOf({ headers }: HttpResponse): string | undefined {
  const token = headers['x-docker-token']?.replace(/^Token\s+/i, '').trim();
  return token === '' ? undefined : token;
}

export type EndpointQuestion = Call & { readonly headers?: WireHeaders };

/**
 * Asks an endpoint within the session. The first request goes alone: a token may be good for one only, whose answer has the
 * cookie for the others (hub_registry_spec, "Pull" and "On the Registry").
 * @param path below `/v1/`
 */
export async function askWithin(
  place: V1Place,
  session: V1Session,
  path: string,
  question: EndpointQuestion,
): Promise<V1Exchange> {
  while (!session.used && session.entry !== undefined) await session.entry.join(question.signal);
  const asked = askEndpoints(place, session, path, question);
  if (session.used) return asked;
  const settled = asked.then(
    ({ response }) => {
      session.used ||= response.status !== 401;
    },
    () => undefined,
  );
  session.entry = startFlight(
    () => settled.finally(() => (session.entry = undefined)),
    () => undefined,
  );
  return asked;
}

/** Asks the endpoints one after the other until one can be reached; that one is then the first. */
async function askEndpoints(
  place: V1Place,
  session: V1Session,
  path: string,
  question: EndpointQuestion,
): Promise<V1Exchange> {
  const left = [...session.endpoints];
  for (;;) {
    const base = left.shift() ?? '';
    try {
      const exchange = await get(place, session.send, { url: `${base}${path}`, ...question });
      if (exchange.response.status >= 500 && left.length > 0) {
        await exchange.response.cancel();
        continue;
      }
      session.endpoints = [base, ...session.endpoints.filter((one) => one !== base)];
      return exchange;
    } catch (error) {
      throwIfAborted(question.signal);
      if (left.length === 0 || !isOciError(error, 'UNREACHABLE', 'TLS', 'TIMEOUT')) throw error;
    }
  }
}

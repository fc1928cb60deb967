/**
 * A repository of a v1 registry, and its session: one for all that is asked of it, opened when it is first needed, and
 * opened anew, once, when an endpoint no longer takes it.
 */
import { startFlight, type Flight } from '../http/flight.ts';
import { readJson } from '../http/json.ts';
import type { Call } from '../model/call.ts';
import { checkTag } from '../model/reference.ts';
import { parseImageId, parseTags, type V1Image } from './documents.ts';
import type { V1Place } from './place.ts';
import { failed, type V1Exchange } from './requests.ts';
import { askWithin, type EndpointQuestion, openSession, type V1Session } from './session.ts';

export interface V1Repository extends V1Place {
  /** `team/app` */
  readonly name: string;
  /** How messages name it: `quay.io/team/app`. */
  readonly shown: string;
  /** Begins a session. */
  open(call: Call): Promise<V1Session>;
  /** Sends a request to an endpoint, by its path below `/v1/`. */
  ask(path: string, question: EndpointQuestion): Promise<V1Exchange>;
}

export function repositoryAt(place: V1Place, name: string): V1Repository {
  let held: V1Session | undefined;
  let flight: Flight<V1Session> | undefined;
  function open({ signal, on }: Call): Promise<V1Session> {
    if (flight === undefined) {
      const begun = startFlight(
        async (ends) => (held = await openSession(place, name, { signal: ends, on })),
        () => {
          if (flight === begun) flight = undefined;
        },
      );
      flight = begun;
    }
    return flight.join(signal);
  }
  return {
    ...place,
    name,
    shown: `${place.host.name}/${name}`,
    open,
    async ask(path, question) {
      const known = held;
      let session = known ?? (await open(question));
      let exchange = await askWithin(place, session, path, question);
      // Sessions end. One that was opened for this very request has not: another would be refused, too.
      if (exchange.response.status === 401 && (known !== undefined || session.used)) {
        await exchange.response.cancel();
        if (held === session) held = undefined;
        session = held ?? (await open(question));
        exchange = await askWithin(place, session, path, question);
      }
      if (exchange.response.status === 401 && held === session) held = undefined;
      return exchange;
    },
  };
}

/** Asks the index anew. */
export async function listImages(repository: V1Repository, call: Call): Promise<readonly V1Image[]> {
  return (await repository.open(call)).images;
}

/** https://docs.docker.com/v1.6/reference/api/registry_api/ "List repository tags" */
export async function listTags(repository: V1Repository, call: Call): Promise<Readonly<Record<string, string>>> {
  const what = `the tags of ${repository.shown}`;
  const json = await document(repository, `repositories/${namespaced(repository.name)}/tags`, what, call);
  return parseTags(json, what, (text) => call.on?.({ type: 'warning', host: repository.host.name, text }));
}

/** https://docs.docker.com/v1.6/reference/api/registry_api/ "Get image id for a particular tag" */
export async function imageIdOf(repository: V1Repository, tag: string, call: Call): Promise<string> {
  const what = `the image of ${repository.shown}:${checkTag(tag)}`;
  const json = await document(repository, `repositories/${namespaced(repository.name)}/tags/${tag}`, what, call);
  return parseImageId(json, what);
}

/** The routes of tags want a namespace; where there is none it is `library`, in a private registry, too (registry_api). */
function namespaced(name: string): string {
  return name.includes('/') ? name : `library/${name}`;
}

/** @throws OciError `NOT_FOUND`, `UNAUTHORIZED`, `DENIED`, `PROTOCOL`, `TOO_LARGE` */
export async function document(repository: V1Repository, path: string, what: string, call: Call): Promise<unknown> {
  const exchange = await answered(repository, path, what, call);
  return readJson(exchange.response, repository.context.limits.documentBytes, what);
}

/** An answer of an endpoint with a body to read. */
export async function answered(
  repository: V1Repository,
  path: string,
  what: string,
  { signal, on, headers }: EndpointQuestion,
): Promise<V1Exchange> {
  const exchange = await repository.ask(path, { signal, on, ...(headers === undefined ? {} : { headers }) });
  if (exchange.response.status !== 200) throw await failed(exchange, `cannot read ${what}`);
  return exchange;
}

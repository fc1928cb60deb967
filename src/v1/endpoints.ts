/**
 * The registries that an index names for a repository. Each is a URL that a server chose, and is judged as a hop: https
 * does not become http, and nobody in public sends us into a private network.
 */
import { OciError } from '../errors.ts';
import { follow } from '../http/hop.ts';
import type { HttpResponse } from '../http/types.ts';
import type { Call } from '../model/call.ts';
import { quote } from '../model/quote.ts';
import type { V1Place } from './place.ts';

const MAX_ENDPOINTS = 10;

/**
 * Where the images are, in the order in which they are to be asked: `https://registry-1.docker.io/v1/`. An endpoint that
 * may not be asked is told of, and left out.
 * @throws OciError `REDIRECT_REFUSED`, `PROTOCOL` when there is no other
 */
export function endpointsOf(place: V1Place, response: HttpResponse, { on }: Call): readonly string[] {
  const { host } = place;
  const told = (response.headers['x-docker-endpoints'] ?? '').split(',').map((one) => one.trim());
  const named = told.filter((one) => one !== '').slice(0, MAX_ENDPOINTS);
  // hub_registry_spec has it in every answer; where it is missing, docker takes the registry itself.
  if (named.length === 0) return [`${host.origin}${host.pathPrefix}/v1/`];
  const bases = new Set<string>();
  let refusal: unknown;
  for (const one of named) {
    try {
      bases.add(baseOf(place, response.url, one));
    } catch (error) {
      refusal ??= error;
      const text = error instanceof Error ? error.message : 'it names an endpoint that is none';
      on?.({ type: 'warning', host: host.name, text });
    }
  }
  if (bases.size === 0) throw refusal;
  return [...bases];
}

/** The scheme is that of the index (moby, registry/session.go: buildEndpointsList). */
function baseOf({ context, host, origin, base }: V1Place, from: string, endpoint: string): string {
  if (!/^(?:https?:\/\/)?[^/?#\\\s]+\/?$/i.test(endpoint)) {
    throw new OciError('PROTOCOL', `${host.name} names a registry that is no host: ${quote(endpoint, 80)}`);
  }
  const url = endpoint.includes('://') ? endpoint : `${new URL(origin).protocol}//${endpoint}`;
  const judged = follow(from, url, { registry: origin, hosts: context.hosts }, 'registry endpoint').origin;
  return judged === origin ? base : `${judged}/v1/`;
}

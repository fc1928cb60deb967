/**
 * A v1 registry, as these documents have it, and the storage that it sends its readers to:
 * - "Docker Registry API": https://docs.docker.com/v1.6/reference/api/registry_api/
 * - "The Docker Hub and the Registry 1.0 spec", "On the Registry": https://docs.docker.com/v1.6/reference/api/hub_registry_spec/
 * - docker-registry, the registry of the time: https://github.com/docker-archive/docker-registry
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { ancestryOf, CHAIN, TAGS, type V1TestImage } from './v1-images.ts';
import { send } from './v1-index.ts';

export interface V1RegistryState {
  /** By signature: the repository it is for. A token is good for one request; then its cookie is. */
  readonly tokens: Map<string, string>;
  /** By the cookie's value. */
  readonly sessions: Map<string, string>;
  /** Where layers are; undefined: here. */
  storage: string | undefined;
  /** How a layer is sent. */
  sendLayer: (response: ServerResponse, image: V1TestImage) => void;
}

const REGISTRY_VERSION = { 'x-docker-registry-version': '0.6.0' };

export function v1Registry(state: V1RegistryState): RequestListener {
  return (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://registry');
    const cookie = admit(state, request);
    // hub_registry_spec, "On the Registry": the only challenge.
    if (cookie === undefined)
      return send(response, 401, { error: 'Requires authorization' }, { 'www-authenticate': 'Token' });
    response.setHeader('set-cookie', `session=${cookie}; Path=/; HttpOnly`);
    const [, repository, tag] = /^\/v1\/repositories\/(.+)\/tags(?:\/([^/]+))?$/.exec(pathname) ?? [];
    if (repository !== undefined) return tags(repository, tag, response);
    const [, id, what] = /^\/v1\/images\/([0-9a-f]{64})\/(ancestry|json|layer)$/.exec(pathname) ?? [];
    const image = CHAIN.find((one) => one.id === id);
    if (image === undefined) return send(response, 404, { error: 'Image not found' });
    if (what === 'ancestry') return send(response, 200, ancestryOf(image.id), REGISTRY_VERSION);
    if (what === 'json') return description(response, image);
    if (state.storage === undefined) return state.sendLayer(response, image);
    response.writeHead(302, { location: `${state.storage}/layers/${image.id}?Signature=CANARY-presigned` }).end();
  };
}

/** The session's cookie for a request that may pass: one that knows a token that nobody has used, or brings the cookie again. */
function admit({ tokens, sessions }: V1RegistryState, { headers }: IncomingMessage): string | undefined {
  const known = /(?:^|; )session=("[^"]+")/.exec(headers.cookie ?? '')?.[1];
  if (known !== undefined && sessions.has(known)) return known;
  const [, signature = '', repository] =
    /^Token signature=([^,]+),repository="([^"]+)",access=read$/.exec(headers.authorization ?? '') ?? [];
  if (repository === undefined || tokens.get(signature) !== repository) return undefined;
  tokens.delete(signature);
  const cookie = `"CANARY-cookie/${signature}=?timestamp=Rj="`;
  sessions.set(cookie, repository);
  return cookie;
}

/** registry_api, "List repository tags" and "Get image id for a particular tag": the namespace is a part of the route. */
function tags(repository: string, tag: string | undefined, response: ServerResponse): void {
  if (!repository.includes('/') || repository.endsWith('/empty'))
    return send(response, 404, { error: 'Repository not found' });
  if (tag === undefined) return send(response, 200, TAGS, REGISTRY_VERSION);
  const id = TAGS[tag];
  if (id === undefined) return send(response, 404, { error: 'Tag not found' });
  send(response, 200, id, REGISTRY_VERSION);
}

/** registry_api, "Get image layer" of `/json`; `X-Docker-Checksum-Payload` as docker-registry has it (docker_registry/images.py). */
function description(response: ServerResponse, { json, layer, checksumPayload }: V1TestImage): void {
  response.writeHead(200, {
    ...REGISTRY_VERSION,
    'content-type': 'application/json',
    'x-docker-size': String(layer.length),
    'x-docker-checksum-payload': checksumPayload,
  });
  response.end(json);
}

/** registry_api, "Get image layer". */
export function sendWhole(response: ServerResponse, { layer }: V1TestImage): void {
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': String(layer.length) });
  response.end(layer);
}

/** What a registry redirects to (hub_registry_spec, "Pull": "Currently registry redirects to s3 urls"). */
export function v1Storage(): RequestListener {
  return (request, response) => {
    const id = /^\/layers\/([0-9a-f]{64})\?/.exec(request.url ?? '')?.[1];
    const image = CHAIN.find((one) => one.id === id);
    response.setHeader('set-cookie', 'storage=CANARY-storage');
    if (image === undefined) response.writeHead(404).end();
    else sendWhole(response, image);
  };
}

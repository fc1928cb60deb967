/**
 * The client of the retired v1 protocol, for reading what is still kept in registries that know no other. It writes
 * nothing, and creates nothing. What it reads has no digests: nothing of it is a {@link Source}. The documents of the
 * protocol, which comments name by their files:
 * - registry_api, "Docker Registry API": https://docs.docker.com/v1.6/reference/api/registry_api/
 * - docker-io_api, "Docker Hub API": https://docs.docker.com/v1.7/reference/api/docker-io_api/
 * - hub_registry_spec, "The Docker Hub and the Registry 1.0 spec": https://docs.docker.com/v1.6/reference/api/hub_registry_spec/
 */
import { systemClock } from '../http/clock.ts';
import { rememberCredentials } from '../http/credentials.ts';
import { fetchTransport } from '../http/fetch-transport.ts';
import { createHosts, type Hosts, type HostSettings } from '../http/hosts.ts';
import { createSend, type SendOptions } from '../http/pipeline.ts';
import type { Middleware, Send } from '../http/types.ts';
import type { Call } from '../model/call.ts';
import { checkRepositoryName, parseReference, type Reference } from '../model/reference.ts';
import type { V1Image } from './documents.ts';
import { ancestryOf, imageJson, type V1ImageJson } from './image.ts';
import { openLayer, type V1Layer, type V1LayerOptions } from './layer.ts';
import { loginV1, type V1Account } from './login.ts';
import { pingV1, type V1Ping } from './ping.ts';
import { placeOf, type V1Context, type V1Limits } from './place.ts';
import { imageIdOf, listImages, listTags, repositoryAt, type V1Repository } from './repository.ts';
import { searchV1, type V1SearchResult } from './search.ts';

export interface V1ClientOptions extends Partial<Omit<SendOptions, 'hosts'>> {
  /** What is special about single registries, by their names. */
  readonly hosts?: Hosts | Readonly<Record<string, HostSettings>> | undefined;
  readonly limits?: Partial<V1Limits> | undefined;
}

/**
 * Registries are named as everywhere (`docker.io`, `quay.io`), repositories by a reference whose tag or digest is not looked
 * at, images by their whole id. All may throw OciError `UNREACHABLE`, `TLS`, `TIMEOUT`, `UNAUTHORIZED`, `DENIED`, `NOT_FOUND`,
 * `REFERENCE_INVALID`, `PROTOCOL`, `TOO_LARGE`, and `VERSION_UNSUPPORTED` where a registry speaks v2 only.
 */
export interface V1Client {
  /** Is there a registry of the v1 protocol? @throws OciError `NOT_A_REGISTRY` */
  ping(registry: string, options?: Call): Promise<V1Ping>;
  /** The repositories that an index finds for a text, all pages. @throws OciError `LIMIT` */
  search(registry: string, term: string, options?: Call): AsyncGenerator<V1SearchResult>;
  /** Proves a user name and password to an index; a standalone registry takes any. No account is ever made. */
  login(registry: string, account: V1Account, options?: Call): Promise<void>;
  /** All images of a repository, as the index lists them; quay.io lists none. */
  images(repository: string | Reference, options?: Call): Promise<readonly V1Image[]>;
  /** From tag to image id. */
  tags(repository: string | Reference, options?: Call): Promise<Readonly<Record<string, string>>>;
  /** The id of a tag's image. */
  imageId(repository: string | Reference, tag: string, options?: Call): Promise<string>;
  /** The ids of an image and its parents, itself first. */
  ancestry(repository: string | Reference, imageId: string, options?: Call): Promise<readonly string[]>;
  /** The description of an image. */
  json(repository: string | Reference, imageId: string, options?: Call): Promise<V1ImageJson>;
  /** Opens the layer of an image: bytes that no digest proves. @throws OciError `UNSUPPORTED` */
  layer(repository: string | Reference, imageId: string, options?: V1LayerOptions): Promise<V1Layer>;
  /** Lets go of the connections of the transport that it was given. */
  close(): Promise<void>;
}

const LIMITS: V1Limits = { documentBytes: 8 * 1024 * 1024, pages: 1000 };
const MAX_REMEMBERED = 1000;

/**
 * Begins a session with registries of the v1 protocol. Nothing is sent before a verb is called. Browsers keep cookies from
 * programs, so that registries with sessions cannot be read there.
 * @example
 * const client = createV1Client();
 * const id = await client.imageId('registry.example.com/team/app', 'latest');
 */
export function createV1Client(options: V1ClientOptions = {}): V1Client {
  const { transport = fetchTransport(), clock = systemClock } = options;
  const context = contextOf(options, transport, clock);
  const repositories = new Map<string, V1Repository>();
  const repository = (name: string | Reference): V1Repository => {
    const given = typeof name === 'string' ? parseReference(name) : name;
    const place = placeOf(context, given.domain);
    // A reference made by hand obeys the same rules.
    const { path } = parseReference(`${place.host.name}/${checkRepositoryName(given.path)}`);
    const key = `${place.host.name}/${path}`;
    const known = repositories.get(key) ?? repositoryAt(place, path);
    if (repositories.size >= MAX_REMEMBERED) repositories.clear();
    repositories.set(key, known);
    return known;
  };
  return {
    ping: async (registry, call = {}) => pingV1(placeOf(context, registry), call),
    search: (registry, term, call = {}) => searchV1(placeOf(context, registry), term, call),
    login: async (registry, account, call = {}) => loginV1(placeOf(context, registry), account, call),
    images: async (name, call = {}) => listImages(repository(name), call),
    tags: async (name, call = {}) => listTags(repository(name), call),
    imageId: async (name, tag, call = {}) => imageIdOf(repository(name), tag, call),
    ancestry: async (name, id, call = {}) => ancestryOf(repository(name), id, call),
    json: async (name, id, call = {}) => imageJson(repository(name), id, call),
    layer: async (name, id, call = {}) => openLayer(repository(name), id, call),
    async close() {
      if (isClosable(transport)) await transport.close();
    },
  };
}

function contextOf(options: V1ClientOptions, transport: Send, clock: NonNullable<V1ClientOptions['clock']>): V1Context {
  const hosts = typeof options.hosts === 'function' ? options.hosts : createHosts(options.hosts);
  const credentials = rememberCredentials(options.credentials);
  const connect = (...own: readonly Middleware[]): Send => {
    const middleware = [...(options.middleware ?? []), ...own];
    return createSend({ ...options, hosts, transport, clock, credentials: credentials.find, middleware });
  };
  return { hosts, limits: { ...LIMITS, ...options.limits }, clock, credentials, send: connect(), connect };
}

function isClosable(value: object): value is { close(): unknown } {
  return 'close' in value && typeof value.close === 'function';
}

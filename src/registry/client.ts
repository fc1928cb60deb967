/**
 * The client: a session with any number of registries. It holds what they taught (tokens, challenges, quirks) and what
 * the user set; it makes repositories, and does nothing by itself.
 */
import { systemClock } from '../http/clock.ts';
import { fetchTransport } from '../http/fetch-transport.ts';
import { createHosts, type HostSettings, type Hosts } from '../http/hosts.ts';
import { createSend, type SendOptions } from '../http/pipeline.ts';
import { parseRegistryName } from '../model/domain.ts';
import { MAX_MANIFEST_BYTES } from '../model/manifest.ts';
import { parseReference, type Reference } from '../model/reference.ts';
import type { Call } from '../model/call.ts';
import { createFacts } from './facts.ts';
import { createMutex } from './mutex.ts';
import type { Ping } from './ping.ts';
import { type RemoteRegistry, registryAt } from './registry.ts';
import type { Repository } from './repository.ts';
import type { RegistryLimits, RegistryPlace, Session } from './session.ts';

export interface ClientOptions extends Partial<Omit<SendOptions, 'hosts'>> {
  /**
   * What is special about single registries, by their names.
   * @example { 'registry.internal:5000': { plainHttp: true }, 'docker.io': { mirrors: ['mirror.gcr.io'] } }
   */
  readonly hosts?: Hosts | Readonly<Record<string, HostSettings>> | undefined;
  /** Names in a page of a listing. @default 1000, the most that ECR gives */
  readonly pageSize?: number | undefined;
  /** Send blobs that are larger than this in chunks of it, in bytes. @default whole, unless the registry wants chunks */
  readonly chunkSize?: number | undefined;
  /** Fetch layers that the registry has not got from the `urls` of their descriptors, without credentials. @default false */
  readonly foreignLayers?: boolean | undefined;
  readonly limits?: Partial<RegistryLimits> | undefined;
}

export interface Client {
  /**
   * A registry by its name: `ghcr.io`, `localhost:5000`, `docker.io`.
   * @throws OciError `REFERENCE_INVALID`
   */
  registry(name: string): RemoteRegistry;
  /**
   * A repository by its reference: `alpine`, `ghcr.io/o/app`; a tag or digest in it is not looked at.
   * @throws OciError `REFERENCE_INVALID`
   */
  repository(name: string | Reference): Repository;
  /** @throws OciError `UNREACHABLE`, `TIMEOUT`, `TLS`, `NOT_A_REGISTRY`, `VERSION_UNSUPPORTED`, `UNAUTHORIZED`, `DENIED` */
  ping(registry: string, options?: Call): Promise<Ping>;
  /** Lets go of the connections of the transport that it was given. A process can end without it. */
  close(): Promise<void>;
}

const LIMITS: RegistryLimits = { manifestBytes: MAX_MANIFEST_BYTES, pageBytes: 8 * 1024 * 1024, pages: 100_000 };

/**
 * Begins a session. Nothing is sent before a verb is called.
 * @example
 * const client = createClient();
 * const manifest = await client.repository('alpine').manifest('3');
 */
export function createClient(options: ClientOptions = {}): Client {
  const { transport = fetchTransport(), clock = systemClock } = options;
  const hosts = typeof options.hosts === 'function' ? options.hosts : createHosts(options.hosts);
  const session: Session = {
    send: createSend({ ...options, hosts, transport, clock }),
    transfers: (url) =>
      hasTransfers(transport) && (options.middleware ?? []).length === 0 && transport.takesTransfers(url),
    hosts,
    clock,
    limits: { ...LIMITS, ...options.limits },
    pageSize: options.pageSize ?? 1000,
    chunkSize: options.chunkSize,
    foreignLayers: options.foreignLayers ?? false,
    exclusive: createMutex(),
    kept: new Map(),
  };
  const factsOf = createFacts();
  const placeOf = (name: string): RegistryPlace => {
    const host = hosts(name);
    return { session, host, facts: factsOf(host.name) };
  };
  const registry = (name: string): RemoteRegistry => registryAt(placeOf(parseRegistryName(name)));
  return {
    registry,
    repository(name) {
      const { domain, path } = typeof name === 'string' ? parseReference(name) : name;
      return registry(domain).repository(path);
    },
    ping: (name, call) => registry(name).ping(call),
    async close() {
      if (isClosable(transport)) await transport.close();
    },
  };
}

/** A transport that can put bytes into a transfer tells from where. */
function hasTransfers(value: object): value is { takesTransfers(url: string): boolean } {
  return 'takesTransfers' in value && typeof value.takesTransfers === 'function';
}

function isClosable(value: object): value is { close(): unknown } {
  return 'close' in value && typeof value.close === 'function';
}

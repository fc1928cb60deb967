/**
 * What the requests of one v1 client share, and where the index of a registry stands. The protocol has two roles, the
 * index (who may do what, and where) and the registry (the images); most registries play both.
 */
import type { Clock } from '../http/clock.ts';
import type { CredentialMemory } from '../http/credentials.ts';
import type { Host, Hosts } from '../http/hosts.ts';
import type { Middleware, Send } from '../http/types.ts';
import { DOCKER_HUB, parseRegistryName } from '../model/domain.ts';

/** How much is read before a document counts as too large, and a search as endless. */
export interface V1Limits {
  /** Bytes of a document; 8 MiB unless told. */
  readonly documentBytes: number;
  /** Pages of one search; 1000 unless told. */
  readonly pages: number;
}

export interface V1Context {
  readonly hosts: Hosts;
  readonly limits: V1Limits;
  readonly clock: Clock;
  /** What an index refused is forgotten, and looked up anew. */
  readonly credentials: CredentialMemory;
  /** For what belongs to no session. */
  readonly send: Send;
  /** A way to send of its own, with this next to the transport: what a session carries. */
  connect(carry: Middleware): Send;
}

/** A registry, as the protocol sees it: all is sent on behalf of its index, and only the index may have its password. */
export interface V1Place {
  readonly context: V1Context;
  readonly host: Host;
  /** Of the index: `https://index.docker.io`. */
  readonly origin: string;
  /** Of the index: `https://index.docker.io/v1/`. */
  readonly base: string;
}

/** @throws OciError `REFERENCE_INVALID` */
export function placeOf(context: V1Context, registry: string): V1Place {
  const host = context.hosts(parseRegistryName(registry));
  const origin = indexOrigin(host);
  return { context, host, origin, base: `${origin}${host.pathPrefix}/v1/` };
}

/** Docker Hub has its index apart from its registry (hub_registry_spec, "The three roles"). */
function indexOrigin({ name, origin }: Host): string {
  return name === DOCKER_HUB ? origin.replace(/\/\/registry-1\.docker\.io$/, '//index.docker.io') : origin;
}

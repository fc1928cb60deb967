/** What the requests of one client share, and the place that a request is about. */
import type { Clock } from '../http/clock.ts';
import type { Host, Hosts } from '../http/hosts.ts';
import type { Send } from '../http/types.ts';
import type { Descriptor } from '../model/descriptor.ts';
import type { Digest } from '../model/digest.ts';
import type { Origin } from '../store/types.ts';
import type { Facts } from './facts.ts';
import type { Mutex } from './mutex.ts';

/** How much is read before a document counts as too large, and a listing as endless. */
export interface RegistryLimits {
  /** Bytes of a manifest; 8 MiB unless told. */
  readonly manifestBytes: number;
  /** Bytes of one page of a listing; 8 MiB unless told. */
  readonly pageBytes: number;
  /** Pages of one listing; 100 000 unless told. */
  readonly pages: number;
}

/** The part of a client that its verbs work with. */
export interface Session {
  readonly send: Send;
  /** Can large blobs of a URL pass by this thread? Nobody stands in between who wants to see them, and no proxy. */
  readonly transfers: (url: string) => boolean;
  readonly hosts: Hosts;
  readonly clock: Clock;
  readonly limits: RegistryLimits;
  readonly pageSize: number;
  /** Blobs larger than this are sent in chunks of it, in bytes; undefined: whole, unless the registry wants chunks. */
  readonly chunkSize: number | undefined;
  /** Fetch layers from the `urls` of their descriptors when the registry has not got them. */
  readonly foreignLayers: boolean;
  readonly exclusive: Mutex;
  /** What was entered in lists under fallback tags, while somebody waits to see whether it stays. */
  readonly kept: Map<string, Set<Kept>>;
}

/** What one call looks after. What ends it ends it for everything in it: so all of it was added with the same signal. */
export interface Kept {
  readonly signal: AbortSignal | undefined;
  readonly entries: Map<Digest, Descriptor>;
}

/** A registry, as a session sees it. */
export interface RegistryPlace {
  readonly session: Session;
  readonly host: Host;
  readonly facts: Facts;
}

/** A repository, as a session sees it. */
export interface Place extends RegistryPlace {
  readonly repository: string;
}

/** How messages name a repository: `ghcr.io/o/app`. */
export function nameOf({ host, repository }: Place): string {
  return `${host.name}/${repository}`;
}

export function originOf({ host, repository }: Place): Origin {
  return { registry: host.name, repository };
}

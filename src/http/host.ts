/** What is known of a registry's host: what a user may set, and what comes of it. Data only; `hosts` makes it. */
import type { WireHeaders } from '../model/call.ts';
import type { Credential } from './types.ts';

/** What a user may set for a registry. */
export interface HostSettings {
  /**
   * Where requests go, when it is not the registry's name: `https://registry.internal:5000`. It may end in a path prefix.
   * @default https and the name; http for localhost, 127.0.0.0/8 and [::1]
   */
  readonly origin?: string | undefined;
  /** What stands before `/v2/` in its paths, e.g. `/artifactory/api/docker/hub`. */
  readonly pathPrefix?: string | undefined;
  /** Of a mirror: what stands before a repository's own name there, e.g. `hub-proxy` for `/v2/hub-proxy/library/alpine/`. */
  readonly repositoryPrefix?: string | undefined;
  /** Speak http with it. Nothing else ever makes a request leave this machine unencrypted. */
  readonly plainHttp?: boolean | undefined;
  /**
   * Registries that have copies, tried in this order before the registry, for reading only:
   * names, URLs, or `mirror.example/project` where the copies stand in a project.
   */
  readonly mirrors?: readonly string[] | undefined;
  /** Ask the mirrors for tags first, too. Without it a tag is asked of the registry itself, and of mirrors only when it cannot answer. */
  readonly mirrorTags?: boolean | undefined;
  /** Sent to this registry, and nowhere that it redirects to. */
  readonly headers?: WireHeaders | undefined;
  /** Other hosts (`auth.example.com`, with the port where there is one) that its credentials may be sent to for a token. */
  readonly realms?: readonly string[] | undefined;
  /** Instead of what the credentials function finds; `none`: stay anonymous. */
  readonly credential?: Credential | 'none' | undefined;
  /** Ask for tokens that are good for one repository only; some token servers refuse two at once. */
  readonly repositoryTokens?: boolean | undefined;
  /** Bytes of a chunk, for registries that bound the size of a request. */
  readonly chunkSize?: number | undefined;
  /**
   * Where what is attached to a manifest is listed: by the registry (`api`), or under a tag that clients keep up (`tag`), whatever the
   * registry can. Unless told, by whichever there is.
   */
  readonly referrers?: 'api' | 'tag' | undefined;
}

/** Where a registry is, and what it may be sent. */
export interface Host {
  /** The registry's canonical name: credentials are looked up by it. */
  readonly name: string;
  /** `https://registry-1.docker.io` */
  readonly origin: string;
  /** `''`, or `/prefix`. */
  readonly pathPrefix: string;
  /** `''`, or `/project`. */
  readonly repositoryPrefix: string;
  readonly plainHttp: boolean;
  /** The user set something for it: then redirects to it are wanted, wherever it stands. */
  readonly named: boolean;
  readonly mirrors: readonly Host[];
  readonly mirrorTags: boolean;
  /** Names in lower case. */
  readonly headers: WireHeaders;
  readonly realms: readonly string[];
  readonly credential?: Credential | 'none' | undefined;
  readonly repositoryTokens: boolean;
  readonly chunkSize?: number | undefined;
  readonly referrers?: 'api' | 'tag' | undefined;
}

/**
 * Finds the host of a registry, by its name (`docker.io`), one of its aliases, or its origin (`https://registry-1.docker.io`).
 * @param chosenBy who named it, we unless told: what a server names, in a redirect, changes nothing of what is known
 * @throws OciError `REFERENCE_INVALID`
 */
export type Hosts = (registry: string, chosenBy?: 'own' | 'server') => Host;

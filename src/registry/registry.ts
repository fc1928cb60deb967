/** A registry over HTTP as a `Registry`: its repositories, its catalog, and whether it is there. */
import type { Call } from '../model/call.ts';
import { checkRepositoryName, parseReference } from '../model/reference.ts';
import type { HttpResponse } from '../http/types.ts';
import type { ListOptions, Registry } from '../store/types.ts';
import { listRepositories } from './list.ts';
import { type PageOptions, repositoryPage, type RepositoryPage } from './list-page.ts';
import { type Ping, pingRegistry } from './ping.ts';
import { type Repository, repositoryAt } from './repository.ts';
import { type OwnRequest, sendOwn } from './request.ts';
import type { RegistryPlace } from './session.ts';

/** A registry. Nothing is asked before a verb is called. */
export interface RemoteRegistry extends Registry {
  /** Its canonical name, e.g. `docker.io`. */
  readonly name: string;
  /**
   * A repository of it; of Docker Hub, `alpine` is `library/alpine`.
   * @throws OciError `REFERENCE_INVALID`
   */
  repository(name: string): Repository;
  /** @throws OciError `UNSUPPORTED`, `UNAUTHORIZED`: many registries keep their catalog to themselves */
  repositories(options?: ListOptions): AsyncIterable<string>;
  /**
   * One page of the repositories, for who pages by hand: go on with its `next`.
   * @throws OciError as `repositories`, and `REDIRECT_REFUSED` for a cursor that leads elsewhere
   */
  repositoryPage(options?: PageOptions): Promise<RepositoryPage>;
  /** @throws OciError `UNREACHABLE`, `TIMEOUT`, `TLS`, `NOT_A_REGISTRY`, `VERSION_UNSUPPORTED`, `UNAUTHORIZED`, `DENIED` */
  ping(options?: Call): Promise<Ping>;
  /**
   * A request of your own, authenticated as all others are. Read the answer's body, or `cancel` it.
   * @example const { status, headers } = await registry.request({ method: 'HEAD', path: 'team/app/manifests/1' });
   * @throws OciError `USAGE` for a path that leads elsewhere, and whatever sending throws; never for a status
   */
  request(request: OwnRequest): Promise<HttpResponse>;
}

export function registryAt(place: RegistryPlace): RemoteRegistry {
  const { name: registry } = place.host;
  return {
    name: registry,
    repository(name) {
      const { path } = parseReference(`${registry}/${checkRepositoryName(name)}`);
      return repositoryAt({ ...place, repository: path });
    },
    repositories: (options) => listRepositories(place, options),
    repositoryPage: (options) => repositoryPage(place, options),
    ping: (call) => pingRegistry(place, call),
    request: (request) => sendOwn(place, request),
  };
}

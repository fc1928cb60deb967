/**
 * Which path is which route: one table. Names, tags and digests are checked here, before anybody decides or acts on
 * them; a percent sign is in none of them (only the colon of a digest may come encoded).
 */
import { OciError } from '../errors.ts';
import { parseDigest } from '../model/digest.ts';
import { checkRepositoryName, checkTag } from '../model/reference.ts';
import type { Action } from './access.ts';
import { deleteBlob, getBlob } from './blobs.ts';
import type { Exchange } from './exchange.ts';
import { listRepositories, listTags } from './lists.ts';
import { deleteManifest, getManifest, putManifest } from './manifests.ts';
import { listReferrers } from './referrers.ts';
import { json } from './responses.ts';
import { cancelUpload, finishUpload, patchUpload, startUpload, uploadStatus } from './uploads.ts';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** What a method does, and what it must be allowed to do. A HEAD is its GET without the body. */
interface Operation {
  readonly action: Action;
  readonly handle: (exchange: Exchange) => Promise<Response>;
}

interface Route {
  readonly path: RegExp;
  readonly check?: (target: string) => unknown;
  readonly methods: Partial<Record<Method, Operation>>;
}

const ping = async (): Promise<Response> => json({});

const routes: readonly Route[] = [
  { path: /^\/v2\/?$/, methods: { GET: { action: 'ping', handle: ping } } },
  { path: /^\/v2\/_catalog$/, methods: { GET: { action: 'catalog', handle: listRepositories } } },
  { path: /^\/v2\/(?<name>.+)\/tags\/list$/, methods: { GET: { action: 'pull', handle: listTags } } },
  {
    path: /^\/v2\/(?<name>.+)\/manifests\/(?<target>[^/]+)$/,
    check: (target) => (target.includes(':') ? parseDigest(target) : checkReference(target)),
    methods: {
      GET: { action: 'pull', handle: getManifest },
      PUT: { action: 'push', handle: putManifest },
      DELETE: { action: 'delete', handle: deleteManifest },
    },
  },
  {
    path: /^\/v2\/(?<name>.+)\/blobs\/uploads\/?$/,
    methods: { POST: { action: 'push', handle: startUpload } },
  },
  {
    path: /^\/v2\/(?<name>.+)\/blobs\/uploads\/(?<target>[^/]+)$/,
    methods: {
      GET: { action: 'push', handle: uploadStatus },
      PATCH: { action: 'push', handle: patchUpload },
      PUT: { action: 'push', handle: finishUpload },
      DELETE: { action: 'push', handle: cancelUpload },
    },
  },
  {
    path: /^\/v2\/(?<name>.+)\/blobs\/(?<target>[^/]+)$/,
    check: parseDigest,
    methods: { GET: { action: 'pull', handle: getBlob }, DELETE: { action: 'delete', handle: deleteBlob } },
  },
  {
    path: /^\/v2\/(?<name>.+)\/referrers\/(?<target>[^/]+)$/,
    check: parseDigest,
    methods: { GET: { action: 'pull', handle: listReferrers } },
  },
];

/** A request that has a route. */
export interface Matched extends Operation {
  /** Empty on the routes of the registry as a whole. */
  readonly repository: string;
  readonly target: string;
}

/**
 * Finds the route of a request.
 * @returns the methods that the path has, when it has not this one; undefined when there is no such path
 * @throws OciError `REFERENCE_INVALID`, `DIGEST_INVALID`, `MANIFEST_INVALID` (the tag)
 */
export function matchRoute(method: string, pathname: string): Matched | { readonly allow: string } | undefined {
  const path = pathname.replace(/%3a/gi, ':');
  for (const route of routes) {
    const match = route.path.exec(path);
    if (match === null) continue;
    const operation = route.methods[(method === 'HEAD' ? 'GET' : method) as Method];
    if (operation === undefined) return { allow: allowedMethods(route) };
    const { name = '', target = '' } = match.groups ?? {};
    if (name !== '') checkRepositoryName(name);
    route.check?.(target);
    return { ...operation, repository: name, target };
  }
  return undefined;
}

function allowedMethods({ methods }: Route): string {
  return Object.keys(methods)
    .flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
    .join(', ');
}

/** The specification has no code for a tag that cannot be; docker's registry has this one for it as well. */
function checkReference(tag: string): void {
  try {
    checkTag(tag);
  } catch (cause) {
    throw new OciError('MANIFEST_INVALID', 'the reference is neither a tag nor a digest', { cause });
  }
}

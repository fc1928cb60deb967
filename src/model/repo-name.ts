/**
 * Names as node-docker-registry-client shows them: index, remote name, local name, canonical name. It adds three things
 * to a reference: a scheme may stand before the registry, another registry may be the default, and `latest` is told
 * where there is neither tag nor digest. What is a name is decided in `reference` and `domain` alone: that client also
 * took `''`, `a//b`, `..`, `a/`, `busybox:` and digests of any form, and refused `a/b` and `a--b/c`.
 */
import { OciError } from '../errors.ts';
import type { Digest } from './digest.ts';
import { DOCKER_HUB, looksLikeDomain, parseRegistryName } from './domain.ts';
import { quote } from './quote.ts';
import { familiarReference, formatReference, parseReference, type Reference, withDefaultTag } from './reference.ts';

/** A registry, as a name tells it. */
export interface RegistryIndex {
  /** How it is to be spoken to; absent where the name does not tell. */
  readonly scheme?: 'http' | 'https' | undefined;
  /** `docker.io`, `localhost:5000` */
  readonly name: string;
  /** Is it Docker Hub? */
  readonly official: boolean;
}

/** The name of a repository. */
export interface RepoName {
  readonly index: RegistryIndex;
  /** Is it in the namespace `library` of Docker Hub? */
  readonly official: boolean;
  /** Its name in the registry: `library/mongo`. */
  readonly remoteName: string;
  /** The shortest name that means it: `mongo`, `quay.io/trentm/foo`. */
  readonly localName: string;
  /** The same with its registry: `docker.io/mongo`. */
  readonly canonicalName: string;
}

/** The name of something in a repository: a tag, a digest, or both, and then the digest decides. */
export interface RepoReference extends RepoName {
  readonly tag?: string;
  readonly digest?: Digest;
}

/** A reference, and what its text told of the registry. */
export interface IndexedReference {
  readonly index: RegistryIndex;
  readonly reference: Reference;
}

/** What `docker login` calls Docker Hub. It is a name and not an address, so it tells no scheme. */
const LOGIN_SERVER = 'https://index.docker.io/v1/';

/**
 * Reads the address of a registry; nothing, or `https://index.docker.io/v1/`, is Docker Hub.
 * @example parseIndex('https://quay.io/') // { scheme: 'https', name: 'quay.io', official: false }
 * @throws OciError `REFERENCE_INVALID`, also for http to Docker Hub
 */
export function parseIndex(text: string = ''): RegistryIndex {
  if (text === '' || text === LOGIN_SERVER) return { name: DOCKER_HUB, official: true };
  const name = parseRegistryName(text);
  const official = name === DOCKER_HUB;
  if (!/^https?:/i.test(text)) return { name, official };
  const scheme = /^https/i.test(text) ? 'https' : 'http';
  if (!official || scheme === 'https') return { scheme, name, official };
  throw new OciError('REFERENCE_INVALID', `${quote(text)} is refused: http to the official registry is disallowed`, {
    hint: `write ${DOCKER_HUB}`,
  });
}

/**
 * Reads the name of a repository, `[[scheme://]registry/]repository`.
 * @param defaultIndex the registry of names that tell none; it is copied. Docker Hub unless told
 * @example parseRepo('mongo').canonicalName // 'docker.io/mongo'
 * @throws OciError `REFERENCE_INVALID`, also when a tag or digest follows
 */
export function parseRepo(text: string, defaultIndex?: string | RegistryIndex): RepoName {
  const read = parseIndexedReference(text, defaultIndex);
  const { tag, digest } = read.reference;
  if (tag === undefined && digest === undefined) return nameOf(read);
  throw new OciError(
    'REFERENCE_INVALID',
    `${quote(text)} is not a repository: ${digest === undefined ? 'a tag' : 'a digest'} follows its name`,
    { hint: 'leave it out, or read the whole with parseRepoAndRef' },
  );
}

/**
 * Reads the name of an image, `[[scheme://]registry/]repository[:tag][@digest]`; without tag and digest it is `latest`.
 * @param defaultIndex the registry of names that tell none; it is copied. Docker Hub unless told
 * @example parseRepoAndRef('https://quay.io/trentm/foo').tag // 'latest'
 * @throws OciError `REFERENCE_INVALID`, `DIGEST_INVALID`
 */
export function parseRepoAndRef(text: string, defaultIndex?: string | RegistryIndex): RepoReference {
  const read = parseIndexedReference(text, defaultIndex);
  const { tag, digest } = withDefaultTag(read.reference);
  return { ...nameOf(read), ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
}

/** {@link parseRepoAndRef}, by its older name. */
export const parseRepoAndTag: typeof parseRepoAndRef = parseRepoAndRef;

/**
 * Reads a reference that may have `http://` or `https://` before its registry; no tag is added.
 * @param defaultIndex the registry of names that tell none; it is copied. Docker Hub unless told
 * @throws OciError `REFERENCE_INVALID`, `DIGEST_INVALID`
 */
export function parseIndexedReference(text: string, defaultIndex?: string | RegistryIndex): IndexedReference {
  const [, scheme, named = ''] = /^(https?:\/\/)([^]*)$/i.exec(text) ?? [];
  if (scheme !== undefined) return parseAddressed(scheme, named);
  const fallback = copyIndex(defaultIndex);
  const reference = parseReference(text, { defaultDomain: fallback.name });
  const isNamed = text.includes('/') && looksLikeDomain(text.slice(0, text.indexOf('/')));
  return { index: isNamed ? parseIndex(reference.domain) : fallback, reference };
}

/** Behind a scheme stands a registry, whatever it looks like. */
function parseAddressed(scheme: string, named: string): IndexedReference {
  const slash = named.indexOf('/');
  if (slash < 0) throw withoutRepository(parseIndex(scheme + named));
  // First, for it repeats no password, not even one with a slash in it.
  const reference = parseReference(named);
  return { index: parseIndex(scheme + named.slice(0, slash)), reference };
}

function withoutRepository({ name }: RegistryIndex): OciError {
  return new OciError('REFERENCE_INVALID', `${quote(name)} is a registry, and no repository follows it`, {
    hint: `write ${name}/repository`,
  });
}

/** It is read anew, so that an object that somebody made by hand obeys the same rules. */
function copyIndex(index: string | RegistryIndex | undefined): RegistryIndex {
  if (typeof index !== 'object') return parseIndex(index);
  return parseIndex(index.scheme === undefined ? index.name : `${index.scheme}://${index.name}`);
}

/** The short names are those of docker: they are left whole where a shorter one would mean another repository. */
function nameOf({ index, reference: { domain, path } }: IndexedReference): RepoName {
  const localName = familiarReference({ domain, path });
  const isWhole = localName === formatReference({ domain, path });
  return {
    index,
    official: index.official && path.startsWith('library/'),
    remoteName: path,
    localName,
    canonicalName: isWhole ? localName : `${domain}/${localName}`,
  };
}

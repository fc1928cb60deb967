/**
 * Locators: what stands on a command line where an image is meant. `ghcr.io/o/app:1` is in a registry, `oci:DIR:TAG` in a
 * layout, `oci-archive:FILE:TAG` and `docker-archive:FILE:REF` in an archive, `docker-daemon:REF` in a docker engine. This reads and
 * writes them; opening is elsewhere.
 *
 * A path may hold colons and a drive letter: the tag is what follows the last colon if it can be one, and a colon at the very
 * end says that there is none. A repository that is called like a scheme is named in full: `docker.io/library/oci:1`.
 */
import { isOciError, OciError } from '../errors.ts';
import { type Digest, isDigest, parseDigest } from '../model/digest.ts';
import { quote } from '../model/quote.ts';
import {
  familiarReference,
  formatReference,
  isTag,
  parseReference,
  type Reference,
  withDefaultTag,
} from '../model/reference.ts';

/** An image in a layout: in a directory, or in an archive (`-`: standard input or output). */
export interface LayoutLocator {
  readonly kind: 'oci' | 'oci-archive';
  readonly path: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

/** An image in an archive as `docker save` writes it (`-`: standard input or output). */
export interface DockerArchiveLocator {
  readonly kind: 'docker-archive';
  readonly path: string;
  readonly reference?: Reference;
  /** The place of the image in the archive, for one that has no name: `@0` is the first. */
  readonly index?: number;
}

/** An image in a docker engine: by its name, by the engine's id for it, or by both; then the id decides. */
export interface DockerDaemonLocator {
  readonly kind: 'docker-daemon';
  /** Without a digest. */
  readonly reference?: Reference;
  /** As the engine lists it, or the digest of a manifest where it keeps those. */
  readonly id?: Digest;
}

export interface RegistryLocator {
  readonly kind: 'registry';
  readonly reference: Reference;
}

export type Locator = RegistryLocator | LayoutLocator | DockerArchiveLocator | DockerDaemonLocator;

/** A place on this disk. */
export type PathLocator = LayoutLocator | DockerArchiveLocator;

export function isPath(locator: Locator): locator is PathLocator {
  return 'path' in locator;
}

/** Does the place hold images of many repositories under whole names, each for one platform and without its manifest? */
export function isSaved(locator: Locator): locator is DockerArchiveLocator | DockerDaemonLocator {
  return locator.kind === 'docker-archive' || locator.kind === 'docker-daemon';
}

/**
 * Reads a locator. `-` alone is an OCI archive on standard input or output.
 * @example parseLocator('oci:./alpine:3.20') // { kind: 'oci', path: './alpine', tag: '3.20' }
 * @throws OciError `REFERENCE_INVALID`, `DIGEST_INVALID`
 */
export function parseLocator(text: string): Locator {
  if (text === '-') return { kind: 'oci-archive', path: '-' };
  const [, kind, rest = ''] = /^(oci|oci-archive|docker-archive|docker-daemon):(.*)$/s.exec(text) ?? [];
  if (kind === undefined) return { kind: 'registry', reference: parseRemote(text) };
  if (rest.startsWith('//')) throw invalid(text, 'it has slashes after its scheme', `write ${kind}:${rest.slice(2)}`);
  if (kind === 'docker-daemon') return parseDaemon(rest, text);
  const locator: PathLocator =
    kind === 'docker-archive' ? splitArchive(rest) : { kind: kind as LayoutLocator['kind'], ...splitLayout(rest) };
  if (locator.path === '') throw invalid(text, 'it names no path', `write ${usages[locator.kind]}`);
  if (locator.path.includes('\0')) throw invalid(text, 'its path holds a zero byte');
  return locator;
}

/**
 * Reads a locator of a target, which may list tags: `ghcr.io/o/app:1,1.2,latest`.
 * @returns the locator with the first tag, and all further ones
 * @throws OciError `REFERENCE_INVALID`, `DIGEST_INVALID`
 */
export function parseTargetLocator(text: string): { readonly locator: Locator; readonly moreTags: readonly string[] } {
  const [, first, list = ''] = /^(.*:[\w][\w.-]*),([\w.,-]+)$/s.exec(text) ?? [];
  const locator = first === undefined ? undefined : parseLocator(first);
  if (locator === undefined || tagOf(locator) === undefined) return { locator: parseLocator(text), moreTags: [] };
  const moreTags = list.split(',');
  const bad = moreTags.find((tag) => !isTag(tag));
  if (bad !== undefined) throw invalid(text, `${quote(bad)} is not a tag`);
  return { locator, moreTags };
}

/** The string of a locator; it parses to an equal one. */
export function formatLocator(locator: Locator): string {
  if (locator.kind === 'registry') return formatRemote(locator.reference);
  if (locator.kind === 'docker-daemon') return formatDaemon(locator);
  const { kind, path } = locator;
  if (kind === 'docker-archive') {
    const { reference, index } = locator;
    const place = index === undefined ? undefined : `@${index}`;
    const image = reference === undefined ? place : familiarReference(reference);
    if (image !== undefined) return `${kind}:${path}:${image}`;
    return splitArchive(path).path === path ? `${kind}:${path}` : `${kind}:${path}:`;
  }
  const { tag, digest } = locator;
  const ending = tag === undefined ? (splitLayout(path).path === path ? '' : ':') : `:${tag}`;
  return `${kind}:${path}${ending}${digest === undefined ? '' : `@${digest}`}`;
}

/** The tag that a locator names. */
export function tagOf(locator: Locator): string | undefined {
  return 'reference' in locator ? locator.reference?.tag : 'tag' in locator ? locator.tag : undefined;
}

/** What the image is called within its place: its tag; where there are many repositories, the whole name. */
export function nameIn(locator: Locator): string | undefined {
  if (!isSaved(locator)) return tagOf(locator);
  const { reference } = locator;
  const index = 'index' in locator ? locator.index : undefined;
  if (reference?.tag === undefined) return index === undefined ? undefined : `@${index}`;
  const { digest: _, ...name } = reference;
  return familiarReference(name);
}

/** Another image of the same place: by its tag or, where there are many repositories, by its whole name, too. */
export function withName(locator: Locator, name: string): Locator {
  if (isSaved(locator)) {
    const place = isPath(locator) ? { kind: locator.kind, path: locator.path } : { kind: locator.kind };
    const { reference } = locator;
    if (reference === undefined || !isTag(name)) return { ...place, reference: parseReference(name) };
    return { ...place, reference: { domain: reference.domain, path: reference.path, tag: name } };
  }
  if (locator.kind !== 'registry') return { kind: locator.kind, path: locator.path, tag: name };
  const { domain, path } = locator.reference;
  return { kind: 'registry', reference: { domain, path, tag: name } };
}

/** A locator of an image without a tag or digest means `latest` where images have names, not only tags. */
export function withDefaultName(locator: Locator): Locator {
  const isNamed = 'reference' in locator && locator.reference !== undefined;
  return isNamed ? { ...locator, reference: withDefaultTag(locator.reference) } : locator;
}

const usages: Readonly<Record<Locator['kind'], string>> = {
  registry: '[registry/]repository[:tag|@digest]',
  oci: 'oci:DIR[:TAG|@DIGEST]',
  'oci-archive': 'oci-archive:FILE.tar[:TAG|@DIGEST]',
  'docker-archive': 'docker-archive:FILE.tar[:REFERENCE|@INDEX]',
  'docker-daemon': 'docker-daemon:NAME[:TAG][@IMAGE-ID]',
};

function splitLayout(text: string): Pick<LayoutLocator, 'path' | 'tag' | 'digest'> {
  // Whatever follows is meant as a digest: `@sha256:../..` is no path, either.
  const [, named, digest] = /^(.*)@((?:sha|md)\d[\w+.-]*:.*)$/is.exec(text) ?? [];
  const place = named ?? text;
  const colon = place.lastIndexOf(':');
  const tag = place.slice(colon + 1);
  const hasTag = colon > 0 && isTag(tag);
  return {
    path: hasTag ? place.slice(0, colon) : withoutColon(place),
    ...(hasTag ? { tag } : {}),
    ...(digest === undefined ? {} : { digest: parseDigest(digest) }),
  };
}

/** A reference has colons of its own: it begins after the file's ending, else after the first colon that is no drive's. */
function splitArchive(text: string): DockerArchiveLocator {
  const kind = 'docker-archive';
  if (text.endsWith(':')) return { kind, path: withoutColon(text) };
  const [, path = text, reference] =
    /^(.*?\.(?:tar|tar\.\w+|tgz)):(.+)$/is.exec(text) ??
    /^([A-Za-z]:[\\/][^:]*|(?![A-Za-z]:[\\/])[^:]*):(.+)$/s.exec(text) ??
    [];
  const index = /^@(\d{1,9})$/.exec(reference ?? '')?.[1];
  if (index !== undefined) return { kind, path, index: Number(index) };
  return { kind, path, ...(reference === undefined ? {} : { reference: parseReference(reference) }) };
}

/** `NAME:TAG`, `sha256:…`, or both with an `@` between them. */
function parseDaemon(rest: string, text: string): DockerDaemonLocator {
  const kind = 'docker-daemon';
  if (rest === '') throw invalid(text, 'it names no image', `write ${usages[kind]}`);
  if (isDigest(rest)) return { kind, id: rest };
  const { digest, ...reference } = parseReference(rest);
  return { kind, reference, ...(digest === undefined ? {} : { id: digest }) };
}

function formatDaemon({ kind, reference, id }: DockerDaemonLocator): string {
  if (reference === undefined) return `${kind}:${id ?? ''}`;
  const short = familiarReference(reference);
  // A repository may be called `sha256`.
  const name = isDigest(short) ? formatReference(reference) : short;
  return `${kind}:${name}${id === undefined ? '' : `@${id}`}`;
}

function withoutColon(text: string): string {
  return text.endsWith(':') ? text.slice(0, -1) : text;
}

/** A short name that begins like a scheme is written whole. */
function formatRemote(reference: Reference): string {
  const short = familiarReference(reference);
  return /^(oci|oci-archive|docker-archive|docker-daemon):/.test(short) ? formatReference(reference) : short;
}

/** Other tools' schemes, and what to write instead. */
const foreign: Readonly<Record<string, string>> = {
  ocidir: usages.oci,
  'oci-layout': usages.oci,
  dir: usages.oci,
  tarball: usages['oci-archive'],
  file: `${usages.oci} or ${usages['oci-archive']}`,
  'containers-storage': `save it first (podman save -o FILE.tar), then ${usages['docker-archive']}`,
};

function parseRemote(text: string): Reference {
  if (/^(\.{0,2}[\\/]|~|[A-Za-z]:[\\/])/.test(text)) {
    throw invalid(
      text,
      'it is a path',
      `a layout in a directory is ${usages.oci}, an archive ${usages['oci-archive']}`,
    );
  }
  const scheme = /^([a-z-]+):/.exec(text)?.[1] ?? '';
  const instead = Object.hasOwn(foreign, scheme) ? foreign[scheme] : undefined;
  try {
    return parseReference(text);
  } catch (error) {
    if (instead === undefined || !isOciError(error, 'REFERENCE_INVALID')) throw error;
    throw invalid(text, `${scheme}: is another tool's scheme`, `write ${instead}`);
  }
}

function invalid(text: string, problem: string, hint?: string): OciError {
  return new OciError('REFERENCE_INVALID', `${quote(text)} is not a place of images: ${problem}`, { hint });
}

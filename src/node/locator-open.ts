/**
 * From a locator to an open place: a registry's repository, a layout in a directory or in an archive. Who opens one closes
 * it, or finishes it.
 */
import { OciError } from '../errors.ts';
import { readLayout } from '../layout/oci-layout.ts';
import type { LayoutSource } from '../layout/source.ts';
import type { Bytes, Call } from '../model/call.ts';
import type { Digest } from '../model/digest.ts';
import { formatReference, referenceTarget, withDefaultTag } from '../model/reference.ts';
import type { Client } from '../registry/client.ts';
import type { Repository } from '../registry/repository.ts';
import type { Source, Target } from '../store/types.ts';
import { directoryTree } from './directory-tree.ts';
import { directoryStore } from './directory.ts';
import { soleImage } from './layout-root.ts';
import { type DockerArchiveLocator, formatLocator, type Locator, tagOf } from './locator.ts';
import { createTarLayout, openTarLayout } from './tar-file.ts';

export interface OpenOptions extends Call {
  readonly client: Client;
  /** What `-` stands for as a source; standard input unless told. */
  readonly input?: Bytes | undefined;
  /** What `-` stands for as a target; standard output unless told. */
  readonly output?: NodeJS.WritableStream | undefined;
}

/** A place that is read, whatever image of it is meant. */
export interface OpenPlace {
  readonly source: Source;
  /** The same, where it is a registry's. */
  readonly repository?: Repository | undefined;
  /** The whole of what was named, for people. */
  readonly describe: string;
  /** The name of another image of the same place. */
  readonly at: (digest: Digest) => string;
  readonly close: () => Promise<void>;
}

/** An image in a place that is read. */
export interface OpenSource extends OpenPlace {
  /** Its tag or digest there. */
  readonly reference: string;
}

/** A place that is written. */
export interface OpenTarget {
  readonly target: Target;
  /** The names that what is put gets. */
  readonly tags: readonly string[];
  /** What is put has to have this digest. */
  readonly digest?: Digest;
  readonly describe: string;
  readonly at: (digest: Digest) => string;
  /** Finishes it; an archive appears only now. */
  readonly commit: () => Promise<void>;
  /** Gives it up; after a commit it does nothing. */
  readonly abort: () => Promise<void>;
}

/**
 * Opens the place of a locator for reading; nothing is asked of a registry yet.
 * @throws OciError `NOT_FOUND`, `LAYOUT_INVALID`, `IO`, `UNSUPPORTED`
 */
export async function openPlace(locator: Locator, options: OpenOptions): Promise<OpenPlace> {
  const { source, repository, close } = await open(locator, options);
  return { source, repository, close, ...namesOf(locator) };
}

/**
 * Opens an image for reading. Without a tag, `latest` is meant in a registry, and the only image in a layout.
 * @throws OciError `NOT_FOUND` listing the tags when a layout has several, and as {@link openPlace}
 */
export async function openSource(locator: Locator, options: OpenOptions): Promise<OpenSource> {
  const { source, repository, layout, close } = await open(locator, options);
  try {
    const reference = referenceOf(locator) ?? (layout && (await soleImage(layout, formatLocator(locator), options)));
    return { source, repository, close, reference: reference ?? 'latest', ...namesOf(locator) };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Opens a place for writing. Without a tag or digest it becomes `latest` in a registry, and stays without a name in a layout.
 * @throws OciError `IO`, `DISK_FULL`, `UNSUPPORTED`
 */
export async function openTarget(locator: Locator, options: OpenOptions): Promise<OpenTarget> {
  const named = locator.kind === 'registry' ? { ...locator, reference: withDefaultTag(locator.reference) } : locator;
  const tag = tagOf(named);
  const digest = digestOf(named);
  return {
    ...(await create(named, options)),
    tags: tag === undefined ? [] : [tag],
    ...(digest === undefined ? {} : { digest }),
    ...namesOf(named),
  };
}

interface Opened extends Pick<OpenPlace, 'source' | 'repository'> {
  /** The same, where it can tell its roots. */
  readonly layout?: LayoutSource;
  readonly close: () => Promise<void>;
}

async function open(locator: Locator, { client, input, signal }: OpenOptions): Promise<Opened> {
  switch (locator.kind) {
    case 'registry': {
      const repository = client.repository(locator.reference);
      return { source: repository, repository, close: nothing };
    }
    case 'oci': {
      const layout = readLayout(directoryTree(locator.path));
      await layout.roots({ signal }); // tells a path that is none from a tag that is not there
      return { source: layout, layout, close: nothing };
    }
    case 'oci-archive': {
      const { store, close } = await openTarLayout(locator.path, { input, signal });
      return { source: store, layout: store, close };
    }
    case 'docker-archive':
      throw noDockerArchive(locator);
  }
}

async function create(
  locator: Locator,
  { client, output }: OpenOptions,
): Promise<Pick<OpenTarget, 'target' | 'commit' | 'abort'>> {
  switch (locator.kind) {
    case 'registry':
      return { target: client.repository(locator.reference), commit: nothing, abort: nothing };
    case 'oci':
      return { target: directoryStore(locator.path), commit: nothing, abort: nothing };
    case 'oci-archive':
      return createTarLayout(locator.path, { output });
    case 'docker-archive':
      throw noDockerArchive(locator);
  }
}

function noDockerArchive(locator: DockerArchiveLocator): OciError {
  return new OciError('UNSUPPORTED', `${formatLocator(locator)}: archives of docker save are not supported`, {
    hint: `use oci-archive:${locator.path}`,
  });
}

async function nothing(): Promise<void> {}

function namesOf(locator: Locator): Pick<OpenPlace, 'describe' | 'at'> {
  if (locator.kind !== 'registry') {
    const at = (digest: Digest): string =>
      locator.kind === 'docker-archive' ? formatLocator(locator) : formatLocator({ ...locator, digest });
    return { describe: formatLocator(locator), at };
  }
  return {
    describe: formatReference(locator.reference),
    at: (digest) => formatReference({ ...locator.reference, digest }),
  };
}

function referenceOf(locator: Locator): string | undefined {
  if (locator.kind === 'registry') return referenceTarget(locator.reference);
  return digestOf(locator) ?? tagOf(locator);
}

function digestOf(locator: Locator): Digest | undefined {
  return 'reference' in locator ? locator.reference?.digest : 'digest' in locator ? locator.digest : undefined;
}

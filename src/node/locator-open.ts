/**
 * From a locator to an open place: a registry's repository, a layout in a directory or in an archive, a docker engine.
 * Who opens one closes it, or finishes it. Of the places, only that which is opened is loaded: most are registries, and archives
 * bring libraries with them.
 */
import { OciError } from '../errors.ts';
import type { Bytes, Call } from '../model/call.ts';
import type { Digest } from '../model/digest.ts';
import { formatReference } from '../model/reference.ts';
import type { Client } from '../registry/client.ts';
import type { Repository } from '../registry/repository.ts';
import type { Source, Target } from '../store/types.ts';
import type { EngineOptions } from './docker/docker-daemon-host.ts';
import { formatLocator, isSaved, type Locator, nameIn, withDefaultName } from './locator.ts';

export interface OpenOptions extends Call {
  readonly client: Client;
  /** What `-` stands for as a source; standard input unless told. */
  readonly input?: Bytes | undefined;
  /** What `-` stands for as a target; standard output unless told. */
  readonly output?: NodeJS.WritableStream | undefined;
  /** Where the docker engine of `docker-daemon:` is; as the environment says unless told. */
  readonly engine?: EngineOptions | undefined;
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
  /** Its tag or digest there; in a docker archive its whole name, or its place. */
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
 * @throws OciError `NOT_FOUND`, `LAYOUT_INVALID`, `IO`
 */
export async function openPlace(locator: Locator, options: OpenOptions): Promise<OpenPlace> {
  const { source, repository, close } = await open(locator, options);
  return { source, repository, close, ...namesOf(locator) };
}

/**
 * Opens an image for reading. Without a tag, `latest` is meant in a registry and in a docker engine, and the only image in a layout or an archive.
 * @throws OciError `NOT_FOUND` listing the tags when there are several, and as {@link openPlace}
 */
export async function openSource(locator: Locator, options: OpenOptions): Promise<OpenSource> {
  const named = withDefaultName(locator);
  const { source, repository, choose, close } = await open(named, options);
  try {
    const reference = await choose(digestOf(named) ?? nameIn(named));
    return { source, repository, close, reference, ...namesOf(locator) };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Opens a place for writing. Without a tag or digest it becomes `latest` in a registry, and stays without a name in a layout
 * or an archive.
 * @throws OciError `IO`, `DISK_FULL`, `USAGE`
 */
export async function openTarget(locator: Locator, options: OpenOptions): Promise<OpenTarget> {
  const named = withDefaultName(locator);
  const name = nameIn(named);
  const digest = digestOf(named);
  return {
    ...(await create(named, options)),
    tags: name === undefined ? [] : [name],
    ...(digest === undefined ? {} : { digest }),
    ...namesOf(named),
  };
}

interface Opened extends Pick<OpenPlace, 'source' | 'repository' | 'close'> {
  /** The reference of the image that is meant, by its digest or name or, without one, by its being the only one. */
  readonly choose: (reference: string | undefined) => Promise<string>;
}

async function open(locator: Locator, { client, input, engine, signal, on }: OpenOptions): Promise<Opened> {
  const describe = formatLocator(locator);
  switch (locator.kind) {
    case 'registry': {
      const repository = client.repository(locator.reference);
      return { source: repository, repository, choose: async (reference = 'latest') => reference, close: nothing };
    }
    case 'oci': {
      const [{ readLayout }, { directoryTree }, { soleImage }] = await Promise.all([
        import('../layout/oci-layout.ts'),
        import('./directory/directory-tree.ts'),
        import('./directory/layout-root.ts'),
      ]);
      const layout = readLayout(directoryTree(locator.path));
      await layout.roots({ signal }); // tells a path that is none from a tag that is not there
      const choose = async (reference?: string): Promise<string> =>
        reference ?? soleImage(layout, describe, { signal });
      return { source: layout, choose, close: nothing };
    }
    case 'oci-archive': {
      const [{ openTarLayout }, { soleImage }] = await Promise.all([
        import('./tar/tar-file.ts'),
        import('./directory/layout-root.ts'),
      ]);
      const { store, close } = await openTarLayout(locator.path, { input, signal });
      const choose = async (reference?: string): Promise<string> => reference ?? soleImage(store, describe, { signal });
      return { source: store, choose, close };
    }
    case 'docker-archive': {
      const [{ openDockerArchive }, { chooseSaved }] = await Promise.all([
        import('./docker/docker-archive-file.ts'),
        import('./docker/saved-image.ts'),
      ]);
      const { source, close } = await openDockerArchive(locator.path, { input, signal });
      return { source, choose: async (reference) => chooseSaved(source, locator.path, reference), close };
    }
    case 'docker-daemon': {
      const { openDockerDaemon } = await import('./docker/docker-daemon.ts');
      const { source, choose, close } = await openDockerDaemon(locator, { engine, signal, on });
      return { source, choose: async () => choose(), close };
    }
  }
}

async function create(
  locator: Locator,
  { client, output, engine, signal, on }: OpenOptions,
): Promise<Pick<OpenTarget, 'target' | 'commit' | 'abort'>> {
  switch (locator.kind) {
    case 'registry':
      return { target: client.repository(locator.reference), commit: nothing, abort: nothing };
    case 'oci': {
      const { directoryStore } = await import('./directory/directory.ts');
      return { target: directoryStore(locator.path), commit: nothing, abort: nothing };
    }
    case 'oci-archive':
      return (await import('./tar/tar-file.ts')).createTarLayout(locator.path, { output });
    case 'docker-archive':
      if (locator.index === undefined) {
        return (await import('./docker/docker-archive-file.ts')).createDockerArchive(locator.path, { output });
      }
      throw new OciError('USAGE', `${formatLocator(locator)} is no name for an image that is written`, {
        hint: `write docker-archive:${locator.path}:NAME:TAG`,
      });
    case 'docker-daemon':
      if (locator.id === undefined) {
        return (await import('./docker/docker-daemon.ts')).createDockerDaemon({ engine, signal, on });
      }
      throw new OciError('USAGE', `${formatLocator(locator)} is no name for an image that is written`, {
        hint: 'the engine gives it its id; write docker-daemon:NAME:TAG',
      });
  }
}

async function nothing(): Promise<void> {}

/** How an image is told of; in docker archives and engines no manifest is found again by the digest that it had before. */
export function namesOf(locator: Locator): Pick<OpenPlace, 'describe' | 'at'> {
  if (locator.kind === 'registry') {
    const { reference } = locator;
    return { describe: formatReference(reference), at: (digest) => formatReference({ ...reference, digest }) };
  }
  const at = (digest: Digest): string => formatLocator(isSaved(locator) ? locator : { ...locator, digest });
  return { describe: formatLocator(locator), at };
}

function digestOf(locator: Locator): Digest | undefined {
  return 'reference' in locator ? locator.reference?.digest : 'digest' in locator ? locator.digest : undefined;
}

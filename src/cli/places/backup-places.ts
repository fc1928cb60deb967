/**
 * The two sides of a backup: repositories as the user names them, and the directory of layouts that holds them, the one that `serve`
 * serves. A name in it is that of the repository without its registry.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { OciError } from '../../errors.ts';
import { INDEX_FILE } from '../../layout/paths.ts';
import { looksLikeDomain, parseRegistryName } from '../../model/domain.ts';
import { checkRepositoryName, formatReference, parseReference, type Reference } from '../../model/reference.ts';
import { directoryRegistry, folderOf } from '../../node/directory/directory-registry.ts';
import { namesOf } from '../../node/locator-open.ts';
import { type LayoutLocator, withName } from '../../node/locator.ts';
import { globFilter } from '../options/globs.ts';
import { type Destination, type ManyImages, openDestination, openImages } from './locators.ts';
import type { RepositoryCopy } from './repositories.ts';
import type { Session } from '../session.ts';

/**
 * The repositories that are to be backed up.
 * @param globs of those that registries list
 * @throws OciError `USAGE` for a file, for a name with a tag, and for two repositories of one name; `UNSUPPORTED` where none are listed
 */
export async function* backUp(
  session: Session,
  sources: readonly string[],
  dir: string,
  globs: readonly string[] | undefined,
): AsyncGenerator<RepositoryCopy> {
  const place = placeOf(session, dir, `lading copy --all-tags ${sources[0]} oci-archive:${dir}`);
  const taken = new Map<string, string>();
  for (const source of sources) {
    for await (const { reference, isListed } of repositoriesOf(session, source, globs)) {
      const name = formatReference(reference);
      const before = taken.get(reference.path);
      if (before === name) continue;
      if (before !== undefined) {
        throw new OciError('USAGE', `${before} and ${name} would both be ${reference.path} in ${dir}`, {
          hint: 'back them up to directories of their own',
        });
      }
      taken.set(reference.path, name);
      const open = async (): ReturnType<RepositoryCopy['open']> => ({
        from: await openImages(session, name),
        to: place.destination(reference.path),
      });
      yield { name, isListed, open };
    }
  }
}

interface Listed {
  readonly reference: Reference;
  readonly isListed: boolean;
}

/** A word with a dot or a port is a registry, as in docker's names. */
async function* repositoriesOf(
  session: Session,
  source: string,
  globs: readonly string[] | undefined,
): AsyncGenerator<Listed> {
  if (source.includes('/') || !looksLikeDomain(source)) {
    const reference = parseReference(source);
    if (reference.tag === undefined && reference.digest === undefined) return yield { reference, isListed: false };
    throw new OciError('USAGE', `${source} names one image, and a backup is of whole repositories`, {
      hint: 'choose tags with --filter',
    });
  }
  const domain = parseRegistryName(source);
  const isWanted = await globFilter(globs);
  for await (const name of (await session.client(domain)).registry(domain).repositories(session.call)) {
    if (isWanted(name)) yield { reference: { domain, path: name }, isListed: true };
  }
}

/**
 * The repositories that are to be restored.
 * @param target the registry, and what stands before their names
 * @param names which; all unless told
 * @throws OciError `USAGE`, `NOT_FOUND` for a directory without repositories, `REFERENCE_INVALID`
 */
export async function* restoreFrom(
  session: Session,
  dir: string,
  target: string,
  names: readonly string[],
): AsyncGenerator<RepositoryCopy> {
  const place = placeOf(session, dir, `lading copy --all-tags oci-archive:${dir} ${target}/NAME`);
  const [, host = '', prefix = ''] = /^([^/]*)(?:\/(.*))?$/s.exec(target.replace(/\/$/, '')) ?? [];
  const domain = parseRegistryName(host);
  const left = new Set(names.filter((name) => !/[*?[\]{}()!]/.test(name)));
  const isWanted = await globFilter(names);
  let count = 0;
  for await (const name of place.registry.repositories(session.call)) {
    count++;
    left.delete(name);
    if (!isWanted(name)) continue;
    const reference = { domain, path: checkRepositoryName(prefix === '' ? name : `${prefix}/${name}`) };
    const open = async (): ReturnType<RepositoryCopy['open']> => ({
      from: place.images(name),
      to: await openDestination(session, { kind: 'registry', reference }),
    });
    yield { name, isListed: true, open };
  }
  if (count === 0) throw holdsNothing(place.path, dir, target);
  for (const name of left) yield { name, isListed: false, open: () => Promise.reject(absent(dir, name)) };
}

function absent(dir: string, name: string): OciError {
  return new OciError('NOT_FOUND', `${dir} holds no repository ${name}`, { missing: 'repository' });
}

function holdsNothing(place: string, dir: string, target: string): OciError {
  const isLayout = existsSync(path.join(place, INDEX_FILE));
  return new OciError('NOT_FOUND', `${dir} holds no repositories`, {
    hint: isLayout ? `it is one layout: lading copy --all-tags oci:${dir} ${target}/NAME` : undefined,
  });
}

interface BackupPlace {
  readonly path: string;
  readonly registry: ReturnType<typeof directoryRegistry>;
  readonly destination: (name: string) => Destination;
  readonly images: (name: string) => ManyImages;
}

function placeOf({ context }: Session, dir: string, instead: string): BackupPlace {
  if (dir === '-' || /\.(?:tar|tgz|tar\.\w+)$/i.test(dir)) {
    throw new OciError('USAGE', `a backup is a directory, and ${dir} is the name of a file`, {
      hint: `one repository goes into an archive, and comes out of one: ${instead}`,
    });
  }
  const place = path.resolve(context.cwd, dir);
  const registry = directoryRegistry(place);
  const locatorOf = (name: string): LayoutLocator => ({ kind: 'oci', path: folderOf(dir, name) });
  return {
    path: place,
    registry,
    destination(name) {
      const locator = locatorOf(name);
      return {
        ...namesOf(locator),
        target: registry.repository(name),
        tags: [],
        locator,
        isStdout: false,
        spaceIn: place,
        named: (digest, tags) => tags.map((tag) => namesOf(withName(locator, tag)).at(digest)),
        commit: async () => {},
        abort: async () => {},
      };
    },
    images(name) {
      const locator = locatorOf(name);
      return {
        ...namesOf(locator),
        source: registry.repository(name),
        locator,
        named: (tag) => namesOf(withName(locator, tag)),
        close: async () => {},
      };
    },
  };
}

/** A registry in memory: a map of repositories, each with its blobs, manifests and tags. */
import { type Missing, OciError, throwIfAborted } from '../errors.ts';
import { digestOf } from '../bytes/hash.ts';
import { abortable, concat, fromArray } from '../bytes/read.ts';
import { digestMismatch } from '../bytes/verify.ts';
import type { Bytes, Call } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
import { type Digest, digestAlgorithm, isDigest } from '../model/digest.ts';
import type { Manifest } from '../model/manifest.ts';
import { OCTET_STREAM } from '../model/media-types.ts';
import { checkRepositoryName, checkTag } from '../model/reference.ts';
import { contentOf, manifestFrom } from './content.ts';
import { requireLinks } from './links.ts';
import { lexical, listFrom } from './listing.ts';
import { createNameMap, type NameMap } from './name-map.ts';
import { paged, pagesOf } from './paged.ts';
import { referrerDescriptor } from './referrer.ts';
import { straightAway } from './turn.ts';
import type {
  Content,
  Deletion,
  Ingest,
  IngestRegistry,
  IngestStore,
  ListOptions,
  PutBlobOptions,
  PutManifestOptions,
  ReferrersOptions,
} from './types.ts';

interface Shelf {
  readonly name: string;
  readonly blobs: Map<Digest, Uint8Array>;
  readonly manifests: Map<Digest, Manifest>;
  readonly tags: NameMap<Digest>;
  readonly ingests: Map<string, Ingest>;
}

/** The shelf of one repository: looked for each time, since another may have made it, and made only to be written to. */
interface Place {
  readonly registry: string;
  readonly look: () => Shelf;
  readonly keep: () => Shelf;
  readonly find: (repository: string) => Shelf | undefined;
}

/** A registry that lives as long as the process. Blobs are mounted between its repositories without a copy. */
export function createMemoryRegistry(): IngestRegistry {
  const shelves = createNameMap<Shelf>();
  const registry = `memory-${crypto.randomUUID()}`;
  return {
    repository(name) {
      checkRepositoryName(name);
      const look = (): Shelf => shelves.get(name) ?? emptyShelf(name);
      const keep = (): Shelf => {
        const shelf = look();
        shelves.set(name, shelf);
        return shelf;
      };
      return storeOf({ registry, look, keep, find: (repository) => shelves.get(repository) });
    },
    repositories: (options = {}) => {
      const isListed = (name: string): boolean => !isEmpty(shelves.get(name) ?? emptyShelf(name));
      return listFrom((...page) => shelves.after(...page), options, isListed);
    },
  };
}

/** A single repository in memory. */
export function createMemoryStore(): IngestStore {
  return createMemoryRegistry().repository('memory');
}

function emptyShelf(name: string): Shelf {
  return { name, blobs: new Map(), manifests: new Map(), tags: createNameMap(), ingests: new Map() };
}

function isEmpty({ blobs, manifests }: Shelf): boolean {
  return blobs.size === 0 && manifests.size === 0;
}

function storeOf(place: Place): IngestStore {
  const { registry, look, keep, find } = place;
  const manifestOf = (reference: string): Manifest | undefined => {
    const { tags, manifests } = look();
    const digest = isDigest(reference) ? reference : tags.get(reference);
    return digest === undefined ? undefined : manifests.get(digest);
  };
  return {
    async resolve(reference, options) {
      throwIfAborted(options?.signal);
      return manifestOf(reference)?.descriptor;
    },
    async manifest(reference, options) {
      throwIfAborted(options?.signal);
      const name = typeof reference === 'string' ? reference : reference.digest;
      const manifest = manifestOf(name);
      if (manifest === undefined) throw notFound(look(), 'manifest', name);
      return manifest;
    },
    async stat(blob) {
      const bytes = look().blobs.get(blob);
      return bytes && { mediaType: OCTET_STREAM, digest: blob, size: bytes.length };
    },
    blob: (descriptor) => blobOf(look, descriptor, registry),
    tags: (options = {}) => tagsOf(look, options),
    referrers: (subject, options) => referrersOf(look(), subject, options),
    putBlob(content, options) {
      const { origin } = content;
      return putBlob(keep(), content, origin?.registry === registry ? find(origin.repository) : undefined, options);
    },
    putManifest: async (manifest, options) => putManifest(keep(), manifest, options),
    delete: async (what) => (remove(look(), what) ? 'deleted' : 'absent'),
    ingest: async () => createIngest(keep()),
    resumeIngest: async (id) => look().ingests.get(id),
  };
}

function blobOf(look: () => Shelf, descriptor: Descriptor, registry: string): Content {
  const read = async function* (start: number, end: number, { signal }: Call): Bytes {
    throwIfAborted(signal);
    const bytes = look().blobs.get(descriptor.digest);
    if (bytes === undefined) throw notFound(look(), 'blob', descriptor.digest);
    yield* fromArray(bytes.subarray(start, end < descriptor.size ? end : undefined));
  } as (start: number, end: number, options: Call) => Bytes;
  return contentOf(descriptor, read, { registry, repository: look().name }, look().name);
}

function tagsOf(look: () => Shelf, options: ListOptions): AsyncGenerator<string> {
  return lexical(paged(tagPages(look, options)));
}

/** Nothing is looked at before it is asked for. */
async function* tagPages(look: () => Shelf, options: ListOptions): AsyncGenerator<readonly string[]> {
  const shelf = look();
  if (isEmpty(shelf)) throw notFound(shelf, 'repository');
  yield* pagesOf(listFrom((...page) => shelf.tags.after(...page), options));
}

async function* referrersOf(
  shelf: Shelf,
  subject: Descriptor,
  options: ReferrersOptions = {},
): AsyncGenerator<Descriptor> {
  for (const manifest of shelf.manifests.values()) {
    if (manifest.subject?.digest !== subject.digest) continue;
    const descriptor = referrerDescriptor(manifest);
    if (options.artifactType === undefined || options.artifactType === descriptor.artifactType) yield descriptor;
  }
}

async function putBlob(
  shelf: Shelf,
  content: Content,
  origin: Shelf | undefined,
  options: PutBlobOptions = {},
): Promise<'exists' | 'mounted' | 'written'> {
  const { digest } = content.descriptor;
  if (shelf.blobs.has(digest)) return 'exists';
  const mounted = origin?.blobs.get(digest);
  if (mounted !== undefined) {
    shelf.blobs.set(digest, mounted);
    return 'mounted';
  }
  const { turn = straightAway, signal, on } = options;
  await turn(async () => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of abortable(content.open({ signal, on }), signal)) chunks.push(new Uint8Array(chunk));
    shelf.blobs.set(digest, concat(chunks));
  });
  return 'written';
}

async function putManifest(
  shelf: Shelf,
  given: Manifest,
  options: PutManifestOptions = {},
): Promise<'exists' | 'written'> {
  throwIfAborted(options.signal);
  const { digest, mediaType } = given.descriptor;
  const manifest = manifestFrom(new Uint8Array(given.bytes), mediaType, digest);
  const tags = (options.tags ?? []).map(checkTag);
  for (const tag of tags) {
    if (options.ifMatch !== undefined && shelf.tags.get(tag) !== options.ifMatch) {
      throw new OciError('CONFLICT', `${shelf.name}:${tag} is no longer ${options.ifMatch}`);
    }
  }
  await requireLinks(manifest, ({ role, descriptor }) =>
    (role === 'manifest' ? shelf.manifests : shelf.blobs).has(descriptor.digest),
  );
  const exists = shelf.manifests.has(digest) && tags.every((tag) => shelf.tags.get(tag) === digest);
  shelf.manifests.set(digest, manifest);
  for (const tag of tags) shelf.tags.set(tag, digest);
  return exists ? 'exists' : 'written';
}

function remove(shelf: Shelf, what: Deletion): boolean {
  if ('tag' in what) return shelf.tags.delete(what.tag);
  if ('blob' in what) return shelf.blobs.delete(what.blob);
  for (const [tag, digest] of shelf.tags.entries()) if (digest === what.manifest) shelf.tags.delete(tag);
  return shelf.manifests.delete(what.manifest);
}

function createIngest(shelf: Shelf): Ingest {
  const id = crypto.randomUUID();
  const chunks: Uint8Array[] = [];
  let size = 0;
  const ingest: Ingest = {
    id,
    get size() {
      return size;
    },
    async append(bytes, options) {
      for await (const chunk of abortable(bytes, options?.signal)) {
        chunks.push(new Uint8Array(chunk));
        size += chunk.length;
      }
    },
    async commit(digest) {
      const bytes = concat(chunks);
      const actual = digestOf(bytes, digestAlgorithm(digest));
      if (actual !== digest) throw digestMismatch(digest, actual);
      shelf.blobs.set(digest, bytes);
      shelf.ingests.delete(id);
      return { mediaType: OCTET_STREAM, digest, size };
    },
    async abort() {
      shelf.ingests.delete(id);
    },
  };
  shelf.ingests.set(id, ingest);
  return ingest;
}

function notFound(shelf: Shelf, missing: Missing, name: string = ''): OciError {
  return new OciError('NOT_FOUND', `${shelf.name}: ${`${missing} ${name}`.trim()} is not there`, { missing });
}

/**
 * The file system of an image: its layers merged, to be listed and read. Which layers that takes, and what of them, is decided below;
 * here paths are followed, and what is found is told or refused.
 */
import { OciError } from '../../errors.ts';
import type { Bytes, Call } from '../../model/call.ts';
import { isIndex, type Manifest } from '../../model/manifest.ts';
import { quote } from '../../model/quote.ts';
import type { Source } from '../../store/types.ts';
import { type FileEntry, fileEntry } from './file-entry.ts';
import { joinPath, type LayerEntry } from './layer-entries.ts';
import { type LayerStack, layerStack, type StackOptions } from './layer-stack.ts';
import { childrenOf, type Directory, type Found, type Leaf } from './tree.ts';

export interface FileSystemOptions extends StackOptions {}

export interface ListFilesOptions extends Call {
  /** What is in directories, too, at any depth. */
  readonly recursive?: boolean | undefined;
}

export interface StatOptions extends Call {
  /** `false`: of a link, the link itself. */
  readonly follow?: boolean | undefined;
}

/** A file on its way. */
export interface FileBody {
  readonly file: FileEntry;
  /** To be read before the next one is asked for, or not at all. */
  readonly body: Bytes;
}

/**
 * The files of an image. Paths may be written with a slash before them; links on the way are followed, inside the image only.
 * Everything throws `NOT_FOUND` where nothing is at a path, `UNSUPPORTED` for layers that are no archives, `LAYOUT_INVALID`, `TOO_LARGE`
 * and `LIMIT` of layers that no file system comes of, and what reading the layers throws.
 */
export interface FileSystem {
  /** What stands at a path. It takes the layers from the highest to that which tells it. */
  stat(path: string, options?: StatOptions): Promise<FileEntry>;
  /** What a directory holds, sorted by name, each directory before what is in it; of anything else, that itself. It takes all layers. */
  list(path?: string, options?: ListFilesOptions): AsyncIterable<FileEntry>;
  /** The bytes of a file, from the layers that `stat` takes. @throws OciError `USAGE` for what is no file */
  read(path: string, options?: Call): Bytes;
  /** All of it, the root first, then as `list` has it. */
  entries(options?: Call): AsyncIterable<FileEntry>;
  /** The bytes of many of its files, in the order of the layers, each of which is read once. Of the names of one file, give one. */
  bodies(files: Iterable<FileEntry>, options?: Call): AsyncIterable<FileBody>;
  /** Gives back what was spooled. */
  close(): Promise<void>;
}

/**
 * Opens the file system of an image; nothing is read yet. Whoever opens it closes it.
 * @param manifest of an image: `(await openImage(source, reference)).manifest`
 * @throws OciError `USAGE` for an index
 * @example
 * const files = openFileSystem(repository, (await openImage(repository, '3.20')).manifest);
 * try {
 *   for await (const { path, size } of files.list('etc')) console.log(path, size);
 * } finally {
 *   await files.close();
 * }
 */
export function openFileSystem(source: Source, manifest: Manifest, options: FileSystemOptions = {}): FileSystem {
  if (isIndex(manifest)) {
    throw new OciError('USAGE', `${manifest.descriptor.digest} is an index: each of its images has files of its own`, {
      hint: 'openImage() chooses one of them',
    });
  }
  const layers = manifest.links.flatMap(({ role, descriptor }) => (role === 'layer' ? [descriptor] : []));
  const stack = layerStack(source, layers, options);
  return {
    async stat(path, { follow = true, ...call } = {}) {
      const { node, path: place } = required(await stack.find(path, { follow, ...call }), path);
      return fileEntry(place, node);
    },
    async *list(path = '', { recursive = false, ...call } = {}) {
      await stack.whole(call);
      const own = required(await stack.find(path, { follow: false, ...call }), path);
      const end = await stack.find(path, { follow: true, ...call });
      if (end.kind === 'found' && end.node.kind === 'directory') yield* within(end.node, end.path, recursive);
      else yield fileEntry(own.path, own.node);
    },
    async *read(path, call = {}) {
      const { node } = required(await stack.find(path, { follow: true, ...call }), path);
      if (isFile(node)) yield* stack.reader(node.told.layer).read(node.told.entry, call);
      else throw noFile(path, node);
    },
    async *entries(call = {}) {
      const root = await stack.whole(call);
      yield fileEntry('', root);
      yield* within(root, '', true);
    },
    bodies: (files, call = {}) => bodies(stack, files, call),
    close: () => stack.close(),
  };
}

function required(found: Found, path: string): Found & { readonly kind: 'found' } {
  if (found.kind === 'found') return found;
  const name = quote(path);
  const reasons: Partial<Record<Found['kind'], string>> = {
    blocked: `the way to ${name} leads through what is no directory`,
    loop: `the links on the way to ${name} lead in a circle`,
  };
  throw new OciError('NOT_FOUND', reasons[found.kind] ?? `${name} is not in the image`);
}

function isFile(node: Directory | Leaf): node is Leaf {
  return node.kind === 'leaf' && node.told.entry.header.type.endsWith('file');
}

function noFile(path: string, node: Directory | Leaf): OciError {
  const { type } = fileEntry(path, node);
  const hint = type === 'directory' ? 'list what it holds, or name a file in it' : undefined;
  return new OciError('USAGE', `${quote(path)} is a ${type.replace('-', ' ')}: it has no bytes to read`, { hint });
}

function* within(directory: Directory, path: string, recursive: boolean): Generator<FileEntry> {
  for (const [name, node] of childrenOf(directory)) {
    const place = joinPath(path, name);
    yield fileEntry(place, node);
    if (recursive && node.kind === 'directory') yield* within(node, place, recursive);
  }
}

async function* bodies(stack: LayerStack, files: Iterable<FileEntry>, call: Call): AsyncGenerator<FileBody> {
  const wanted = new Map<number, Map<LayerEntry, FileEntry>>();
  for (const file of files) {
    const { layer = -1, index = -1 } = file;
    const entry = stack.entryAt(layer, index);
    if (entry === undefined || file.type !== 'file') throw new OciError('USAGE', `${quote(file.path)} has no bytes`);
    const ofLayer = wanted.get(layer) ?? new Map<LayerEntry, FileEntry>();
    wanted.set(layer, ofLayer.has(entry) ? ofLayer : ofLayer.set(entry, file));
  }
  for (const [layer, ofLayer] of [...wanted].sort(([a], [b]) => a - b)) {
    for await (const { entry, body } of stack.reader(layer).readMany([...ofLayer.keys()], call)) {
      const file = ofLayer.get(entry);
      if (file !== undefined) yield { file, body };
    }
  }
}

/** Images of layers that a test writes entry by entry, and a note of what is read of them. */
import { fromArray, readAll } from '../../src/bytes/read.ts';
import { type TarFile, writeTar } from '../../src/bytes/tar.ts';
import { gzip } from '../../src/bytes/compress.ts';
import { type FileSystem, type FileSystemOptions, openFileSystem } from '../../src/image/files/file-system.ts';
import type { Bytes } from '../../src/model/call.ts';
import type { Manifest } from '../../src/model/manifest.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { Content, Source, Store } from '../../src/store/types.ts';
import { putImage } from '../../src/testing/fixtures.ts';

const LIMIT = 256 << 20;

export const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

export function file(name: string, content: string | Uint8Array = name, more: Partial<TarFile> = {}): TarFile {
  const bytes = typeof content === 'string' ? encode(content) : content;
  return { ...more, name, size: bytes.length, body: { [Symbol.asyncIterator]: () => fromArray(bytes) } };
}
export const directory = (name: string, more: Partial<TarFile> = {}): TarFile => ({ ...more, name, type: 'directory' });
export const symlink = (name: string, linkname: string, more: Partial<TarFile> = {}): TarFile => ({
  ...more,
  name,
  type: 'symlink',
  linkname,
});
export const hardLink = (name: string, linkname: string): TarFile => ({ name, type: 'link', linkname });
/** Hides `a/b` for the name `a/b`. */
export const whiteout = (name: string): TarFile => file(name.replace(/([^/]*)$/, '.wh.$1'), '');
export const opaque = (name: string): TarFile => file(`${name}/.wh..wh..opq`, '');

/** The bytes of a layer. */
export function tarOf(entries: readonly TarFile[]): Promise<Uint8Array> {
  return readAll(writeTar(entries), LIMIT, 'layer');
}

export interface Layered {
  readonly store: Store;
  readonly manifest: Manifest;
  /** The store, which writes down what is opened of the layers. */
  readonly source: Source;
  /** The positions of the layers that were opened, in that order. */
  readonly opened: number[];
  readonly files: (options?: FileSystemOptions) => FileSystem;
}

/** An image of these layers, the lowest first: entries, or bytes as they are. */
export async function layered(...layers: readonly (readonly TarFile[] | Uint8Array)[]): Promise<Layered> {
  const store = createMemoryStore();
  const specs = [];
  for (const layer of layers) {
    const bytes = layer instanceof Uint8Array ? layer : await tarOf(layer);
    specs.push({ bytes: await readAll(gzip(fromArray(bytes)), LIMIT, 'layer') });
  }
  const { manifest } = await putImage(store, { layers: specs, tags: ['1'] });
  const order = manifest.links.flatMap(({ role, descriptor }) => (role === 'layer' ? [descriptor.digest] : []));
  const opened: number[] = [];
  const noting = (content: Content): Content => ({
    ...content,
    open(options) {
      opened.push(order.indexOf(content.descriptor.digest));
      return content.open(options);
    },
  });
  const source: Source = { ...store, blob: (descriptor) => noting(store.blob(descriptor)) };
  const files = (options?: FileSystemOptions): FileSystem => openFileSystem(source, manifest, options);
  return { store, manifest, source, opened, files };
}

/** All of it, a line a name: `usr/`, `bin -> usr/bin`, `etc/x = etc/y`, `dev/null c`. */
export async function tree(files: FileSystem): Promise<string[]> {
  const first = new Map<string, string>();
  const lines: string[] = [];
  for await (const { path, type, linkname, layer, index } of files.entries()) {
    const key = `${layer}/${index}`;
    const known = type === 'directory' ? undefined : first.get(key);
    if (known === undefined) first.set(key, path);
    if (path === '') continue;
    if (known !== undefined) lines.push(`${path} = ${known}`);
    else if (type === 'symlink') lines.push(`${path} -> ${linkname}`);
    else lines.push(type === 'directory' ? `${path}/` : type === 'file' ? path : `${path} ${type[0]}`);
  }
  return lines;
}

export async function textOf(bytes: Bytes): Promise<string> {
  return new TextDecoder().decode(await readAll(bytes, LIMIT, 'file'));
}

/** An image in a registry that counts, by the registry's own log, what is read of its layers. */
import { type FileSystem, type FileSystemOptions, openFileSystem } from '../../src/image/files/file-system.ts';
import type { AccessLogEntry } from '../../src/server/access-log.ts';
import { type Built, type LayerSpec, putImage } from '../../src/testing/fixtures.ts';
import type { Wrap } from '../../src/testing/wrap.ts';
import { testRegistry } from './test-registry.ts';

/** What was asked of a layer. */
export interface Asked {
  /** The position of the layer, the lowest 0. */
  readonly layer: number;
  /** As the request has it; undefined: the whole. */
  readonly range: string | undefined;
  /** Bytes of the answer that were taken. */
  readonly bytes: number;
}

export interface LazyWorld {
  readonly image: Built;
  /** Over the wire. */
  readonly files: (options?: FileSystemOptions) => FileSystem;
  /** What was asked of the layers since this was last asked. */
  readonly asked: () => Asked[];
}

export async function lazyWorld(layers: readonly LayerSpec[], wraps: readonly Wrap[] = []): Promise<LazyWorld> {
  const log: AccessLogEntry[] = [];
  const { registry, repository } = testRegistry({ wraps, server: { log: (entry) => log.push(entry) } });
  const image = await putImage(registry.repository('team/app'), { layers, tags: ['1'] });
  const digests: readonly string[] = image.blobs.slice(1).map(({ descriptor }) => descriptor.digest);
  return {
    image,
    files: (options) => openFileSystem(repository, image.manifest, options),
    asked: () =>
      log.splice(0).flatMap(({ method, path, headers, bytesOut }) => {
        const layer = digests.indexOf(path.slice(path.lastIndexOf('/') + 1));
        return method === 'GET' && layer >= 0 ? [{ layer, range: headers.range, bytes: bytesOut }] : [];
      }),
  };
}

/** The bytes that were taken. */
export function total(asked: readonly Asked[]): number {
  return asked.reduce((sum, { bytes }) => sum + bytes, 0);
}

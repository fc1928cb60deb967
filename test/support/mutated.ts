/** Images with settings, and what becomes of them once they are edited. */
import assert from 'node:assert/strict';
import { copy } from '../../src/graph/copy.ts';
import { validate } from '../../src/graph/validate.ts';
import { type ImageEdits, mutate } from '../../src/image/change/mutate.ts';
import type { ChangeOptions } from '../../src/image/change/change.ts';
import type { ImageConfig } from '../../src/model/image-config.ts';
import { OCI_CONFIG } from '../../src/model/media-types.ts';
import { contentFrom, manifestFromDocument } from '../../src/store/content.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/types.ts';
import { type Built, buildImage } from '../../src/testing/fixtures.ts';
import { type ImageView, viewImage } from './image-view.ts';
import { stored } from './images-to-change.ts';

export const created = '2024-05-06T07:08:09Z';

export const settings: ImageConfig = {
  created,
  author: 'Zoë',
  config: {
    Env: ['PATH=/usr/bin', 'MODE=test', 'HOME=/app'],
    Labels: { team: 'web', stage: 'test' },
    Entrypoint: ['/app/main'],
    Cmd: ['--help'],
    User: 'app',
    WorkingDir: '/app',
    ExposedPorts: { '443': {}, '80/tcp': {} },
    Volumes: { '/data': {} },
    StopSignal: 'SIGINT',
    Healthcheck: { Test: ['CMD', '/healthy'] },
  },
};

/** An image with these settings. */
export function imageWith(config: ImageConfig = settings, more: object = {}): Promise<Built> {
  return buildImage({ layers: [{ files: { a: 'b' } }], config, ...more });
}

/** A store with an image whose config is exactly this text. */
export async function storedConfig(text: string): Promise<Store> {
  const built = await buildImage({ layers: [] });
  const config = contentFrom(new TextEncoder().encode(text), OCI_CONFIG);
  const manifest = manifestFromDocument({ ...built.manifest.document, config: config.descriptor });
  return stored({ ...built, manifest, blobs: [config] });
}

/** The image once it was edited and published. */
export async function mutated(base: Store, edits: ImageEdits, options?: ChangeOptions): Promise<ImageView> {
  const { source, root } = await mutate(base, '1', edits, options);
  const target = createMemoryStore();
  await copy(source, root, target, { tags: ['2'] });
  assert.deepEqual((await validate(target, '2')).problems, []);
  return viewImage(target, '2');
}

/** What a container of it is run with. */
export async function containerOf(base: Store, edits: ImageEdits): Promise<NonNullable<ImageConfig['config']>> {
  return ((await mutated(base, edits)).config as ImageConfig).config ?? {};
}

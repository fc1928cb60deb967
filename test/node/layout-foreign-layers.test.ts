import { join } from 'node:path';
import { test } from 'node:test';
import { copy } from '../../src/graph/copy.ts';
import { DOCKER_FOREIGN_LAYER } from '../../src/model/media-types.ts';
import { directoryStore } from '../../src/node/directory/directory.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { blob, imageManifest, rejects, text } from '../../src/testing/samples.ts';
import { scratch } from '../support/layouts.ts';

test('CAP-F10: of a layer that was left out because it is kept elsewhere, a layout says so', async (t) => {
  const source = createMemoryStore();
  const config = blob('{"os":"windows"}');
  const layer = blob('a base layer of windows', DOCKER_FOREIGN_LAYER);
  for (const content of [config, layer]) await source.putBlob(content);
  await source.putManifest(imageManifest(config, layer), { tags: ['v1'] });
  const layout = directoryStore(join(await scratch(t), 'layout'));
  await copy(source, 'v1', layout, { tags: ['v1'] });
  await rejects(text(layout.blob(layer.descriptor)), 'FOREIGN_LAYER');
  await rejects(copy(layout, 'v1', createMemoryStore(), { foreignLayers: true }), 'FOREIGN_LAYER');
  await rejects(text(layout.blob(blob('an ordinary layer').descriptor)), 'NOT_FOUND');
});

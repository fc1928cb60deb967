/** A program: writes the layers of one image anew in every way, and prints what comes of it, by the way. */
import { readAll } from '../../src/bytes/read.ts';
import { digestOf } from '../../src/bytes/hash.ts';
import { convert } from '../../src/image/change/convert.ts';
import { flatten } from '../../src/image/change/flatten.ts';
import { removeLayers } from '../../src/image/change/remove-layers.ts';
import { setTimes } from '../../src/image/change/times.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { spoolToDisk } from '../../src/node/files/spool.ts';
import { putImage, seededBytes } from '../../src/testing/fixtures.ts';
import { viewImage } from './image-view.ts';

/** What came of one way. */
export interface Rewritten {
  readonly digest: string;
  readonly layers: readonly string[];
  readonly diffIds: readonly string[];
}

const clamp = new Date(1_650_000_000_000);
const spool = spoolToDisk();
const ways = {
  times: (store: ReturnType<typeof createMemoryStore>) => setTimes(store, '1', { clamp, spool }),
  flat: (store: ReturnType<typeof createMemoryStore>) => flatten(store, '1', { spool }),
  stripped: (store: ReturnType<typeof createMemoryStore>) => removeLayers(store, '1', { file: 'etc/name', spool }),
  plain: (store: ReturnType<typeof createMemoryStore>) => convert(store, '1', { compression: 'none', spool }),
};

const store = createMemoryStore();
await putImage(store, {
  layers: [
    { files: { 'etc/': '', 'etc/name': 'name', grüße: { content: 'ü', mtime: 1_700_000_000.5 } } },
    { files: { big: { content: seededBytes(3_000_000, 'big'), mtime: 1_700_000_000 }, 'etc/.wh.name': '' } },
  ],
  config: { created: '2024-05-06T07:08:09Z', history: [{ created: '2024-05-06T07:08:09Z' }, { created_by: 'COPY' }] },
  tags: ['1'],
});
const results: [string, Rewritten][] = [];
for (const [way, change] of Object.entries(ways)) {
  const changed = await change(store);
  const { manifest, document, config } = await viewImage(changed.source, changed.root);
  const layers: string[] = [];
  for (const layer of document.layers) {
    layers.push(digestOf(await readAll(changed.source.blob(layer).open(), 1 << 26, 'layer')));
  }
  results.push([way, { digest: manifest.descriptor.digest, layers, diffIds: config.rootfs.diff_ids }]);
  await changed.close();
}
console.log(JSON.stringify(Object.fromEntries(results)));

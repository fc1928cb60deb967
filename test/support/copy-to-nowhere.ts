/** Copies `scale:1` of a registry into a target that keeps nothing but the digests. It prints how many blobs and manifests came. */
import { readAll } from '../../src/bytes/read.ts';
import { copy } from '../../src/graph/copy.ts';
import { createClient } from '../../src/node/index.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { Target } from '../../src/store/types.ts';

const [host = ''] = process.argv.slice(2);
const [blobs, manifests] = [new Set<string>(), new Set<string>()];
const target: Target = {
  ...createMemoryStore(),
  stat: async () => undefined,
  resolve: async () => undefined,
  async putBlob(content) {
    const { digest, size } = content.descriptor;
    await readAll(content.open(), size, 'a blob');
    blobs.add(digest);
    return 'written';
  },
  async putManifest({ descriptor }) {
    manifests.add(descriptor.digest);
    return 'written';
  },
};
const client = createClient({ credentials: async () => undefined });
await copy(client.repository(`${host}/scale`), '1', target);
await client.close();
console.log(`${blobs.size} blobs, ${manifests.size} manifests`);

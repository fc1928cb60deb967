import { join } from 'node:path';
import { directoryStore } from '../../src/node/directory/directory.ts';
import { testStore } from '../../src/testing/store-contract.ts';
import { scratch } from '../support/layouts.ts';

for (const durable of [false, true]) {
  testStore(durable ? 'a directory, synced' : 'a directory', async (t) => {
    const directory = join(await scratch(t), 'made', 'when', 'needed');
    return {
      store: directoryStore(directory, { durable }),
      reopen: async () => directoryStore(directory),
      close: async () => {},
    };
  });
}

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { directoryStore } from '../../src/node/directory.ts';
import { putImage } from '../../src/testing/samples.ts';
import { testStore } from '../../src/testing/store-contract.ts';
import { filesBelow, scratch } from '../support/layouts.ts';

testStore('a directory', async (t) => {
  const directory = join(await scratch(t), 'made', 'when', 'needed');
  return {
    store: directoryStore(directory),
    reopen: async () => directoryStore(directory),
    close: async () => {},
  };
});

import { join } from 'node:path';
import { createTarLayout } from '../../src/node/tar-file.ts';
import { testStore } from '../../src/testing/store-contract.ts';
import { scratch } from '../support/layouts.ts';

testStore(
  'an archive in the making',
  async (t) => {
    const { target, abort } = await createTarLayout(join(await scratch(t), 'image.tar'));
    return { store: target, close: abort };
  },
  { deletes: false },
);

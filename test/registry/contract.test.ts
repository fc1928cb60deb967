/** A repository of a registry is a store, whatever the registry is like; and it leaves no answer hanging. */
import assert from 'node:assert/strict';
import { testStore } from '../../src/testing/store-contract.ts';
import { profiles } from '../../src/testing/quirks.ts';
import type { Wrap } from '../../src/testing/wrap.ts';
import type { Store } from '../../src/store/types.ts';
import { testRegistry } from '../support/test-registry.ts';

function over(...wraps: readonly Wrap[]): () => Promise<{ store: Store; close(): Promise<void> }> {
  return async () => {
    const { repository, client, open } = testRegistry({ wraps });
    const close = async (): Promise<void> => {
      await client.close();
      assert.equal(open(), 0, 'answers were neither read nor cancelled');
    };
    return { store: repository, close };
  };
}

testStore('a registry by the specification', over());

/** These two delete nothing over this API. */
const keeping = new Set(['docker.io', 'ghcr']);

for (const [name, profile] of Object.entries(profiles)) {
  testStore(`a registry like ${name}`, over(profile()), { deletes: !keeping.has(name) });
}

/** A repository of a registry is a store, whatever the registry is like. */
import { testStore } from '../../src/testing/store-contract.ts';
import { profiles } from '../../src/testing/quirks.ts';
import { testRegistry } from '../support/test-registry.ts';

/** Profiles that keep no promise of the contract less than the specification does. */
const complete = ['docker-registry-2.8', 'ecr', 'gar', 'acr', 'quay', 'harbor', 'artifactory', 'gitlab', 'gitea'];

testStore('a registry by the specification', async () => {
  const { repository, client } = testRegistry();
  return { store: repository, close: () => client.close() };
});

for (const name of complete) {
  testStore(`a registry like ${name}`, async () => {
    const profile = profiles[name];
    const { repository, client } = testRegistry({ wraps: profile === undefined ? [] : [profile()] });
    return { store: repository, close: () => client.close() };
  });
}

for (const name of ['docker-hub', 'ghcr']) {
  testStore(
    `a registry like ${name}`,
    async () => {
      const profile = profiles[name];
      const { repository, client } = testRegistry({ wraps: profile === undefined ? [] : [profile()] });
      return { store: repository, close: () => client.close() };
    },
    { deletes: false },
  );
}

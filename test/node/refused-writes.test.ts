/** Every verb that writes, where the registry does not let us: who we are and what we may are two errors. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ErrorCode } from '../../src/errors.ts';
import { copy } from '../../src/graph/copy.ts';
import { deleteRepository } from '../../src/graph/delete-repository.ts';
import { fixedCredentials } from '../../src/http/credentials.ts';
import { pushLayers } from '../../src/node/layers/layer-files.ts';
import type { Repository } from '../../src/registry/repository.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { type Built, putBuilt } from '../../src/testing/fixtures.ts';
import { all } from '../../src/testing/samples.ts';
import { changed, errorAnswer, type Wrap } from '../../src/testing/wrap.ts';
import { rejection } from '../support/failure.ts';
import { platformImage, pulled } from '../support/pulled-layers.ts';
import { type TestRegistry, testRegistry } from '../support/test-registry.ts';

const built: Built = await platformImage('amd64');

/** Everybody may read; whoever writes is refused. */
function refusing(status: 401 | 403): Wrap {
  const challenge = { 'www-authenticate': 'Basic realm="test"' };
  return (handler) => async (request, info) => {
    if (request.method === 'GET' || request.method === 'HEAD') return handler(request, info);
    await request.body?.cancel();
    const answer = errorAnswer(status, status === 401 ? 'UNAUTHORIZED' : 'DENIED', 'not you');
    return status === 401 ? changed(answer, { headers: challenge }) : answer;
  };
}

async function withImage(status: 401 | 403): Promise<TestRegistry> {
  const credentials = fixedCredentials({ 'registry.test': { username: 'me', password: 'wrong' } });
  const made = testRegistry({ wraps: [refusing(status)], client: { credentials } });
  await putBuilt(made.registry.repository('team/app'), built, { tags: ['1', '2'] });
  return made;
}

type Attempt = (repository: Repository, made: TestRegistry, directory: string) => Promise<unknown>;
const verbs: Readonly<Record<string, Attempt>> = {
  push: (_, made, directory) => pushLayers(built.manifest, directory, made.client.repository('registry.test/new')),
  tag: (repository) => copy(repository, '1', repository, { tags: ['3'] }),
  'tag in another repository': (repository, made) =>
    copy(repository, '1', made.client.repository('registry.test/new'), { tags: ['1'] }),
  copy: async (repository) => {
    const other = createMemoryStore();
    await putBuilt(other, await platformImage('arm64'), { tags: ['1'] });
    return copy(other, '1', repository, { tags: ['3'] });
  },
  'delete of a tag': (repository) => repository.delete({ tag: '1' }),
  'delete of a repository': (repository) => deleteRepository(repository),
};

for (const [status, code, id] of [
  [401, 'UNAUTHORIZED', 'RUBY-66'],
  [403, 'DENIED', 'RUBY-67'],
] as const satisfies readonly (readonly [401 | 403, ErrorCode, string])[]) {
  describe(`${id}: a registry that answers a write with ${status}`, () => {
    for (const [verb, attempt] of Object.entries(verbs)) {
      test(`makes ${verb} end with ${code}, and all is as it was`, async (t) => {
        const made = await withImage(status);
        const directory = await pulled(t, built);
        const error = await rejection(code, attempt(made.repository, made, directory));
        assert.equal(error.status, status);
        assert.deepEqual(await all(made.registry.repository('team/app').tags()), ['1', '2']);
        assert.deepEqual(await all(made.registry.repositories()), ['team/app']);
      });
    }
  });
}

/** Documents whose bodies break off are asked for again, as a whole; and who was forbidden to list for a moment is not told of an empty list. */
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import * as faults from '../../src/testing/faults.ts';
import { putArtifact, putImage } from '../../src/testing/fixtures.ts';
import { all } from '../../src/testing/samples.ts';
import { only, requestTo, type Wrap } from '../../src/testing/wrap.ts';
import { nodeTransport } from '../../src/node/http/transport.ts';
import type { ClientOptions } from '../../src/registry/client.ts';
import { rejection } from '../support/failure.ts';
import { type ServedRegistry, servedRegistry } from '../support/served-registry.ts';

async function served(t: TestContext, wrap: Wrap, options: ClientOptions = {}): Promise<ServedRegistry> {
  const registry = await servedRegistry([wrap], options);
  t.after(registry.close);
  return registry;
}

const gets = (endpoint: Parameters<typeof requestTo>[0]) => (request: Request) =>
  request.method === 'GET' && requestTo(endpoint)(request);

const impatient: ClientOptions = { transport: nodeTransport({ proxy: false, timeouts: { idleMs: 100 } }) };

describe('a body that breaks off', () => {
  for (const [what, fault] of [
    ['is cut', faults.cutBody(10)],
    ['stalls', faults.stallBody(10)],
  ] as const) {
    test(`of a manifest ${what}: it is asked for again, as a whole`, async (t) => {
      const wrap = only(fault, { matches: gets('manifest'), times: 2 });
      const { repository, registry, log } = await served(t, wrap, impatient);
      const { manifest } = await putImage(registry.repository('team/app'), { layers: [], tags: ['v1'] });
      assert.deepEqual((await repository.manifest('v1')).bytes, manifest.bytes);
      assert.equal(log.filter(({ method }) => method === 'GET').length, 3);
    });
  }

  test('of a listing is asked for again; after the last attempt it is UNREACHABLE', async (t) => {
    const wrap = only(faults.cutBody(10), { matches: gets('tags'), times: 6 });
    const { repository, registry } = await served(t, wrap);
    await putImage(registry.repository('team/app'), { layers: [], tags: ['a', 'b'] });
    await rejection('UNREACHABLE', all(repository.tags()));
    assert.deepEqual(await all(repository.tags()), ['a', 'b']);
  });

  test('that has no end is read no further than its limit, and asked for once', async (t) => {
    const limits = { manifestBytes: 100_000 };
    const { repository, registry, log } = await served(t, only(faults.endlessBody(), { matches: gets('manifest') }), {
      limits,
    });
    await putImage(registry.repository('team/app'), { layers: [], tags: ['v1'] });
    await rejection('TOO_LARGE', repository.manifest('v1'));
    assert.equal(log.length, 1);
  });
});

test('referrers that were forbidden for a moment are listed', async (t) => {
  const wrap = only(faults.answerWith(403), { matches: requestTo('referrers'), times: 1 });
  const { repository, registry } = await served(t, wrap);
  const store = registry.repository('team/app');
  const { descriptor: subject } = await putImage(store, { layers: [] });
  const attached = await putArtifact(store, { artifactType: 'application/vnd.test', subject });
  const found = await all(repository.referrers(subject));
  assert.deepEqual(
    found.map(({ digest }) => digest),
    [attached.descriptor.digest],
  );
});

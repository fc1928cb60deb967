/** G31: a PUT that was carried out, and whose answer got lost: the registry is asked, and nothing is sent twice. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutAfterWork } from '../../src/testing/faults.ts';
import { seededContent } from '../../src/testing/fixtures.ts';
import { only, requestTo } from '../../src/testing/wrap.ts';
import { servedRegistry } from '../support/served-registry.ts';

const content = seededContent(700_000, 'blob');

for (const [how, chunkSize] of [
  ['whole', undefined],
  ['in chunks', 300_000],
] as const) {
  test(`G31: sent ${how}, the PUT executes and is reset: one HEAD, success, and no second upload`, async (t) => {
    const seen: string[] = [];
    const lost = only(cutAfterWork('reset'), { matches: requestTo('upload', 'PUT'), times: 1 });
    const made = await servedRegistry(
      [(handler) => (request, info) => (seen.push(request.method), handler(request, info)), lost],
      { chunkSize },
    );
    t.after(made.close);
    assert.equal(await made.repository.putBlob(content), 'written');
    const patches = chunkSize === undefined ? [] : ['PATCH', 'PATCH', 'PATCH'];
    assert.deepEqual(seen, ['HEAD', 'POST', ...patches, 'PUT', 'HEAD']);
    const kept = made.registry.repository('team/app');
    for await (const _ of kept.blob(content.descriptor).open());
  });
}

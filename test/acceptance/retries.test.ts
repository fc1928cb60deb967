/** G24: which statuses pass, and how often they are given the chance to. Every verb of the client goes the same way. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOciError } from '../../src/errors.ts';
import { answerWith } from '../../src/testing/faults.ts';
import { buildImage, putBuilt, putImage, seededContent } from '../../src/testing/fixtures.ts';
import { only, requestTo } from '../../src/testing/wrap.ts';
import { type TestRegistry, testRegistry } from '../support/test-registry.ts';

const passing = [408, 429, 499, 500, 502, 503, 504, 522];
const final = [400, 403, 404, 405, 501];
const content = seededContent(1000, 'blob');
const image = await buildImage({ layers: [] });

async function faulty(status: number, times: number): Promise<TestRegistry> {
  const made = testRegistry({ wraps: [only(answerWith(status), { times })] });
  await putBuilt(made.registry.repository('team/app'), image, { tags: ['1'] });
  await made.registry.repository('team/app').putBlob(content);
  return made;
}

/** Each is one request, and looks at what came. */
const verbs: Readonly<Record<string, (made: TestRegistry) => Promise<void>>> = {
  'GET of a manifest': async ({ repository }) => {
    assert.equal((await repository.manifest('1')).descriptor.digest, image.descriptor.digest);
  },
  'GET of tags': async ({ repository }) => {
    const tags: string[] = [];
    for await (const tag of repository.tags()) tags.push(tag);
    assert.deepEqual(tags, ['1']);
  },
  'GET of a blob': async ({ repository }) => {
    let size = 0;
    for await (const chunk of repository.blob(content.descriptor).open()) size += chunk.length;
    assert.equal(size, content.descriptor.size);
  },
  'HEAD of a blob': async ({ repository }) => {
    assert.equal((await repository.stat(content.descriptor.digest))?.size, content.descriptor.size);
  },
};

for (const status of passing) {
  test(`G24: ${status} once, then well: succeeds, in two requests`, async () => {
    for (const verb of Object.values(verbs)) {
      const made = await faulty(status, 1);
      await verb(made);
      assert.deepEqual(
        made.requests.map((request) => request.status >= 400),
        [true, false],
      );
      assert.equal(made.clock.waits.length, 1);
    }
  });

  test(`G24: ${status} for ever: fails after exactly five attempts`, async () => {
    for (const [what, verb] of Object.entries(verbs)) {
      const made = await faulty(status, Number.POSITIVE_INFINITY);
      await assert.rejects(verb(made), (error) => isOciError(error) && error.status === status, what);
      assert.equal(made.requests.length, 5, what);
      assert.equal(made.open(), 0);
    }
  });
}

for (const status of final) {
  test(`G24: ${status} is not repeated`, async () => {
    for (const what of ['GET of a manifest', 'GET of a blob']) {
      const made = await faulty(status, Number.POSITIVE_INFINITY);
      await assert.rejects(
        async () => verbs[what]?.(made),
        (error) => isOciError(error) && error.status === status,
      );
      assert.equal(made.requests.length, 1, what);
      assert.deepEqual(made.clock.waits, []);
    }
  });

  test(`G24: ${status} to what writes is not repeated either`, async () => {
    for (const [endpoint, method] of [
      ['uploads', 'POST'],
      ['manifest', 'PUT'],
    ] as const) {
      const matches = requestTo(endpoint, method);
      const made = testRegistry({ wraps: [only(answerWith(status), { matches })] });
      await assert.rejects(putBuilt(made.repository, image), (error) => isOciError(error) && error.status === status);
      const asked = made.requests.filter((request) => request.status === status && request.method === method);
      assert.equal(asked.length, 1, `${method} ${endpoint}`);
      assert.deepEqual(made.clock.waits, []);
    }
  });
}

test('G24: the beginning of an upload, and the PUT of a manifest by its digest, are repeated as well', async () => {
  for (const status of [500, 503]) {
    const start = only(answerWith(status), { matches: requestTo('uploads', 'POST'), times: 4 });
    const put = only(answerWith(status), { matches: requestTo('manifest', 'PUT'), times: 4 });
    const made = testRegistry({ wraps: [start, put] });
    await putImage(made.repository, { layers: [] });
    assert.equal(made.requests.filter(({ method }) => method === 'POST').length, 5);
    assert.equal(
      made.requests.filter(({ method, path }) => method === 'PUT' && path.includes('/manifests/')).length,
      5,
    );
  }
});

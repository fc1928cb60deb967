/** G34: registries whose HEAD does not tell the truth: the digest is that of the bytes, and each host is asked in vain once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerWith } from '../../src/testing/faults.ts';
import { putImage, seededContent } from '../../src/testing/fixtures.ts';
import * as quirks from '../../src/testing/quirks.ts';
import { changing, only, requestTo, type Wrap } from '../../src/testing/wrap.ts';
import { testRegistry } from '../support/test-registry.ts';

const heads = requestTo('manifest', 'HEAD');
const of =
  (wrap: Wrap): Wrap =>
  (handler) =>
  (request, info) =>
    (heads(request) ? wrap(handler) : handler)(request, info);

const registries: Readonly<Record<string, Wrap>> = {
  '405': of(quirks.headUnsupported(405)),
  '403': of(quirks.headUnsupported(403)),
  '404 on HEAD only': of(quirks.headUnsupported(404)),
  'no digest': of(quirks.withoutDigestHeader()),
  'the length of a compressed manifest': changing(heads, () => ({
    headers: { 'content-encoding': 'gzip', 'content-length': '77' },
  })),
};

for (const [what, wrap] of Object.entries(registries)) {
  test(`G34: HEAD is ${what}: the digest comes from GET, and the next ones without HEAD`, async () => {
    const made = testRegistry({ wraps: [wrap] });
    for (const name of ['team/app', 'team/other']) {
      for (const tag of ['1', '2']) {
        const { manifest } = await putImage(made.registry.repository(name), {
          layers: [],
          config: { author: name + tag },
          tags: [tag],
        });
        const found = await made.client.repository(`registry.test/${name}`).resolve(tag);
        assert.equal(found?.digest, manifest.descriptor.digest);
        assert.equal(found.size, manifest.bytes.length);
      }
    }
    assert.equal(made.requests.filter(({ method }) => method === 'HEAD').length, 1);
    assert.equal(made.requests.filter(({ method }) => method === 'GET').length, 4);
  });
}

for (const status of [405, 403]) {
  test(`G34: HEAD of a blob is ${status}: its size comes from GET, and the next ones without HEAD`, async () => {
    const made = testRegistry({ wraps: [only(answerWith(status), { matches: requestTo('blob', 'HEAD') })] });
    for (const name of ['team/app', 'team/other']) {
      const content = seededContent(1000, name);
      await made.registry.repository(name).putBlob(content);
      const found = await made.client.repository(`registry.test/${name}`).stat(content.descriptor.digest);
      assert.deepEqual(found, content.descriptor);
    }
    assert.deepEqual(
      made.requests.map(({ method }) => method),
      ['HEAD', 'GET', 'GET'],
    );
  });
}

test('G34: each host is learnt of by itself', async () => {
  const made = testRegistry({ wraps: [of(quirks.headUnsupported(405))] });
  for (const host of ['registry.test', 'another.test']) {
    for (const name of ['team/app', 'team/other']) {
      await putImage(made.registry.repository(name), { layers: [], tags: ['1'] });
      await made.client.repository(`${host}/${name}`).resolve('1');
    }
  }
  assert.deepEqual(
    made.requests.filter(({ method }) => method === 'HEAD').map(({ url }) => new URL(url).host),
    ['registry.test', 'another.test'],
  );
});

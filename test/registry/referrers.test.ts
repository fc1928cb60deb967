import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Activity } from '../../src/model/call.ts';
import type { Descriptor } from '../../src/model/descriptor.ts';
import { isIndex } from '../../src/model/manifest.ts';
import { OCI_INDEX } from '../../src/model/media-types.ts';
import { manifestFromDocument } from '../../src/store/content.ts';
import { type Built, buildArtifact, buildImage, buildIndex, putBuilt } from '../../src/testing/fixtures.ts';
import * as faults from '../../src/testing/faults.ts';
import * as quirks from '../../src/testing/quirks.ts';
import { all } from '../../src/testing/samples.ts';
import { answering, only, requestTo, type Wrap } from '../../src/testing/wrap.ts';
import { rejection } from '../support/failure.ts';
import { type TestRegistry, testRegistry } from '../support/test-registry.ts';

const image = await buildImage({ layers: [] });
const subject = image.manifest.descriptor;
const tag = subject.digest.replace(':', '-');
const sbom = buildArtifact({
  artifactType: 'application/x-sbom',
  subject,
  annotations: { 'org.example.format': 'json' },
});
const signature = buildArtifact({ artifactType: 'application/x-signature', subject });
const attached = [sbom, signature];

async function withImage(...wraps: Wrap[]): Promise<TestRegistry> {
  const made = testRegistry({ wraps });
  await putBuilt(made.registry.repository('team/app'), image, { tags: ['v1'] });
  return made;
}

const digests = (descriptors: readonly Descriptor[]): string[] => descriptors.map(({ digest }) => digest).sort();
const digestsOf = (...built: readonly Built[]): string[] => digests(built.map(({ manifest }) => manifest.descriptor));
const tagRequests = ({ lines }: TestRegistry): string[] => lines().filter((line) => line.includes(`/manifests/${tag}`));

/** The entries under the fallback tag. */
async function entries({ registry }: TestRegistry): Promise<readonly Descriptor[]> {
  const manifest = await registry.repository('team/app').manifest(tag);
  assert.ok(isIndex(manifest));
  return manifest.document.manifests;
}

describe('CAP-E14: the referrers of a manifest', () => {
  test('are listed by the API, and no tag is kept', async () => {
    const made = await withImage();
    for (const one of attached) await putBuilt(made.repository, one);
    const found = await all(made.repository.referrers(subject));
    assert.deepEqual(digests(found), digestsOf(...attached));
    const entry = found.find(({ digest }) => digest === sbom.manifest.descriptor.digest);
    assert.equal(entry?.artifactType, 'application/x-sbom');
    assert.deepEqual(entry?.annotations, { 'org.example.format': 'json' });
    assert.deepEqual(tagRequests(made), []);
  });

  test('are filtered by the registry, or here where it does not', async () => {
    for (const wraps of [[], [quirks.unfilteredReferrers()], [quirks.noReferrersApi()]]) {
      const made = await withImage(...wraps);
      for (const one of attached) await putBuilt(made.repository, one);
      const found = await all(made.repository.referrers(subject, { artifactType: 'application/x-sbom' }));
      assert.deepEqual(digests(found), digestsOf(sbom));
    }
  });

  test('are asked for by their type', async () => {
    const made = await withImage();
    await all(made.repository.referrers(subject, { artifactType: 'application/x+y' }));
    assert.equal(made.requests[0]?.path, `/v2/team/app/referrers/${subject.digest}?artifactType=application%2Fx%2By`);
  });

  test('come from all pages, each once, what is malformed left out', async () => {
    const page = (manifests: readonly unknown[], next?: string): Response => {
      const link = next === undefined ? {} : { link: `<${next}>; rel="next"` };
      const document = { schemaVersion: 2, mediaType: OCI_INDEX, manifests };
      return new Response(JSON.stringify(document), { headers: { 'content-type': OCI_INDEX, ...link } });
    };
    const { descriptor: one } = sbom.manifest;
    const { descriptor: two } = signature.manifest;
    const paged = answering(requestTo('referrers'), ({ url }) =>
      url.endsWith('?p=2') ? page([one, two, { digest: '../../x' }, null]) : page([one], '?p=2'),
    );
    const { repository, requests } = await withImage(paged);
    const told: Activity[] = [];
    const found = await all(repository.referrers(subject, { on: (activity) => told.push(activity) }));
    assert.deepEqual(found, [one, two]);
    assert.equal(requests.length, 2);
    assert.equal(told.filter(({ type }) => type === 'warning').length, 2);
  });

  test('are none where there are none', async () => {
    for (const wraps of [[], [quirks.noReferrersApi()]]) {
      const { repository } = await withImage(...wraps);
      assert.deepEqual(await all(repository.referrers(subject)), []);
    }
  });

  test('stand under a tag where there is no API, which is asked for once', async () => {
    for (const status of [404, 400, 405, 501]) {
      const made = await withImage(quirks.noReferrersApi(status));
      for (const one of attached) await putBuilt(made.repository, one);
      const before = made.requests.length;
      for (let times = 0; times < 3; times++) {
        assert.deepEqual(digests(await all(made.repository.referrers(subject))), digestsOf(...attached));
      }
      const asked = made
        .lines()
        .slice(before)
        .filter((line) => line.includes('/referrers/'));
      assert.equal(asked.length, status === 400 ? 3 : 1);
    }
  });

  test('stand under a tag where a web page answers in place of the API', async () => {
    const page = answering(
      requestTo('referrers'),
      () => new Response('<html>sign in</html>', { headers: { 'content-type': 'text/html' } }),
    );
    const made = await withImage(page, quirks.noReferrersApi());
    for (const one of attached) await putBuilt(made.repository, one);
    assert.deepEqual(digests(await all(made.repository.referrers(subject))), digestsOf(...attached));
  });

  test('are no list when the API fails: that is an error', async () => {
    const { repository } = await withImage(only(faults.answerWith(500), { matches: requestTo('referrers') }));
    await rejection('SERVER_ERROR', all(repository.referrers(subject)));
  });

  test('are not looked for under a tag that is no index', async () => {
    const made = await withImage(quirks.noReferrersApi());
    await putBuilt(made.registry.repository('team/app'), image, { tags: [tag] });
    assert.deepEqual(await all(made.repository.referrers(subject)), []);
  });
});

describe('CAP-E15: the fallback tag', () => {
  test('lists what is attached, with its type and annotations, each once', async () => {
    const made = await withImage(quirks.noReferrersApi());
    for (const one of [sbom, signature, sbom]) await putBuilt(made.repository, one);
    const found = await entries(made);
    assert.deepEqual(digests(found), digestsOf(sbom, signature));
    const [first] = found;
    assert.deepEqual(first, {
      ...sbom.manifest.descriptor,
      artifactType: 'application/x-sbom',
      annotations: { 'org.example.format': 'json' },
    });
  });

  test('keeps what else its index says', async () => {
    const made = await withImage(quirks.noReferrersApi());
    const before = manifestFromDocument({
      schemaVersion: 2,
      mediaType: OCI_INDEX,
      manifests: [],
      annotations: { kept: 'yes' },
    });
    await made.registry.repository('team/app').putManifest(before, { tags: [tag] });
    await putBuilt(made.repository, sbom);
    const manifest = await made.registry.repository('team/app').manifest(tag);
    assert.deepEqual(manifest.document.annotations, { kept: 'yes' });
  });

  test('is kept up by registries that claim to list, and do not', async () => {
    const made = await withImage(quirks.subjectWithoutReferrers());
    await putBuilt(made.repository, sbom);
    assert.deepEqual(digests(await entries(made)), digestsOf(sbom));
  });

  test('loses nothing when much is attached at once', async () => {
    const made = await withImage(quirks.noReferrersApi());
    const many = Array.from({ length: 12 }, (_, at) => buildArtifact({ artifactType: `application/x-${at}`, subject }));
    await Promise.all(many.map((one) => putBuilt(made.repository, one)));
    assert.deepEqual(digests(await entries(made)), digestsOf(...many));
  });

  test("loses nothing of somebody else's write in between", async () => {
    let interfered = false;
    const meanwhile: Wrap = (handler) => async (request, info) => {
      if (!interfered && request.url.endsWith(`/manifests/${tag}`) && request.method === 'PUT') {
        interfered = true;
        const store = made.registry.repository('team/app');
        await putBuilt(store, signature);
        await putBuilt(store, buildIndex({ manifests: [signature.manifest.descriptor] }), { tags: [tag] });
      }
      return handler(request, info);
    };
    const made = await withImage(meanwhile, quirks.noReferrersApi());
    await made.registry.repository('team/app').putManifest(buildIndex({ manifests: [] }).manifest, { tags: [tag] });
    await putBuilt(made.repository, sbom);
    assert.deepEqual(digests(await entries(made)), digestsOf(sbom, signature));
  });

  test('is tried again when the write in between comes after', async () => {
    const overwritten: Wrap = (handler) => async (request, info) => {
      const response = await handler(request, info);
      const store = made.registry.repository('team/app');
      await putBuilt(store, signature);
      await putBuilt(store, buildIndex({ manifests: [signature.manifest.descriptor] }), { tags: [tag] });
      return response;
    };
    const matches = (request: Request): boolean =>
      request.method === 'PUT' && request.url.endsWith(`/manifests/${tag}`);
    const made = await withImage(only(overwritten, { matches, times: 1 }), quirks.noReferrersApi());
    await putBuilt(made.repository, sbom);
    assert.deepEqual(digests(await entries(made)), digestsOf(sbom, signature));
  });

  test('is looked at once more, for who had read it before may write it after', async () => {
    const made = await withImage(quirks.noReferrersApi());
    const wait: typeof made.clock.wait = async () => {
      const store = made.registry.repository('team/app');
      if ((await entries(made)).length > 1) return;
      await putBuilt(store, signature);
      await putBuilt(store, buildIndex({ manifests: [signature.manifest.descriptor] }), { tags: [tag] });
    };
    Object.assign(made.clock, { wait });
    await putBuilt(made.repository, sbom);
    assert.deepEqual(digests(await entries(made)), digestsOf(sbom, signature));
  });

  test('is looked at once for all that is attached at the same time', async () => {
    const made = await withImage(quirks.noReferrersApi());
    const { waits } = made.clock;
    let isLate = false;
    const wait: typeof made.clock.wait = async (ms) => {
      waits.push(ms);
      if (isLate || (await entries(made)).length < 6) return;
      isLate = true;
      await made.registry.repository('team/app').putManifest(buildIndex({ manifests: [] }).manifest, { tags: [tag] });
    };
    Object.assign(made.clock, { wait });
    const many = Array.from({ length: 6 }, (_, at) => buildArtifact({ artifactType: `application/x-${at}`, subject }));
    await Promise.all(many.map((one) => putBuilt(made.repository, one)));
    assert.ok(isLate, 'a list without them was written when all were there');
    assert.deepEqual(digests(await entries(made)), digestsOf(...many));
    assert.ok(waits.length < many.length, String(waits.length));
  });

  test('drops entries that the registry no longer has', async () => {
    const made = await withImage(quirks.noReferrersApi());
    for (const one of attached) await putBuilt(made.repository, one);
    await made.registry.repository('team/app').delete({ manifest: sbom.manifest.descriptor.digest });
    const third = buildArtifact({ artifactType: 'application/x-third', subject });
    await putBuilt(made.repository, third);
    assert.deepEqual(digests(await entries(made)), digestsOf(signature, third));
  });

  test('is not taken away from whoever uses it for something else', async () => {
    const made = await withImage(quirks.noReferrersApi());
    await putBuilt(made.registry.repository('team/app'), image, { tags: [tag] });
    const error = await rejection('CONFLICT', putBuilt(made.repository, sbom));
    assert.match(error.message, new RegExp(tag));
  });

  test('forgets what is deleted', async () => {
    const made = await withImage(quirks.noReferrersApi());
    for (const one of attached) await putBuilt(made.repository, one);
    assert.equal(await made.repository.delete({ manifest: sbom.manifest.descriptor.digest }), 'deleted');
    assert.deepEqual(digests(await entries(made)), digestsOf(signature));
    assert.deepEqual(digests(await all(made.repository.referrers(subject))), digestsOf(signature));
  });
});

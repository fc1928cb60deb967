import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Activity } from '../../src/model/call.ts';
import { buildImage, putBuilt } from '../../src/testing/fixtures.ts';
import * as faults from '../../src/testing/faults.ts';
import * as quirks from '../../src/testing/quirks.ts';
import { all } from '../../src/testing/samples.ts';
import { answering, errorAnswer, only, requestTo, type Wrap } from '../../src/testing/wrap.ts';
import { rejection } from '../support/failure.ts';
import { type TestRegistry, testRegistry } from '../support/test-registry.ts';

const image = await buildImage({ layers: [new TextEncoder().encode('layer')] });
const docker = await buildImage({ layers: [new TextEncoder().encode('layer')], family: 'docker' });
const { digest } = image.manifest.descriptor;
const layer = image.blobs[1]?.descriptor.digest ?? digest;
const byTag = (request: Request): boolean =>
  requestTo('manifest', 'DELETE')(request) && !request.url.includes('sha256:');
const byDigest = (request: Request): boolean =>
  requestTo('manifest', 'DELETE')(request) && request.url.includes('sha256:');

async function withImage(...wraps: Wrap[]): Promise<TestRegistry> {
  const made = testRegistry({ wraps });
  await putBuilt(made.registry.repository('team/app'), image, { tags: ['a', 'b', 'c'] });
  return made;
}

const tags = async ({ registry }: TestRegistry): Promise<string[]> => all(registry.repository('team/app').tags());
const resolved = async ({ registry }: TestRegistry, tag: string): Promise<string | undefined> =>
  (await registry.repository('team/app').resolve(tag))?.digest;

describe('deleting a tag', () => {
  test('RUBY-60 WRITE-9 F7: is one request, and leaves its siblings', async () => {
    const made = await withImage();
    assert.equal(await made.repository.delete({ tag: 'a' }), 'deleted');
    assert.deepEqual(made.lines(), ['DELETE /v2/team/app/manifests/a 202']);
    assert.deepEqual(await tags(made), ['b', 'c']);
    assert.equal(await resolved(made, 'b'), digest);
  });

  test('WRITE-8 WRITE-9: takes 200 and 204 for success, too', async () => {
    for (const status of [200, 204]) {
      const made = await withImage(quirks.deleteAnswers(status));
      assert.equal(await made.repository.delete({ tag: 'a' }), 'deleted');
      assert.equal(await made.repository.delete({ manifest: digest }), 'deleted');
      assert.equal(await made.repository.delete({ blob: layer }), 'deleted');
    }
  });

  test('that is not there finds it absent', async () => {
    const made = await withImage();
    assert.equal(await made.repository.delete({ tag: 'z' }), 'absent');
  });

  for (const [status, code] of [
    [400, 'DIGEST_INVALID'],
    [405, 'UNSUPPORTED'],
    [404, 'NAME_UNKNOWN'],
    [415, 'UNKNOWN'],
    [501, 'UNSUPPORTED'],
  ] as const) {
    test(`CAP-F12 WRITE-9 F7: deletes a stand-in where tags are refused with ${status}, and leaves the siblings`, async () => {
      const made = await withImage(quirks.tagDeleteUnsupported(status, code));
      const told: Activity[] = [];
      assert.equal(await made.repository.delete({ tag: 'a' }, { on: (activity) => told.push(activity) }), 'deleted');
      assert.deepEqual(await tags(made), ['b', 'c']);
      assert.equal(await resolved(made, 'b'), digest);
      assert.equal(await resolved(made, 'a'), undefined);
      assert.deepEqual(
        told.filter(({ type }) => type === 'warning'),
        [],
      );
      assert.equal(await made.repository.delete({ tag: 'a' }), 'absent');
    });
  }

  test('uses another stand-in each time, of the family of the image', async () => {
    const made = testRegistry({ wraps: [quirks.tagDeleteUnsupported()] });
    await putBuilt(made.registry.repository('team/app'), docker, { tags: ['a', 'b', 'c'] });
    await made.repository.delete({ tag: 'a' });
    await made.repository.delete({ tag: 'b' });
    const puts = made.requests.filter(({ method, path }) => method === 'PUT' && path.includes('/manifests/'));
    assert.deepEqual(
      puts.map(({ headers }) => headers['content-type']),
      [docker.descriptor.mediaType, docker.descriptor.mediaType],
    );
    const deleted = made.requests.filter(({ method, path }) => method === 'DELETE' && path.includes('sha256:'));
    assert.equal(new Set(deleted.map(({ path }) => path)).size, 2);
    assert.deepEqual(await tags(made), ['c']);
  });

  test('CAP-F12 WRITE-9: gives the tag back where nothing can be deleted, and lists what deleting would take along', async () => {
    const made = await withImage(quirks.deleteUnsupported());
    const error = await rejection('UNSUPPORTED', made.repository.delete({ tag: 'a' }));
    assert.match(error.message, /b, c also stand for the manifest of a/);
    assert.deepEqual(error.digests, [digest]);
    assert.deepEqual(await tags(made), ['a', 'b', 'c']);
    for (const tag of ['a', 'b', 'c']) assert.equal(await resolved(made, tag), digest);
  });

  test('changes nothing where the stand-in is refused', async () => {
    const refused = answering(requestTo('manifest', 'PUT'), () =>
      errorAnswer(405, 'UNSUPPORTED', 'tags are immutable'),
    );
    const made = await withImage(quirks.tagDeleteUnsupported(), refused);
    const error = await rejection('UNSUPPORTED', made.repository.delete({ tag: 'a' }));
    assert.match(error.message, /b, c/);
    assert.equal(await resolved(made, 'a'), digest);
  });

  test('gives the tag back when its caller goes at the worst moment', async () => {
    const controller = new AbortController();
    const leaving: Wrap = (handler) => (request, info) => {
      controller.abort();
      return handler(request, info);
    };
    const made = await withImage(
      quirks.tagDeleteUnsupported(),
      only(leaving, { matches: requestTo('manifest', 'PUT'), times: 1 }),
    );
    await rejection('ABORTED', made.repository.delete({ tag: 'a' }, { signal: controller.signal }));
    assert.equal(await resolved(made, 'a'), digest);
  });

  test('says so when the manifest went, too', async () => {
    const takesAlong: Wrap = (handler) => async (request, info) => {
      await made.registry.repository('team/app').delete({ manifest: digest });
      return handler(request, info);
    };
    const made = await withImage(quirks.tagDeleteUnsupported(), only(takesAlong, { matches: byDigest }));
    const told: Activity[] = [];
    await made.repository.delete({ tag: 'a' }, { on: (activity) => told.push(activity) });
    assert.equal(told.filter(({ type }) => type === 'warning').length, 1);
  });

  test('is not tried otherwise where the caller may not, or the registry is busy', async () => {
    for (const [status, code] of [
      [401, 'UNAUTHORIZED'],
      [403, 'DENIED'],
      [429, 'RATE_LIMITED'],
      [500, 'SERVER_ERROR'],
    ] as const) {
      const made = await withImage(only(faults.answerWith(status), { matches: byTag }));
      await rejection(code, made.repository.delete({ tag: 'a' }));
      assert.ok(made.requests.every(({ method, path }) => method === 'DELETE' || path === '/v2/'));
      assert.deepEqual(await tags(made), ['a', 'b', 'c']);
    }
  });
});

describe('deleting a manifest', () => {
  test('CAP-F11 GO-17 NODE-36 WRITE-8 F8: takes its tags along', async () => {
    const made = await withImage();
    assert.equal(await made.repository.delete({ manifest: digest }), 'deleted');
    assert.deepEqual(await tags(made), []);
    assert.equal(made.requests.at(-1)?.path, `/v2/team/app/manifests/${digest}`);
    assert.equal(await made.repository.resolve(digest), undefined);
    await rejection('NOT_FOUND', made.repository.manifest(digest));
    await rejection('NOT_FOUND', made.repository.manifest('a'));
    assert.equal(await made.repository.delete({ manifest: digest }), 'absent');
  });

  test('WRITE-8 F8: says where deletion is switched off', async () => {
    for (const status of [400, 405]) {
      const made = await withImage(only(faults.answerWith(status), { matches: byDigest }));
      const error = await rejection('UNSUPPORTED', made.repository.delete({ manifest: digest }));
      assert.match(error.hint ?? '', /deletion is disabled/);
      assert.equal(error.status, status);
    }
  });

  test('is not believed to be done by a registry that denies what it has', async () => {
    const made = await withImage(only(faults.answerWith(404), { matches: byDigest }));
    await rejection('UNSUPPORTED', made.repository.delete({ manifest: digest }));
  });

  test('deletes the tags first where the registry insists', async () => {
    let left: readonly string[] = ['a', 'b', 'c'];
    const watch: Wrap = (handler) => async (request, info) => {
      const tag = request.url.slice(request.url.lastIndexOf('/') + 1);
      if (byTag(request)) left = left.filter((other) => other !== tag);
      return handler(request, info);
    };
    const made = await withImage(
      watch,
      quirks.danglingTagRefused((what) => (what === digest ? left : [])),
    );
    await putBuilt(made.registry.repository('team/app'), docker, { tags: ['other'] });
    assert.equal(await made.repository.delete({ manifest: digest }), 'deleted');
    assert.deepEqual(await tags(made), ['other']);
  });

  test('works for what is no valid manifest, too', async () => {
    const broken = answering(requestTo('manifest', 'GET'), () => new Response('not json'));
    const made = await withImage(broken);
    assert.equal(await made.repository.delete({ manifest: digest }), 'deleted');
  });
});

test('asks for a token that allows pushing where none can be had that allows deleting', async () => {
  const challenge = {
    'www-authenticate': 'Bearer realm="https://registry.test/token",scope="repository:team/app:push"',
  };
  const asked: string[] = [];
  const quay: Wrap = (handler) => (request, info) => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === '/token') {
      asked.push(searchParams.getAll('scope').join(' '));
      const unknown = asked.at(-1)?.includes('delete') === true;
      return Promise.resolve(unknown ? errorAnswer(400, 'INVALID_REQUEST') : Response.json({ token: 'granted' }));
    }
    if (request.method === 'DELETE' && request.headers.get('authorization') !== 'Bearer granted') {
      return Promise.resolve(new Response(null, { status: 401, headers: challenge }));
    }
    return handler(request, info);
  };
  const made = await withImage(quay);
  assert.equal(await made.repository.delete({ tag: 'a' }), 'deleted');
  assert.deepEqual(asked, ['repository:team/app:push,pull,delete', 'repository:team/app:pull,push']);
});

describe('deleting a blob', () => {
  test('CAP-F13 NODE-46 WRITE-11: takes it away', async () => {
    const made = await withImage();
    assert.equal(await made.repository.delete({ blob: layer }), 'deleted');
    assert.deepEqual(made.lines(), [`DELETE /v2/team/app/blobs/${layer} 202`]);
    assert.equal(await made.repository.delete({ blob: layer }), 'absent');
  });

  test('WRITE-11: says where deletion is switched off', async () => {
    const made = await withImage(quirks.deleteUnsupported());
    await rejection('UNSUPPORTED', made.repository.delete({ blob: layer }));
  });
});

test('nothing is sent for names that are none', async () => {
  const made = await withImage();
  await rejection('REFERENCE_INVALID', made.repository.delete({ tag: '../x' }));
  await rejection('DIGEST_INVALID', made.repository.delete({ manifest: 'sha256:x' }));
  await rejection('DIGEST_INVALID', made.repository.delete({ blob: 'sha256:../x' }));
  assert.equal(made.requests.length, 0);
});

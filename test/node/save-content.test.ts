import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { chmod, lchown, lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, test, type TestContext } from 'node:test';
import type { ErrorCode } from '../../src/errors.ts';
import type { Activity } from '../../src/model/call.ts';
import { saveContent } from '../../src/node/files/save-content.ts';
import { contentFrom, contentOf } from '../../src/store/content.ts';
import type { Content } from '../../src/store/types.ts';
import * as faults from '../../src/testing/faults.ts';
import { seededBytes } from '../../src/testing/fixtures.ts';
import * as quirks from '../../src/testing/quirks.ts';
import { answering, changing, errorAnswer, only, requestTo, type Wrap } from '../../src/testing/wrap.ts';
import { rejection } from '../support/failure.ts';
import { scratch } from '../support/layouts.ts';
import { type TestRegistry, testRegistry } from '../support/test-registry.ts';
import { damaged } from '../support/watched-content.ts';

const bytes = seededBytes(700_000, 'saved');
const content = contentFrom(bytes);
const { descriptor } = content;
const gets = requestTo('blob', 'GET');
const blobPath = `/v2/team/app/blobs/${descriptor.digest}`;

async function withBlob(...wraps: Wrap[]): Promise<TestRegistry & { blob: Content }> {
  const made = testRegistry({ wraps });
  await made.registry.repository('team/app').putBlob(content);
  return { ...made, blob: made.repository.blob(descriptor) };
}

/** A registry of the test's own whose requests go to a token server first. */
function behindTokens(): Wrap {
  const challenge = 'Bearer realm="https://registry.test/token",service="test",scope="repository:team/app:pull"';
  return (handler) => async (request, info) => {
    const { pathname, host } = new URL(request.url);
    if (pathname === '/token') return Response.json({ token: 'granted' });
    const isAllowed = host !== 'registry.test' || request.headers.get('authorization') === 'Bearer granted';
    if (isAllowed) return handler(request, info);
    return changing(
      () => true,
      () => ({ headers: { 'www-authenticate': challenge } }),
    )(async () => errorAnswer(401, 'UNAUTHORIZED', 'a token is needed'))(request, info);
  };
}

const redirect = (status: number, location: string): Wrap =>
  answering(
    (request) => gets(request) && !new URL(request.url).searchParams.has('there'),
    () => new Response('moved', { status, headers: { location } }),
  );

describe('a blob in a file', () => {
  const there = `${blobPath}?there=1`;
  const ways: Readonly<Record<string, readonly Wrap[]>> = {
    'after a 401 and a token': [behindTokens()],
    'after a 307 to another origin': [redirect(307, `https://storage.test${there}`)],
    'after a 308 to another origin': [redirect(308, `https://storage.test${there}`)],
    'after a 302 to a relative place': [redirect(302, `./${descriptor.digest}?there=1`)],
    'after a 301 to a path': [redirect(301, there)],
    'after a token and a 307 to storage that refuses it': [
      only(quirks.refuseAuthorization(), { matches: ({ url }) => new URL(url).host === 'storage.test' }),
      behindTokens(),
      redirect(307, `https://storage.test${there}`),
    ],
  };
  for (const [way, wraps] of Object.entries(ways)) {
    test(`RUBY-34 E1 READ-19: is the blob and nothing else ${way}`, async (t) => {
      const folder = await scratch(t);
      const made = await withBlob(...wraps);
      await saveContent(made.blob, join(folder, 'blob'));
      assert.deepEqual(new Uint8Array(await readFile(join(folder, 'blob'))), bytes);
      assert.deepEqual(await readdir(folder), ['blob']);
      assert.equal(made.requests.at(-1)?.status, 200);
      assert.ok(made.requests.length > 1);
      const elsewhere = made.requests.filter(({ url }) => new URL(url).host !== 'registry.test');
      assert.ok(elsewhere.every(({ headers }) => headers.authorization === undefined));
      assert.equal(made.open(), 0);
    });
  }
});

describe('a blob that does not come right', () => {
  const failures: Readonly<Record<string, readonly [ErrorCode, Wrap]>> = {
    '401': ['UNAUTHORIZED', only(faults.answerWith(401), { matches: gets })],
    '403': ['DENIED', only(faults.answerWith(403, {}, 'not a blob'), { matches: gets })],
    '404': ['NOT_FOUND', only(faults.answerWith(404, {}, 'not a blob'), { matches: gets })],
    '500': ['SERVER_ERROR', only(faults.answerWith(500, {}, 'not a blob'), { matches: gets })],
    'a redirect that leads nowhere': ['REDIRECT_REFUSED', redirect(307, 'http://169.254.169.254/latest/meta-data')],
    'a body that is too short': [
      'SIZE_MISMATCH',
      (handler) => async (request, info) => {
        const response = await handler(request, info);
        if (!gets(request)) return response;
        return new Response((await response.arrayBuffer()).slice(0, -1), { status: 200 });
      },
    ],
    'a body that is too long': ['SIZE_MISMATCH', only(faults.extraBytes(1), { matches: gets })],
    'a wrong byte': ['DIGEST_MISMATCH', only(faults.flipByte(699_999), { matches: gets })],
    'a blob without a digest header that is another': [
      'DIGEST_MISMATCH',
      (handler) => quirks.withoutDigestHeader()(quirks.rottenBlobs()(handler)),
    ],
    'a connection that keeps breaking off': ['UNREACHABLE', only(faults.cutBody(10_000), { matches: gets })],
  };
  for (const [what, [code, wrap]] of Object.entries(failures)) {
    test(`E2: ${what}: nothing appears under the name, and what stood there stands`, async (t) => {
      const folder = await scratch(t);
      await writeFile(join(folder, 'old'), 'what stood there');
      const { blob } = await withBlob(wrap);
      await rejection(code, saveContent(blob, join(folder, 'old')));
      await rejection(code, saveContent(blob, join(folder, 'new')));
      assert.deepEqual(await readdir(folder), ['old']);
      assert.equal(await readFile(join(folder, 'old'), 'utf8'), 'what stood there');
    });
  }

  test('leaves nothing when its caller has lost patience', async (t) => {
    const folder = await scratch(t);
    const controller = new AbortController();
    const on = ({ type }: Activity): void => void (type === 'progress' && controller.abort());
    const attempt = saveContent(content, join(folder, 'blob'), { signal: controller.signal, on });
    await rejection('ABORTED', attempt);
    assert.deepEqual(await readdir(folder), []);
  });

  test('is not begun where the disk has no room for it', async (t) => {
    const folder = await scratch(t);
    let read = 0;
    const huge = contentOf({ ...descriptor, size: 2 ** 52 }, async function* () {
      read++;
      yield bytes;
    });
    await rejection('DISK_FULL', saveContent(huge, join(folder, 'blob')));
    assert.deepEqual(await readdir(folder), []);
    assert.equal(read, 0);
  });
});

test('E6: a blob whose connection is reset is a whole file all the same', async (t) => {
  const folder = await scratch(t);
  const made = await withBlob(only(faults.cutBody(200_000), { matches: gets, times: 3 }));
  await saveContent(made.blob, join(folder, 'blob'));
  assert.deepEqual(new Uint8Array(await readFile(join(folder, 'blob'))), bytes);
  assert.deepEqual(
    made.requests.map(({ headers }) => headers.range),
    [undefined, 'bytes=200000-', 'bytes=400000-', 'bytes=600000-'],
  );
});

describe('a saved file', () => {
  test('stands under its name only when all of it is there', async (t) => {
    const folder = await scratch(t);
    const file = join(folder, 'blob');
    await writeFile(file, 'old');
    const seen: string[] = [];
    const looking: Content = {
      ...content,
      async *open(options) {
        yield* content.open(options);
        seen.push(await readFile(file, 'utf8'), ...(await readdir(folder)));
      },
    };
    await saveContent(looking, file);
    assert.deepEqual([seen[0], seen[1], seen.length], ['old', 'blob', 3]);
    assert.match(seen[2] ?? '', /^blob\.[0-9a-f]{8}\.partial$/);
    assert.deepEqual(await readdir(folder), ['blob']);
  });

  test('has the permissions of any new file', async (t) => {
    const folder = await scratch(t);
    const before = process.umask(0o027);
    t.after(() => process.umask(before));
    await saveContent(content, join(folder, 'blob'));
    assert.equal((await stat(join(folder, 'blob'))).mode & 0o777, 0o640);
  });

  test('has the permissions of the one that it replaces', async (t) => {
    const folder = await scratch(t);
    await writeFile(join(folder, 'secret'), 'old', { mode: 0o600 });
    await symlink('secret', join(folder, 'link'));
    for (const name of ['secret', 'link']) {
      await saveContent(content, join(folder, name));
      assert.deepEqual(new Uint8Array(await readFile(join(folder, 'secret'))), bytes);
      assert.equal((await stat(join(folder, 'secret'))).mode & 0o777, 0o600);
    }
  });

  const asRoot = process.geteuid?.() === 0 ? false : 'only root makes links of others';
  test('is not written through a link that another user has put into a folder for all', { skip: asRoot }, async (t) => {
    const folder = await scratch(t);
    const shared = join(folder, 'tmp');
    await mkdir(shared);
    await chmod(shared, 0o1777);
    await writeFile(join(folder, 'mine'), 'old');
    await symlink('../mine', join(shared, 'blob'));
    await lchown(join(shared, 'blob'), 4711, 4711);
    await rejection('IO', saveContent(content, join(shared, 'blob')));
    assert.equal(await readFile(join(folder, 'mine'), 'utf8'), 'old');
    await lchown(join(shared, 'blob'), 0, 0);
    await saveContent(content, join(shared, 'blob'));
    assert.equal((await stat(join(folder, 'mine'))).size, bytes.length);
  });

  test('that a link leads to is replaced, and the link stays', async (t) => {
    const folder = await scratch(t);
    await writeFile(join(folder, 'real'), 'old');
    await symlink('real', join(folder, 'link'));
    await saveContent(content, join(folder, 'link'));
    assert.ok((await lstat(join(folder, 'link'))).isSymbolicLink());
    assert.equal((await stat(join(folder, 'real'))).size, bytes.length);
  });

  test('is told: start, progress, done', async (t) => {
    const told: Activity[] = [];
    await saveContent(content, join(await scratch(t), 'blob'), { on: (activity) => told.push(activity) });
    assert.deepEqual(told, [
      { type: 'start', descriptor },
      { type: 'progress', descriptor, bytes: bytes.length },
      { type: 'done', descriptor, outcome: 'written' },
    ]);
  });

  test('of two writers at once is that of one of them, whole', async (t) => {
    const folder = await scratch(t);
    const other = contentFrom(seededBytes(700_000, 'other'));
    const writers = [content, other, content, other].map((one) => saveContent(one, join(folder, 'blob')));
    await Promise.all(writers);
    assert.deepEqual(await readdir(folder), ['blob']);
    const { digest } = contentFrom(await readFile(join(folder, 'blob'))).descriptor;
    assert.ok([descriptor.digest, other.descriptor.digest].includes(digest));
  });
});

test('a pipe is written to as the bytes come, and is left where it is', async (t) => {
  const folder = await scratch(t);
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const [read] = await Promise.all([buffer(createReadStream(pipe)), saveContent(content, pipe)]);
  assert.deepEqual(new Uint8Array(read), bytes);
  assert.deepEqual(await readdir(folder), ['pipe']);
  const [cut] = await Promise.allSettled([
    buffer(createReadStream(pipe)),
    rejection('DIGEST_MISMATCH', saveContent(damaged(content, 5), pipe)),
  ]);
  assert.ok(cut.status === 'fulfilled' && cut.value.length < bytes.length);
});

describe('what cannot be written is told, with the path and nothing left:', () => {
  const places: Readonly<Record<string, (folder: string, t: TestContext) => Promise<string>>> = {
    'a directory': async (folder) => {
      await mkdir(join(folder, 'there'));
      return join(folder, 'there');
    },
    'a folder that is not there': async (folder) => join(folder, 'nowhere', 'blob'),
    'a file in the place of a folder': async (folder) => {
      await writeFile(join(folder, 'file'), '');
      return join(folder, 'file', 'blob');
    },
  };
  for (const [what, place] of Object.entries(places)) {
    test(what, async (t) => {
      const folder = await scratch(t);
      const file = await place(folder, t);
      const before = await readdir(folder);
      const { message } = await rejection('IO', saveContent(content, file));
      assert.ok(message.includes(file), message);
      assert.deepEqual(await readdir(folder), before);
    });
  }

  test('a folder that may not be written to', { skip: process.getuid?.() === 0 ? 'root may' : false }, async (t) => {
    const folder = await scratch(t);
    await chmod(folder, 0o500);
    await rejection('IO', saveContent(content, join(folder, 'blob')));
    await chmod(folder, 0o700);
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { digestOf } from '../../src/bytes/hash.ts';
import { type ErrorCode, OciError } from '../../src/errors.ts';
import type { Middleware } from '../../src/http/types.ts';
import { contentFrom, contentOf } from '../../src/store/content.ts';
import type { Content } from '../../src/store/types.ts';
import * as faults from '../../src/testing/faults.ts';
import { seededBytes } from '../../src/testing/fixtures.ts';
import * as quirks from '../../src/testing/quirks.ts';
import { answering, changing, errorAnswer, only, requestTo, type Wrap } from '../../src/testing/wrap.ts';
import { rejection } from '../support/failure.ts';
import { type TestRegistry, testRegistry } from '../support/test-registry.ts';

const bytes = seededBytes(200_000, 'push');
const content = contentFrom(bytes);
const { digest } = content.descriptor;

const isKept = async ({ registry }: TestRegistry, what: Content = content): Promise<boolean> =>
  (await registry.repository('team/app').stat(what.descriptor.digest)) !== undefined;
const methods = ({ requests }: TestRegistry): string => requests.map(({ method }) => method).join(' ');
const sent = ({ requests }: TestRegistry): number => requests.reduce((sum, request) => sum + request.sent, 0);

describe('a blob', () => {
  test('NODE-40 NODE-41 NODE-44 WRITE-1: is looked for, then sent in one PUT', async () => {
    const made = testRegistry();
    assert.equal(await made.repository.putBlob(content), 'written');
    assert.equal(methods(made), 'HEAD POST PUT');
    const put = made.requests[2];
    assert.match(put?.path ?? '', new RegExp(`digest=${encodeURIComponent(digest)}$`));
    assert.equal(put?.headers['content-type'], 'application/octet-stream');
    assert.equal(put?.sent, bytes.length);
    assert.ok(await isKept(made));
  });

  test('WRITE-1: that is there is not sent', async () => {
    const made = testRegistry();
    await made.registry.repository('team/app').putBlob(content);
    assert.equal(await made.repository.putBlob(content), 'exists');
    assert.equal(methods(made), 'HEAD');
  });

  test('that is there with another size is sent', async () => {
    const cut = changing(requestTo('blob', 'HEAD'), () => ({ headers: { 'content-length': '5' } }));
    const made = testRegistry({ wraps: [only(cut, { matches: requestTo('blob', 'HEAD'), times: 1 })] });
    await made.registry.repository('team/app').putBlob(content);
    assert.equal(await made.repository.putBlob(content), 'written');
  });

  test('without bytes is sent as well', async () => {
    const made = testRegistry();
    const empty = contentFrom(new Uint8Array());
    assert.equal(await made.repository.putBlob(empty), 'written');
    assert.equal(made.requests.at(-1)?.headers['content-length'] ?? '0', '0');
    assert.ok(await isKept(made, empty));
  });

  test('named by sha512 is announced so', async () => {
    const made = testRegistry();
    const descriptor = { ...content.descriptor, digest: digestOf(bytes, 'sha512') };
    const other = contentOf(descriptor, (start, end) => contentFrom(bytes).open({ start, end }));
    assert.equal(await made.repository.putBlob(other), 'written');
    assert.equal(made.requests[1]?.path, '/v2/team/app/blobs/uploads/?digest-algorithm=sha512');
    assert.ok(await isKept(made, other));
  });

  test('is sent where the registry does not tell whether it is there', async () => {
    const made = testRegistry({ wraps: [only(faults.answerWith(405), { matches: requestTo('blob', 'HEAD') })] });
    assert.equal(await made.repository.putBlob(content), 'written');
  });
});

describe('the location of an upload', () => {
  const shapes: Readonly<Record<string, Wrap>> = {
    absolute: quirks.absoluteLocation(),
    'with an explicit port': quirks.absoluteLocation('https://registry.test:443'),
    relative: quirks.relativeLocation(),
    'scheme-relative': quirks.schemeRelativeLocation(),
    'with a state in its query': quirks.statefulLocation(),
    'with a fragment': quirks.statefulLocation('a=b', '#fragment'),
    singular: quirks.singularLocation(),
  };
  for (const [shape, wrap] of Object.entries(shapes)) {
    test(`may be ${shape}`, async () => {
      const made = testRegistry({ wraps: [wrap] });
      assert.equal(await made.repository.putBlob(content), 'written');
      assert.ok(await isKept(made));
      assert.equal(made.requests.at(-1)?.path.match(/digest=/g)?.length, 1);
    });
  }

  test('comes back byte for byte', async () => {
    const made = testRegistry({ wraps: [quirks.statefulLocation('a=b%2Fc&_state=x%3d%3D%20y')] });
    await made.repository.putBlob(content);
    assert.match(made.requests.at(-1)?.path ?? '', /\?a=b%2Fc&_state=x%3d%3D%20y&digest=sha256%3A[0-9a-f]{64}$/);
  });

  test('may be missing, when the upload has an id', async () => {
    const made = testRegistry({ wraps: [quirks.withoutLocation()] });
    assert.equal(await made.repository.putBlob(content), 'written');
  });

  test('that must not be followed is refused', async () => {
    for (const origin of ['http://registry.test', 'https://169.254.169.254', 'https://user:pw@registry.test']) {
      const made = testRegistry({ wraps: [quirks.absoluteLocation(origin)] });
      await rejection('REDIRECT_REFUSED', made.repository.putBlob(content));
      assert.equal(sent(made), 0);
    }
  });

  test('WRITE-1: on another host gets the bytes, and no secret', async () => {
    const made = testRegistry({
      wraps: [quirks.absoluteLocation('https://storage.test')],
      client: { hosts: { 'registry.test': { headers: { 'x-api-key': 'secret' } } } },
    });
    assert.equal(await made.repository.putBlob(content), 'written');
    const put = made.requests.at(-1);
    assert.equal(new URL(put?.url ?? '').host, 'storage.test');
    assert.equal(made.requests[0]?.headers['x-api-key'], 'secret');
    assert.equal(put?.headers['x-api-key'], undefined);
  });
});

describe('a mount', () => {
  const mounted = async (...wraps: Wrap[]): Promise<TestRegistry & { source: Content }> => {
    const made = testRegistry({ wraps, client: { credentials: undefined } });
    await made.registry.repository('base/image').putBlob(content);
    const source = made.client.repository('registry.test/base/image').blob(content.descriptor);
    return { ...made, source };
  };

  test('WRITE-1 F4: is one request, and no byte', async () => {
    const made = await mounted();
    assert.equal(await made.repository.putBlob(made.source), 'mounted');
    assert.equal(methods(made), 'POST');
    const { searchParams, pathname } = new URL(made.requests[0]?.url ?? '');
    assert.equal(pathname, '/v2/team/app/blobs/uploads/');
    assert.deepEqual(Object.fromEntries(searchParams), { mount: digest, from: 'base/image' });
    assert.ok(await isKept(made));
  });

  test('that became an upload is used as one', async () => {
    const made = await mounted(quirks.noMount());
    assert.equal(await made.repository.putBlob(made.source), 'written');
    assert.equal(methods(made), 'POST HEAD PUT GET');
    assert.ok(await isKept(made));
  });

  test('that became an upload is given up when the blob is there', async () => {
    const made = await mounted(quirks.noMount());
    await made.registry.repository('team/app').putBlob(content);
    assert.equal(await made.repository.putBlob(made.source), 'exists');
    assert.equal(methods(made), 'POST HEAD DELETE');
  });

  for (const status of [400, 401, 403, 404, 405]) {
    test(`that is answered ${status} is an upload`, async () => {
      const made = await mounted(quirks.mountRefused(status));
      assert.equal(await made.repository.putBlob(made.source), 'written');
      // 401 without a word: the API's root is asked what is wanted
      assert.equal(methods(made), `POST${status === 401 ? ' GET' : ''} HEAD POST GET PUT`);
    });
  }

  test('that keeps failing is an upload', async () => {
    const made = await mounted(quirks.mountRefused(500));
    assert.equal(await made.repository.putBlob(made.source), 'written');
    assert.ok(await isKept(made));
  });

  test('is not tried from another registry', async () => {
    const made = await mounted();
    const origin = { registry: 'other.test', repository: 'base/image' };
    await made.repository.putBlob({ ...content, origin });
    assert.equal(methods(made), 'HEAD POST PUT');
  });
});

describe('content that is not what it should be', () => {
  const broken: readonly [string, Content, ErrorCode][] = [
    [
      'has other bytes',
      contentOf(content.descriptor, () => contentFrom(bytes.map((byte) => byte ^ 1)).open()),
      'DIGEST_MISMATCH',
    ],
    ['is too short', contentOf(content.descriptor, () => contentFrom(bytes.subarray(1)).open()), 'SIZE_MISMATCH'],
    [
      'is too long',
      contentOf(content.descriptor, () => contentFrom(new Uint8Array([...bytes, 1])).open()),
      'SIZE_MISMATCH',
    ],
  ];
  for (const [problem, wrong, code] of broken) {
    test(`WRITE-1: is not kept when it ${problem}, and its upload is given up`, async () => {
      const made = testRegistry();
      await rejection(code, made.repository.putBlob(wrong));
      assert.equal(methods(made), 'HEAD POST PUT DELETE');
      assert.equal(await isKept(made), false);
    });
  }

  test('is not kept when it is empty under a wrong digest', async () => {
    const made = testRegistry();
    const wrong = contentOf({ ...content.descriptor, size: 0 }, () => contentFrom(new Uint8Array()).open());
    await rejection('DIGEST_MISMATCH', made.repository.putBlob(wrong));
    assert.equal(methods(made), 'HEAD POST DELETE');
  });
});

test('what the source failed with is told, whatever the connection says of it', async () => {
  const hiding: Middleware = (next) => (request) =>
    next(request).catch(() => Promise.reject(new OciError('UNREACHABLE', 'the connection was closed')));
  const made = testRegistry({ client: { middleware: [hiding] } });
  const wrong = contentOf(content.descriptor, () => contentFrom(new Uint8Array(bytes.length)).open());
  await rejection('DIGEST_MISMATCH', made.repository.putBlob(wrong));
  assert.equal(methods(made), 'HEAD POST PUT DELETE');
});

describe('an upload that fails', () => {
  test('whose answer got lost is looked for, and not sent again', async () => {
    for (const lost of [
      faults.cutAfterWork(),
      changing(
        () => true,
        () => ({ status: 502 }),
      ),
    ]) {
      const made = testRegistry({ wraps: [only(lost, { matches: requestTo('upload', 'PUT') })] });
      assert.equal(await made.repository.putBlob(content), 'written');
      assert.equal(methods(made), 'HEAD POST PUT HEAD');
    }
  });

  test('half-way is sent again in a new session', async () => {
    for (const fault of [faults.cutRequest(1000), faults.answerWith(503), faults.answerWith(500)]) {
      const made = testRegistry({ wraps: [only(fault, { matches: requestTo('upload', 'PUT'), times: 1 })] });
      assert.equal(await made.repository.putBlob(content), 'written');
      assert.equal(methods(made), 'HEAD POST PUT HEAD DELETE POST PUT');
    }
  });

  test('because its session is lost is sent again, three times at most', async () => {
    const made = testRegistry({ wraps: [quirks.loseUploadSession(2)] });
    assert.equal(await made.repository.putBlob(content), 'written');
    assert.equal(made.requests.filter(({ method }) => method === 'POST').length, 3);
    const never = testRegistry({ wraps: [quirks.loseUploadSession(99)] });
    const error = await rejection('UPLOAD_INVALID', never.repository.putBlob(content));
    assert.equal(error.errors[0]?.code, 'BLOB_UPLOAD_UNKNOWN');
    assert.equal(never.requests.filter(({ method }) => method === 'POST').length, 4);
    assert.equal(never.requests.at(-1)?.method, 'DELETE');
  });

  test('waits as long as the registry asks, and no longer than anybody waits', async () => {
    const asks = (seconds: string): Wrap => faults.answerWith(503, { 'retry-after': seconds });
    const matches = requestTo('upload', 'PUT');
    const made = testRegistry({ wraps: [only(asks('7'), { matches, times: 1 })] });
    await made.repository.putBlob(content);
    assert.deepEqual(made.clock.waits, [7000]);
    const never = testRegistry({ wraps: [only(asks('31536000'), { matches })] });
    await rejection('SERVER_ERROR', never.repository.putBlob(content));
    assert.deepEqual(never.clock.waits, []);
  });

  test('for good is not tried again', async () => {
    const made = testRegistry({ wraps: [answering(requestTo('upload', 'PUT'), () => errorAnswer(403, 'DENIED'))] });
    await rejection('DENIED', made.repository.putBlob(content));
    assert.equal(methods(made), 'HEAD POST PUT DELETE');
  });

  test('because there is no repository says so', async () => {
    const made = testRegistry({ wraps: [quirks.noAutoCreate(['other'])] });
    const error = await rejection('NOT_FOUND', made.repository.putBlob(content));
    assert.equal(error.errors[0]?.code, 'NAME_UNKNOWN');
    assert.equal(sent(made), 0);
  });

  test('NODE-45 WRITE-1: because its caller has gone ends at once, and gives the session up', async () => {
    const controller = new AbortController();
    const made = testRegistry();
    const slow = contentOf(content.descriptor, async function* () {
      yield bytes.subarray(0, 1000);
      yield bytes.subarray(1000, 2000);
      controller.abort();
      yield bytes.subarray(2000);
    });
    await rejection('ABORTED', made.repository.putBlob(slow, { signal: controller.signal }));
    assert.equal(methods(made), 'HEAD POST PUT DELETE');
    assert.equal(await isKept(made), false);
  });
});

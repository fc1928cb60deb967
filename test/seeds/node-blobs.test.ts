/** What node-docker-registry-client said of blobs, over sockets: looked at, read, uploaded whole or in chunks, and given up. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { readAll } from '../../src/bytes/read.ts';
import type { Activity } from '../../src/model/call.ts';
import { nodeTransport } from '../../src/node/http/transport.ts';
import { type ClientOptions, createClient } from '../../src/registry/client.ts';
import type { Repository } from '../../src/registry/repository.ts';
import { contentFrom, contentOf } from '../../src/store/content.ts';
import { seededBytes } from '../../src/testing/fixtures.ts';
import * as faults from '../../src/testing/faults.ts';
import * as quirks from '../../src/testing/quirks.ts';
import { answering, only, requestTo, type Wrap } from '../../src/testing/wrap.ts';
import { cli, startCli } from '../support/cli.ts';
import { rejection } from '../support/failure.ts';
import { startOrigin } from '../support/http-origin.ts';
import { scratch } from '../support/layouts.ts';
import { type LoggedRegistry, startLoggedRegistry } from '../support/logged-registry.ts';
import { testClock } from '../support/test-clock.ts';
import { until } from '../support/until.ts';

const MiB = 1024 * 1024;
const bytes = seededBytes(300_000, 'a blob');
const content = contentFrom(bytes);
const { digest, size } = content.descriptor;

interface Setting {
  readonly server: LoggedRegistry;
  readonly repository: Repository;
}

/** A registry and a client of it that end with the test. */
async function setUp(t: TestContext, wrap: Wrap = (handler) => handler, options: ClientOptions = {}): Promise<Setting> {
  const server = await startLoggedRegistry({ wrap });
  const client = createClient({ transport: nodeTransport({ proxy: false }), clock: testClock(), ...options });
  t.after(async () => {
    await client.close();
    await server.close();
  });
  return { server, repository: client.repository(`${server.host}/team/app`) };
}

const methods = ({ log }: LoggedRegistry): string => log.map(({ method }) => method).join(' ');

test('NODE-37 NODE-38: digest, length and bytes of a blob come from where a registry sends its readers', async (t) => {
  await using storage = await startOrigin(({ method }, response) => {
    response.writeHead(200, { 'content-length': String(size), 'x-storage': 'yes' });
    response.end(method === 'HEAD' ? undefined : bytes);
  });
  const { server, repository } = await setUp(t, quirks.redirectBlobs(storage.url, { methods: ['GET', 'HEAD'] }));
  await server.registry.repository('team/app').putBlob(content);
  const head = await repository.headBlob(digest);
  assert.deepEqual([head?.descriptor.digest, head?.descriptor.size], [digest, size]);
  assert.deepEqual([head?.response.status, head?.response.headers['x-storage'] !== undefined], [200, true]);
  const told: Activity[] = [];
  const read = repository.blob(content.descriptor).open({ on: (activity) => told.push(activity) });
  assert.deepEqual(await readAll(read, size, 'the blob'), bytes);
  const answers = told.flatMap((one) => (one.type === 'response' ? [[one.status, one.headers['content-length']]] : []));
  assert.deepEqual(answers, [
    [307, '0'],
    [200, String(size)],
  ]);
  const got = await cli(['blob', 'get', `${server.host}/team/app@${digest}`]);
  assert.deepEqual(new Uint8Array(got.stdoutBytes), bytes);
  const asked = storage.requests.map(({ method, headers }) => `${method} ${headers.authorization ?? ''}`);
  assert.deepEqual(asked, ['HEAD ', 'GET ', 'HEAD ', 'GET ']);
});

test('NODE-38: a blob streams as its reader takes it, with the headers of the answer', async (t) => {
  const { server, repository } = await setUp(t);
  await server.registry.repository('team/app').putBlob(content);
  const told: Activity[] = [];
  const blob = repository.blob(content.descriptor);
  assert.deepEqual(server.requests(), [], 'nothing is asked before it is read');
  assert.deepEqual(await readAll(blob.open({ on: (activity) => told.push(activity) }), size, 'the blob'), bytes);
  const headers = told.flatMap((one) => (one.type === 'response' ? [one.headers] : []));
  assert.equal(headers.length, 1);
  assert.equal(headers[0]?.['docker-content-digest'], digest);
  assert.equal(headers[0]?.['content-length'], String(size));
  assert.deepEqual(server.requests(), [`GET /v2/team/app/blobs/${digest}`]);
});

test('NODE-39 NODE-51: a stream of the wrong length or digest is an error before its end, and the command ends with 5', async (t) => {
  for (const [code, wrap] of [
    ['DIGEST_MISMATCH', faults.flipByte(size - 1)],
    [
      'SIZE_MISMATCH',
      answering(
        () => true,
        () => new Response(new Uint8Array([...bytes, 0])),
      ),
    ],
  ] as const) {
    const { server, repository } = await setUp(t, only(wrap, { matches: requestTo('blob', 'GET') }));
    await server.registry.repository('team/app').putBlob(content);
    let seen = 0;
    const reading = (async () => {
      for await (const chunk of repository.blob(content.descriptor).open()) seen += chunk.length;
    })();
    await rejection(code, reading);
    assert.ok(seen < size, `${seen} bytes`);
    const { code: exit, stderr } = await cli(['blob', 'get', `${server.host}/team/app@${digest}`, '-o', '-']);
    assert.equal(exit, 5);
    assert.match(stderr, new RegExp(`\\(${code}\\)`));
  }
});

test('NODE-40: a stream of known length and digest is uploaded, and kept only when it is what it was said to be', async (t) => {
  const { server, repository } = await setUp(t);
  const stream = (of: Uint8Array) =>
    contentOf(content.descriptor, async function* (start, end) {
      for (let at = start; at < end; at += 7000) yield of.subarray(at, Math.min(end, at + 7000));
    });
  await rejection('DIGEST_MISMATCH', repository.putBlob(stream(bytes.toReversed())));
  assert.equal(await repository.stat(digest), undefined);
  server.log.length = 0;
  assert.equal(await repository.putBlob(stream(bytes)), 'written');
  assert.equal(methods(server), 'HEAD POST PUT');
  assert.equal(server.log.at(-1)?.headers['content-length'], String(size));
  assert.equal((await repository.stat(digest))?.size, size);
});

test('NODE-41 NODE-43 NODE-44: an upload begins, goes up in chunks of the size that is said, and ends with its digest', async (t) => {
  const large = seededBytes(2.5 * MiB, 'in chunks');
  const told = async ({ log }: LoggedRegistry): Promise<void> => {
    const [head, post, ...rest] = log.splice(0);
    assert.deepEqual([head?.method, post?.method, post?.status], ['HEAD', 'POST', 202]);
    assert.deepEqual(
      rest.map(({ method, headers }) => [method, headers['content-range'] ?? '']),
      [
        ['PATCH', '0-1048575'],
        ['PATCH', '1048576-2097151'],
        ['PATCH', '2097152-2621439'],
        ['PUT', ''],
      ],
    );
    assert.match(rest.at(-1)?.path ?? '', /[?&]digest=sha256/);
  };
  const { server, repository } = await setUp(t, undefined, { chunkSize: MiB });
  await repository.putBlob(contentFrom(large));
  await told(server);
  const cwd = await scratch(t);
  await writeFile(join(cwd, 'large'), large);
  const push = ['blob', 'push', '--host', `${server.host},chunk-size=1MiB`, `${server.host}/other`, 'large'];
  const { code, stdout, stderr } = await cli(push, { cwd });
  assert.deepEqual([code, stdout], [0, `${contentFrom(large).descriptor.digest}\n`], stderr);
  await told(server);
});

test('NODE-45: an upload that is interrupted is given up at the registry, too', async (t) => {
  let waits = 0;
  const stall: Wrap = (handler) => (request, info) => {
    if (!requestTo('upload', 'PUT')(request)) return handler(request, info);
    waits++;
    return faults.stallBeforeAnswer()(handler)(request, info);
  };
  const { server, repository } = await setUp(t, stall);
  const gone = (): boolean => server.log.some(({ method, status }) => method === 'DELETE' && status === 204);
  const controller = new AbortController();
  const pushing = repository.putBlob(content, { signal: controller.signal });
  await until(() => waits === 1, 'the upload is under way');
  controller.abort();
  await rejection('ABORTED', pushing);
  assert.ok(gone());
  server.log.length = 0;
  const cwd = await scratch(t);
  await writeFile(join(cwd, 'blob'), bytes);
  const running = startCli(['blob', 'push', `${server.host}/team/app`, 'blob'], { cwd });
  await until(() => waits === 2, 'the upload is under way');
  running.send('SIGINT');
  const { code, stderr } = await running.done;
  assert.equal(code, 130, stderr);
  assert.ok(gone());
  assert.equal(await repository.stat(digest), undefined);
});

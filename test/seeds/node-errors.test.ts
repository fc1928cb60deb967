/** The errors of node-docker-registry-client, over sockets: the code of each in the library, and how the command ends. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { ErrorCode, OciError } from '../../src/errors.ts';
import { collect } from '../../src/graph/collect.ts';
import { fixedCredentials } from '../../src/http/credentials.ts';
import { OCI_MANIFEST } from '../../src/model/media-types.ts';
import { nodeTransport } from '../../src/node/http/transport.ts';
import { createClient } from '../../src/registry/client.ts';
import type { Repository } from '../../src/registry/repository.ts';
import { basicAccess } from '../../src/server/basic-access.ts';
import { contentFrom, manifestFrom } from '../../src/store/content.ts';
import { answering, changing, requestTo, type Wrap } from '../../src/testing/wrap.ts';
import { cli } from '../support/cli.ts';
import { failure, rejection } from '../support/failure.ts';
import { scratch } from '../support/layouts.ts';
import { type LoggedRegistryOptions, startLoggedRegistry } from '../support/logged-registry.ts';
import { testClock } from '../support/test-clock.ts';

interface Setting {
  readonly host: string;
  readonly repository: Repository;
}

/** A registry and a client of it that end with the test. */
async function setUp(t: TestContext, options: LoggedRegistryOptions = {}, password?: string): Promise<Setting> {
  const server = await startLoggedRegistry(options);
  const { host } = server;
  const credentials = password === undefined ? {} : { [host]: { username: 'me', password } };
  const client = createClient({
    transport: nodeTransport({ proxy: false }),
    clock: testClock(),
    credentials: fixedCredentials(credentials),
  });
  t.after(async () => {
    await client.close();
    await server.close();
  });
  return { host, repository: client.repository(`${host}/team/app`) };
}

/** Runs a command that has to fail so. @returns what it told */
async function told(code: ErrorCode, exit: number, ...argv: readonly string[]): Promise<string> {
  const { code: ended, stdout, stderr } = await cli(argv);
  assert.deepEqual([ended, stdout], [exit, ''], stderr);
  assert.match(stderr, new RegExp(`^error: [^\\n]+ \\(${code}\\)(?:; hint: [^\\n]+)?\\n$`));
  return stderr;
}

test('NODE-47: an error is named by its code, here and in the line of the command, and keeps its cause', async (t) => {
  const { host, repository } = await setUp(t);
  await rejection('NOT_FOUND', repository.manifest('1'));
  await told('NOT_FOUND', 3, 'manifest', `${host}/team/app:1`);
  const client = createClient({ transport: nodeTransport({ proxy: false }), retry: { attempts: 1 } });
  t.after(() => client.close());
  const refused = await rejection('UNREACHABLE', client.ping('127.0.0.1:1'));
  assert.equal((refused.cause as NodeJS.ErrnoException).code, 'ECONNREFUSED');
  await told('UNREACHABLE', 6, 'ping', '127.0.0.1:1', '--retry', '0');
});

test('NODE-48: the error of an answer has its status, and all that its body said', async (t) => {
  const errors = [
    { code: 'TOOMANYREQUESTS', message: 'slow down', detail: { limit: 100 } },
    { code: 'HOUSE_RULE', message: 'not on Sundays' },
  ];
  const wrap = answering(
    requestTo('tags'),
    () => new Response(JSON.stringify({ errors }), { status: 418, headers: { 'content-type': 'application/json' } }),
  );
  const { host, repository } = await setUp(t, { wrap });
  const error = await collect(repository.tags()).then(
    () => assert.fail('it is refused'),
    (reason: OciError) => reason,
  );
  assert.deepEqual([error.status, error.errors], [418, errors]);
  const { stderr } = await cli(['tags', '--progress', 'json', `${host}/team/app`, '--retry', '0']);
  const line = JSON.parse(stderr) as Partial<OciError>;
  assert.deepEqual([line.status, line.errors, line.code], [418, errors, error.code]);
});

test('NODE-49: a login that is missing or wrong is UNAUTHORIZED, and ends a command with 4', async (t) => {
  const access = basicAccess({ check: (user, password) => user === 'me' && password === 'right' });
  for (const [password, creds] of [
    [undefined, []],
    ['CANARY', ['--creds', 'me:CANARY']],
  ] as const) {
    const { host, repository } = await setUp(t, { access }, password);
    const error = await rejection('UNAUTHORIZED', repository.manifest('1'));
    assert.equal(error.status, 401);
    assert.match(error.hint ?? '', /log in|login|password/);
    const line = await told('UNAUTHORIZED', 4, 'manifest', ...creds, `${host}/team/app:1`);
    assert.doesNotMatch(`${error.message} ${line}`, /CANARY/);
  }
});

test('NODE-50: redirects without an end are LIMIT, and end a command with 1', async (t) => {
  let asked = 0;
  const round = answering(
    ({ url }) => url.includes('/manifests/'),
    ({ url }) => {
      asked++;
      return new Response(null, { status: 302, headers: { location: `${new URL(url).pathname}?${asked}` } });
    },
  );
  const { host, repository } = await setUp(t, { wrap: round });
  const error = await rejection('LIMIT', repository.manifest('1'));
  assert.match(error.message, /redirects more than 5 times/);
  assert.equal(asked, 6);
  await told('LIMIT', 1, 'manifest', `${host}/team/app:1`);
});

test('NODE-52: an upload without a place to send it to is PROTOCOL, nothing is sent, and a command ends with 1', async (t) => {
  const nowhere = changing(requestTo('uploads', 'POST'), () => ({
    headers: { location: undefined, 'docker-upload-uuid': undefined },
  }));
  let sent = 0;
  const counting: Wrap = (handler) => (request, info) => {
    if (request.method === 'PUT') sent++;
    return handler(request, info);
  };
  const { host, repository } = await setUp(t, { wrap: (handler) => counting(nowhere(handler)) });
  const error = await rejection('PROTOCOL', repository.putBlob(contentFrom(new Uint8Array(10))));
  assert.match(error.message, /team\/app began an upload, but told no Location for it/);
  const cwd = await scratch(t);
  await writeFile(join(cwd, 'blob'), 'bytes');
  const { code, stderr } = await cli(['blob', 'push', `${host}/team/app`, 'blob'], { cwd });
  assert.equal(code, 1);
  assert.match(stderr, /\(PROTOCOL\)/);
  assert.equal(sent, 0);
});

test('NODE-53: a document that is not what it should be is MANIFEST_INVALID or PROTOCOL, and ends a command with 1', async (t) => {
  const texts = ['{"schemaVersion":2,', '[]', '{"schemaVersion":2,"mediaType":"text/plain"}', '<html>'];
  for (const text of texts) {
    failure('MANIFEST_INVALID', () => manifestFrom(new TextEncoder().encode(text), OCI_MANIFEST));
    const headers = { 'content-type': OCI_MANIFEST };
    const wrap = answering(requestTo('manifest'), () => new Response(text, { headers }));
    const { host, repository } = await setUp(t, { wrap });
    await rejection('MANIFEST_INVALID', repository.manifest('1'));
    const { code, stderr } = await cli(['inspect', `${host}/team/app:1`]);
    assert.equal(code, 1, stderr);
    assert.match(stderr, /\(MANIFEST_INVALID\)/);
  }
  const { host, repository } = await setUp(t, { wrap: answering(requestTo('tags'), () => new Response('<html>')) });
  await rejection('PROTOCOL', collect(repository.tags()));
  await told('PROTOCOL', 1, 'tags', `${host}/team/app`);
  const refused = await cli(['manifest', 'push', '-', `${host}/team/app:1`], { stdin: texts[0] ?? '' });
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /\(MANIFEST_INVALID\)/);
});

import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { exitCodeOf } from '../../src/cli/exit-codes.ts';
import { type ErrorCode, OciError } from '../../src/errors.ts';
import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../src/model/media-types.ts';
import { serve, type Served } from '../../src/node/serve/serve.ts';
import { basicAccess } from '../../src/server/basic-access.ts';
import { cli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';

let world: World;
let hanging: Served;
let hang = (): void => {};

before(async () => {
  world = await openWorld();
  hanging = await serve(
    () => {
      hang();
      return new Promise(() => {});
    },
    { graceMs: 0 },
  );
});
after(async () => {
  await world.close();
  await hanging.close();
});

test('CAP-M7 GEN-1 ERR-3: each kind of failure has its exit code', () => {
  const codes: Readonly<Record<number, readonly ErrorCode[]>> = {
    1: ['SERVER_ERROR', 'RATE_LIMITED', 'IO', 'DISK_FULL', 'MANIFEST_INVALID', 'CONFLICT', 'REDIRECT_REFUSED'],
    2: ['USAGE', 'REFERENCE_INVALID', 'PLATFORM_INVALID'],
    3: ['NOT_FOUND'],
    4: ['UNAUTHORIZED', 'DENIED', 'CREDENTIALS'],
    5: ['DIGEST_MISMATCH', 'SIZE_MISMATCH', 'DIGEST_INVALID'],
    6: ['UNREACHABLE', 'TLS', 'TIMEOUT'],
    7: ['UNSUPPORTED', 'NOT_A_REGISTRY'],
    130: ['ABORTED'],
  };
  for (const [code, names] of Object.entries(codes)) {
    for (const name of names) assert.equal(exitCodeOf(new OciError(name, 'x')), Number(code), name);
  }
  assert.equal(exitCodeOf(new TypeError('x')), 1);
});

test('a tag that is not there is told with those that are near', async () => {
  const { code, stdout, stderr } = await cli(['digest', `${world.host}/team/app:1.2`]);
  assert.equal(code, 3);
  assert.equal(stdout, '');
  assert.match(
    stderr,
    /^error: .*team\/app:1\.2 .*\(NOT_FOUND\); hint: did you mean \S+team\/app:1\.0 or \S+team\/app:1\.1\?\n$/,
  );
});

test('who names no tag means latest, and is told the tags that there are', async () => {
  for (const command of ['digest', 'inspect']) {
    const { code, stderr } = await cli([command, `${world.host}/team/single`]);
    assert.equal(code, 3);
    assert.match(stderr, /\(NOT_FOUND\); hint: it has \S/, command);
  }
});

test('CAP-M7 B2 ERR-2 ERR-3 ERR-4: what is not there, not allowed, not reachable and no registry ends differently', async () => {
  const codes = async (...argv: string[]): Promise<number> => (await cli(argv)).code;
  const guarded = await openWorld({ access: basicAccess({ check: () => false }) });
  const web = await serve(async () => new Response('<html>', { headers: { 'content-type': 'text/html' } }));
  try {
    assert.equal(await codes('digest', `${world.host}/nothing:1`), 3);
    assert.equal(await codes('ping', guarded.host), 4);
    assert.equal(await codes('tags', `${guarded.host}/team/app`), 4);
    assert.equal(await codes('ping', '127.0.0.1:1'), 6);
    assert.equal(await codes('ping', web.host), 7);
    assert.equal(await codes('ping', hanging.host, '--timeout', '50ms'), 6);
  } finally {
    await guarded.close();
    await web.close();
  }
});

test('an interrupt ends the command with 130, a second one the process at once', async () => {
  for (const [name, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    let send: (signal: 'SIGINT' | 'SIGTERM') => void = () => {};
    const onReady = (signal: typeof send): void => void (send = signal);
    hang = () => {
      send(name);
      send('SIGINT');
    };
    const result = await cli(['tags', `${hanging.host}/x`], { onReady });
    assert.equal(result.code, code);
    assert.deepEqual(result.exits, [130]);
    assert.match(result.stderr, /\(ABORTED\)/);
  }
  hang = () => {};
});

test('a reader that leaves ends the command quietly', async () => {
  const { code, stdout, stderr } = await cli(['tags', `${world.host}/team/app`], { stdoutBreaksAfter: 5 });
  assert.equal(code, 0);
  assert.equal(stdout, '1.0\n1');
  assert.equal(stderr, '');
});

test('ERR-1: with --progress json the error is a JSON line, too', async () => {
  const { code, stderr } = await cli(['digest', '--progress', 'json', `${world.host}/nothing:1`]);
  const told = JSON.parse(stderr) as { type: string; code: string; exitCode: number };
  assert.deepEqual([told.type, told.code, told.exitCode, code], ['error', 'NOT_FOUND', 3, 3]);
});

test('NODE-16 GEN-3 CONN-9: --debug shows requests and the stack, and no secret', async () => {
  const users = basicAccess({ check: (user, password) => user === 'me' && password === 'CANARY-1234' });
  const guarded = await openWorld({ access: users });
  try {
    const name = `${guarded.host}/team/app:9`;
    const { code, stderr } = await cli(['digest', '--debug', '--creds', 'me:CANARY-1234', name]);
    assert.equal(code, 3);
    assert.match(stderr, /^> HEAD http:\/\/127\.0\.0\.1:\d+\/v2\/team\/app\/manifests\/9$/m);
    assert.match(stderr, /^< 404 in /m);
    assert.match(stderr, /^ +at /m);
    assert.doesNotMatch(stderr, /CANARY/);
    assert.doesNotMatch(stderr, new RegExp(Buffer.from('me:CANARY-1234').toString('base64')));
  } finally {
    await guarded.close();
  }
});

test('colours are for terminals, and for who forces them', async () => {
  const lines = ['digest', `${world.host}/nothing:1`];
  const coloured = async (options: Parameters<typeof cli>[1]): Promise<boolean> =>
    (await cli(lines, options)).stderr.includes('\u001b[31m');
  assert.equal(await coloured({ stderrIsTTY: true }), true);
  assert.equal(await coloured({ stderrIsTTY: true, env: { NO_COLOR: '1' } }), false);
  assert.equal(await coloured({ stderrIsTTY: true, env: { TERM: 'dumb' } }), false);
  assert.equal(await coloured({}), false);
  assert.equal(await coloured({ env: { FORCE_COLOR: '1' } }), true);
});

test('what does not fit on the disk is refused before a byte of it is fetched', async () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  const layer = { mediaType: OCI_LAYER_GZIP, digest, size: 2 ** 52 };
  const config = { mediaType: OCI_CONFIG, digest: `sha256:${'b'.repeat(64)}`, size: 2 };
  const document = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [layer] };
  const asked: string[] = [];
  const huge = await serve(async (request) => {
    asked.push(new URL(request.url).pathname);
    if (!request.url.includes('/manifests/')) return new Response(null, { status: 404 });
    return new Response(JSON.stringify(document), { headers: { 'content-type': OCI_MANIFEST } });
  });
  const folder = await mkdtemp(path.join(tmpdir(), 'lading-huge-'));
  try {
    for (const words of [
      ['pull', `${huge.host}/x:1`, 'x'],
      ['pull', `${huge.host}/x:1`, '--layers', 'x'],
    ]) {
      const { code, stderr } = await cli(words, { cwd: folder });
      assert.equal(code, 1);
      assert.match(stderr, /needs 45\d+ bytes, \d+ are free \(DISK_FULL\)/);
    }
    assert.ok(
      asked.every((name) => !name.includes('/blobs/')),
      asked.join(' '),
    );
    assert.deepEqual(await readdir(folder), []);
  } finally {
    await huge.close();
    await rm(folder, { recursive: true });
  }
});

test('CAP-M4: with --progress json stderr holds nothing but JSON: notes, requests and the stack, too', async () => {
  const told = async (...argv: string[]): Promise<readonly { type: string }[]> => {
    const { stderr } = await cli([...argv, '--progress', 'json']);
    return stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string });
  };
  const types = async (...argv: string[]): Promise<string[]> => [
    ...new Set((await told(...argv)).map(({ type }) => type)),
  ];
  assert.deepEqual(await types('config', `${world.host}/team/app:1.0`), ['note']);
  assert.deepEqual(await types('config', '--debug', `${world.host}/team/single:1`), ['request', 'response']);
  assert.deepEqual(await types('config', '--debug', `${world.host}/nothing:1`), [
    'request',
    'response',
    'error',
    'note',
  ]);
});

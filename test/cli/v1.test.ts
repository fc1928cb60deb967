import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { type CliOptions, type CliResult, cli } from '../support/cli.ts';
import { assertGolden } from '../support/golden.ts';
import { startOrigin } from '../support/http-origin.ts';
import { MIDDLE, TOP } from '../support/v1-images.ts';
import { sendWhole } from '../support/v1-registry.ts';
import { startV1World, type V1World } from '../support/v1-server.ts';

let world: V1World;
let folder: string;

before(async () => {
  world = await startV1World();
  folder = await mkdtemp(path.join(tmpdir(), 'lading-v1-'));
});
after(async () => {
  await world[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  for (const { requests } of [world.index, world.registry]) requests.length = 0;
});

/** Runs `lading v1 …` with words in which INDEX stands for the world's index. */
async function run(line: string, options: CliOptions = {}): Promise<CliResult> {
  const argv = line.split(' ').map((word) => word.replaceAll('INDEX', world.host));
  const result = await cli(['v1', ...argv], { cwd: folder, now: () => 7, ...options });
  return { ...result, stdout: world.neutral(result.stdout), stderr: world.neutral(result.stderr) };
}

async function golden(name: string, line: string): Promise<void> {
  const { code, stdout, stderr } = await run(line);
  assert.equal(code, 0, stderr);
  assertGolden(`v1-${name}`, stdout);
}

test('NODE-55 NODE-56 NODE-57 NODE-58 NODE-59 NODE-60 NODE-61 NODE-62 NODE-64: results are as promised, as JSON', async () => {
  await golden('ping.json', 'ping --json INDEX');
  await golden('search.json', 'search --json --limit 2 INDEX team/');
  await golden('images.json', 'images --json INDEX/team/app');
  await golden('tags.json', 'tags --json INDEX/team/app');
  await golden('image-id.json', 'image-id --json INDEX/team/app:0.1.1');
  await golden('ancestry.json', 'ancestry --json INDEX/team/app');
  await golden('json.json', 'json --json INDEX/team/app:0.1.1');
  await golden('layer.json', 'layer --json --verify --output layer.tar INDEX/team/app');
  await golden('login.json', 'login --json --creds alice:CANARY-password INDEX');
});

test('results are as promised, for people', async () => {
  await golden('ping.txt', 'ping INDEX');
  await golden('search.txt', 'search --limit 3 INDEX team/');
  await golden('images.txt', 'images INDEX/team/app');
  await golden('tags.txt', 'tags INDEX/team/app');
  await golden('image-id.txt', 'image-id INDEX/team/app');
  await golden('ancestry.txt', `ancestry INDEX/team/app ${MIDDLE.id}`);
  await golden('login.txt', 'login --creds alice:CANARY-password INDEX');
});

test('the help is as promised', async () => {
  const { code, stdout } = await cli(['v1', '--help']);
  assert.equal(code, 0);
  assertGolden('v1-help.txt', stdout);
});

describe('the description of an image', () => {
  test('is printed byte for byte, or indented, or kept in a file', async () => {
    assert.equal((await run('json INDEX/team/app')).stdout, TOP.json);
    assert.equal((await run(`json INDEX/team/app ${MIDDLE.id}`)).stdout, MIDDLE.json);
    const pretty = (await run('json --pretty INDEX/team/app')).stdout;
    assert.equal(pretty, `${JSON.stringify(JSON.parse(TOP.json), undefined, 2)}\n`);
    const { code, stdout } = await run('json --output image.json INDEX/team/app');
    assert.deepEqual([code, stdout], [0, '']);
    assert.equal(await readFile(path.join(folder, 'image.json'), 'utf8'), TOP.json);
  });
});

describe('a layer', () => {
  test('goes to stdout or a file, and is told to be unverified', async () => {
    const piped = await run('layer INDEX/team/app');
    assert.deepEqual(piped.stdoutBytes, Buffer.from(TOP.layer));
    assert.match(piped.stderr, /unverified: the v1 protocol has no digests/);
    assert.equal((await run('layer --quiet INDEX/team/app')).stderr, '');
    const kept = await run('layer -o own.tar INDEX/team/app:0.1.1');
    assert.deepEqual([kept.code, kept.stdout], [0, '']);
    assert.deepEqual(await readFile(path.join(folder, 'own.tar')), Buffer.from(MIDDLE.layer));
    const verified = await run('layer --verify INDEX/team/app');
    assert.match(verified.stderr, /agree with the checksum of the registry itself/);
  });

  test('is not for a terminal, nor beside JSON', async () => {
    assert.equal((await run('layer INDEX/team/app', { stdoutIsTTY: true })).code, 2);
    assert.equal((await run('layer --output - INDEX/team/app', { stdoutIsTTY: true })).code, 0);
    assert.equal((await run('layer --json INDEX/team/app')).code, 2);
    assert.equal((await run('layer --json --output - INDEX/team/app')).code, 2);
  });

  test('that is cut short or damaged ends with 5, and leaves no file', async () => {
    const { state } = world.registry;
    const { storage } = state;
    state.storage = undefined;
    try {
      state.sendLayer = (response, { layer }) => {
        response.writeHead(200, { 'content-length': String(layer.length) });
        response.write(layer.subarray(0, 5000), () => response.destroy());
      };
      const short = await run('layer --output bad.tar INDEX/team/app');
      assert.equal(short.code, 5, short.stderr);
      assert.match(short.stderr, /wrong size: \d+ of 300000 bytes \(SIZE_MISMATCH\)/);
      state.sendLayer = (response, { layer }) => {
        response.writeHead(200, { 'content-length': String(layer.length) }).end(Buffer.alloc(layer.length));
      };
      const damaged = await run('layer --verify --output bad.tar INDEX/team/app');
      assert.equal(damaged.code, 5, damaged.stderr);
      assert.deepEqual(
        (await readdir(folder)).filter((file) => file.includes('bad')),
        [],
      );
    } finally {
      state.storage = storage;
      state.sendLayer = sendWhole;
    }
  });
});

describe('what goes wrong has its exit code', () => {
  test('of something that is not there, with what is near', async () => {
    const tag = await run('image-id INDEX/team/app:0.1.2');
    assert.equal(tag.code, 3);
    assert.match(tag.stderr, /Tag not found.*\(NOT_FOUND\); hint: did you mean INDEX\/team\/app:0\.1\.1\?/);
    const far = await run('ancestry INDEX/team/app:zzz');
    assert.match(far.stderr, /hint: see "lading v1 tags INDEX\/team\/app"/);
    assert.equal((await run('tags INDEX/team/nothing')).code, 3);
    assert.equal((await run('tags INDEX/team/empty')).code, 3);
    assert.equal((await run(`json INDEX/team/app ${'d'.repeat(64)}`)).code, 3);
  });

  test('of something that is not there, also where the list of tags never comes', { timeout: 20_000 }, async () => {
    await using registry = await startOrigin((request, response) => {
      if (request.url?.endsWith('/images') === true) response.writeHead(200).end('[]');
      else if (request.url?.endsWith('/tags') === false) response.writeHead(404).end('{"error":"Tag not found"}');
    });
    const { code, stderr } = await cli(['v1', 'image-id', `127.0.0.1:${registry.port}/team/app:1`]);
    assert.equal(code, 3);
    assert.match(stderr, /Tag not found/);
  });

  test('of a login that is missing or refused', async () => {
    assert.equal((await run('images INDEX/team/secret')).code, 4);
    const creds = '--creds alice:CANARY-password';
    assert.equal((await run(`images ${creds} INDEX/team/secret`)).code, 0);
    const wrong = await run('login --creds alice:CANARY-wrong INDEX');
    assert.equal(wrong.code, 4);
    assert.match(wrong.stderr, /\(UNAUTHORIZED\); hint: check the user name and the password/);
    const inactive = await run('login --creds bob:CANARY-bob INDEX');
    assert.equal(inactive.code, 4);
    assert.match(inactive.stderr, /Account is not Active.*\(DENIED\)/);
    assert.doesNotMatch(wrong.stderr + inactive.stderr, /CANARY/);
  });

  test('of wrong usage', async () => {
    for (const line of [
      'ancestry INDEX/team/app abc',
      `ancestry INDEX/team/app:1 ${TOP.id}`,
      `tags INDEX/team/app@sha256:${TOP.id}`,
      'tags INDEX/team/APP',
      'ping x',
      'login INDEX',
      'login --no-creds INDEX',
    ]) {
      const { code, stdout, stderr } = await run(line);
      assert.deepEqual([code, stdout], [2, ''], `${line}: ${stderr}`);
    }
    assert.equal(world.index.requests.length, 0);
  });

  test('NODE-12: of a registry that speaks v2 only, or is none', async () => {
    await using v2 = await startOrigin((request, response) => {
      const isRoot = request.url === '/v2/';
      response.writeHead(isRoot ? 200 : 404, isRoot ? { 'docker-distribution-api-version': 'registry/2.0' } : {}).end();
    });
    for (const line of ['ping', 'search', 'tags']) {
      const argv = [`127.0.0.1:${v2.port}${line === 'tags' ? '/a/b' : ''}`, ...(line === 'search' ? ['x'] : [])];
      const { code, stderr } = await cli(['v1', line, ...argv]);
      assert.equal(code, 7, stderr);
      assert.match(stderr, /\(VERSION_UNSUPPORTED\); hint: use the commands without v1/);
    }
    await using none = await startOrigin((_, response) => void response.writeHead(404).end());
    const { code, stderr } = await cli(['v1', 'ping', `127.0.0.1:${none.port}`]);
    assert.equal(code, 7, stderr);
    assert.match(stderr, /\(NOT_A_REGISTRY\)/);
    assert.equal((await cli(['v1', 'ping', '127.0.0.1:1'])).code, 6);
  });
});

describe('a login', () => {
  test('takes the password from stdin, with the name from a flag', async () => {
    for (const name of ['-u alice', '--creds alice']) {
      const { code, stdout, stderr } = await run(`login ${name} --password-stdin INDEX`, {
        stdin: 'CANARY-password\n',
      });
      assert.deepEqual([code, stdout], [0, 'INDEX knows alice\n'], stderr);
    }
  });

  test('with a password from stdin is never one with that which is kept', async () => {
    const kept = Buffer.from('alice:CANARY-password').toString('base64');
    const env = { DOCKER_AUTH_CONFIG: JSON.stringify({ auths: { [world.host]: { auth: kept } } }) };
    assert.equal((await run('login INDEX', { env })).code, 0);
    const { code, stdout } = await run('login --password-stdin INDEX', { env, stdin: 'CANARY-wrong\n' });
    assert.deepEqual([code, stdout], [2, '']);
    assert.equal(world.index.requests.length, 1);
  });

  test('is a single GET', async () => {
    await run('login --creds alice:CANARY-password INDEX');
    assert.deepEqual(
      world.index.requests.map(({ method, path: asked }) => `${method} ${asked}`),
      ['GET /v1/users/'],
    );
  });
});

test('NODE-63: --debug shows the requests, and no secret', async () => {
  const { code, stderr } = await run(
    'layer --debug --creds alice:CANARY-password --output debug.tar INDEX/team/secret',
  );
  assert.equal(code, 0, stderr);
  assert.match(stderr, /INDEX\/v1\/repositories\/team\/secret\/images/);
  assert.match(stderr, /STORAGE\/layers\//);
  assert.doesNotMatch(stderr, /CANARY|Q0FOQVJ/);
});

import assert from 'node:assert/strict';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test, type TestContext } from 'node:test';
import { type CliOptions, type CliResult, cli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';
import { type FakeEngine, type FakeEngineOptions, startFakeEngine } from '../support/fake-engine.ts';
import { needs } from '../support/real/find-tool.ts';
import { run as runTool } from '../support/real/run.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/real/temporary.ts';
import { imageParts } from '../support/saved-archives.ts';

let world: World;
let folder: TemporaryDirectory;

before(async () => {
  world = await openWorld();
  folder = await temporaryDirectory('daemon');
});
after(async () => {
  await world.close();
  await folder.remove();
});
beforeEach(() => {
  world.requests.length = 0;
});

async function engineFor(t: TestContext, options?: FakeEngineOptions): Promise<FakeEngine> {
  const engine = await startFakeEngine(options);
  t.after(() => engine.close());
  return engine;
}

async function run(line: string, engine?: FakeEngine, options: CliOptions = {}): Promise<CliResult> {
  const argv = line.split(' ').map((word) => word.replaceAll('REGISTRY', world.host));
  const env = { ...(engine && { DOCKER_HOST: engine.host }), ...options.env };
  const result = await cli(argv, { cwd: folder.path, ...options, env });
  const neutral = (text: string): string => world.neutral(text).replaceAll(engine?.host ?? 'ENGINE', 'ENGINE');
  return { ...result, stdout: neutral(result.stdout), stderr: neutral(result.stderr) };
}

async function done(line: string, engine?: FakeEngine, options?: CliOptions): Promise<string> {
  const { code, stdout, stderr } = await run(line, engine, options);
  assert.equal(code, 0, `${line}: ${stderr}`);
  return stdout;
}

async function refused(line: string, code: number, says: RegExp, engine?: FakeEngine): Promise<void> {
  const result = await run(line, engine);
  assert.match(result.stderr, says);
  assert.equal(result.code, code, result.stderr);
}

const single = (): string => world.single.blobs[0]?.descriptor.digest ?? '';

describe('CAP-J7: images in a docker engine', () => {
  test('get there, as docker load wants them, and come back with their config', async (t) => {
    const engine = await engineFor(t);
    const stdout = await done('copy REGISTRY/team/single:1 docker-daemon:app:1,latest', engine);
    assert.equal(stdout, 'docker-daemon:app:1\ndocker-daemon:app:latest\n');
    assert.deepEqual(
      engine.images.map(({ names, configDigest }) => [names, configDigest]),
      [[['app:1', 'app:latest'], single()]],
    );
    assert.deepEqual(engine.requests.splice(0), [
      'GET /_ping',
      'GET /v1.47/images/app:1/json',
      'GET /v1.47/images/app:latest/json',
      'POST /v1.47/images/load?quiet=1',
    ]);
    await done('copy docker-daemon:app:1 REGISTRY/back:1', engine);
    assert.deepEqual(engine.requests, ['GET /_ping', 'GET /v1.47/images/app:1/json', 'GET /v1.47/images/app:1/get']);
    const manifest = JSON.parse(await done('manifest REGISTRY/back:1')) as { config: { digest: string } };
    assert.equal(manifest.config.digest, single());
    await done('validate REGISTRY/back:1');
  });

  test('are read by every command, whoever wrote the archive', async (t) => {
    for (const dialect of ['docker before 25', 'docker with containerd', 'skopeo and podman']) {
      const engine = await engineFor(t, { dialect });
      const image = await imageParts(['one', 'two'], 'app:latest');
      engine.images.push(image);
      assert.match(await done('digest docker-daemon:app', engine), /^sha256:[0-9a-f]{64}\n$/);
      assert.deepEqual(Buffer.from(await done('config docker-daemon:app', engine)), Buffer.from(image.config));
      assert.equal(await done('cat docker-daemon:app etc/text', engine), 'two');
      assert.match(await done('inspect docker-daemon:app', engine), /Platform +linux\/amd64/);
      assert.match(await done('validate docker-daemon:app', engine), /valid/);
    }
  });

  test('are named by their ids, too', async (t) => {
    const engine = await engineFor(t);
    const [one, two] = [await imageParts(['one'], 'app:1'), await imageParts(['two'], 'app:2')];
    engine.images.push(one, two);
    assert.equal(await done(`cat docker-daemon:${two.configDigest} etc/text`, engine), 'two');
    assert.deepEqual(engine.requests.splice(0), [
      'GET /_ping',
      `GET /v1.47/images/${two.configDigest}/json`,
      `GET /v1.47/images/${two.configDigest}/get`,
    ]);
    // The id decides, and may be a digest that the engine knows of a repository.
    assert.equal(await done(`cat docker-daemon:app:1@${two.configDigest} etc/text`, engine), 'two');
    assert.equal(engine.requests[1], `GET /v1.47/images/app@${two.configDigest}/json`);
    await refused(
      `copy REGISTRY/team/single:1 docker-daemon:app:1@${one.configDigest}`,
      2,
      /docker-daemon:NAME:TAG/,
      engine,
    );
  });

  test('are copied with all the tags of a repository', async (t) => {
    const engine = await engineFor(t);
    engine.images.push(await imageParts(['one'], 'app:1'), await imageParts(['two'], 'app:2'));
    engine.images.push(await imageParts(['other'], 'other:1'));
    assert.equal(await done('tags docker-daemon:app', engine), 'app:1\napp:2\n');
    await done('copy --all-tags docker-daemon:app REGISTRY/all', engine);
    assert.equal(await done('tags REGISTRY/all'), '1\n2\n');
    await done('copy --all-tags REGISTRY/all docker-daemon:again', engine);
    assert.deepEqual(engine.images.flatMap(({ names }) => names).sort(), [
      'again:1',
      'again:2',
      'app:1',
      'app:2',
      'other:1',
    ]);
    assert.equal(engine.archives.length, 1);
  });

  test('stay as they are with --no-clobber, and in a dry run', async (t) => {
    const engine = await engineFor(t);
    const image = await imageParts(['one'], 'app:1');
    engine.images.push(image);
    const { code, stderr } = await run('copy --no-clobber REGISTRY/team/single:1 docker-daemon:app:1', engine);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /left as it is/);
    assert.match((await run('copy --dry-run REGISTRY/team/single:1 docker-daemon:app:2', engine)).stderr, /would send/);
    assert.deepEqual(engine.images, [image]);
    assert.deepEqual(engine.archives, []);
    assert.ok(world.requests.every(({ path }) => !path.includes('/blobs/')));
  });

  test('are single images: of an index a platform is chosen', async (t) => {
    const engine = await engineFor(t);
    await refused(
      'copy REGISTRY/team/app:1.0 docker-daemon:app:1',
      2,
      /--platform.*linux\/amd64, linux\/arm64/,
      engine,
    );
    await done('copy --platform linux/arm64 REGISTRY/team/app:1.0 docker-daemon:app:1', engine);
    assert.match(await done('config docker-daemon:app:1', engine), /"architecture":"arm64"/);
  });
});

/** Root may do everything: for a while, this process is somebody else. */
async function asNobody(work: () => Promise<void>): Promise<void> {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    await work();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

/** An engine that answers one path otherwise. */
function answering(path: RegExp, answer: (response: ServerResponse) => void): FakeEngineOptions {
  return {
    answer(request, response) {
      if (!path.test(request.url ?? '')) return false;
      request.resume();
      request.once('end', () => answer(response));
      return true;
    },
  };
}

describe('CAP-J7: a docker engine that does not do as it is asked', () => {
  test('has no such image: 3', async (t) => {
    const engine = await engineFor(t);
    const says = /docker-daemon:nowhere:1 is not there: the docker engine at ENGINE has no such image \(NOT_FOUND\)/;
    await refused('digest docker-daemon:nowhere:1', 3, says, engine);
    await refused('tags docker-daemon:nowhere', 3, /answered 404 \("reference does not exist"\)/, engine);
  });

  test('is not there, or nobody listens any more: 6', async (t) => {
    const missing = `unix://${join(folder.path, 'none.sock')}`;
    await refused(
      `digest --docker-host ${missing} docker-daemon:a`,
      6,
      /no such socket \(UNREACHABLE\); hint: .*DOCKER_HOST/,
    );
    // Nothing is fetched for it.
    await refused(`copy --docker-host ${missing} REGISTRY/team/single:1 docker-daemon:a`, 6, /UNREACHABLE/);
    assert.deepEqual(world.requests, []);
    const closed = await engineFor(t, { port: true });
    await closed.close();
    closed.close = async () => {};
    await refused('digest docker-daemon:a', 6, /nobody listens there/, closed);
  });

  test('is not for this user: 4', async (t) => {
    const engine = await engineFor(t);
    engine.images.push(await imageParts(['one'], 'a:latest'));
    // All that has to be loaded is loaded now.
    await done('digest docker-daemon:a', engine);
    await chmod(engine.path, 0);
    await asNobody(() =>
      refused('digest docker-daemon:a', 4, /is not for this user: EACCES \(DENIED\); hint: .*group/, engine),
    );
  });

  test('says so in the middle of a good answer', async (t) => {
    const words = 'write /layer.tar: no space left on device';
    const error = JSON.stringify({ errorDetail: { message: words }, error: words });
    const engine = await engineFor(
      t,
      answering(/load/, (response) => response.end(`{"stream":"…"}\r\n${error}\r\n`)),
    );
    await refused('copy REGISTRY/team/single:1 docker-daemon:a', 1, /did not load the images: .*\(DISK_FULL\)/, engine);
    const other = await engineFor(
      t,
      answering(/load/, (response) => response.end('{"error":"\\u001b[31mno"}')),
    );
    await refused('copy REGISTRY/team/single:1 docker-daemon:a', 1, /"\\u\{1b\}\[31mno" \(SERVER_ERROR\)/, other);
    const garbled = await engineFor(
      t,
      answering(/load/, (response) => response.end('{"stream":"Loa')),
    );
    await refused('copy REGISTRY/team/single:1 docker-daemon:a', 1, /not JSON: .*\(PROTOCOL\)/, garbled);
  });

  test('refuses, with its own words', async (t) => {
    const refuse = (status: number) =>
      answering(/load/, (response) => response.writeHead(status).end('{"message":"not today"}'));
    const says = /cannot load the images: the docker engine at ENGINE answered 500 \("not today"\) \(SERVER_ERROR\)/;
    await refused('copy REGISTRY/team/single:1 docker-daemon:a', 1, says, await engineFor(t, refuse(500)));
    await refused('copy REGISTRY/team/single:1 docker-daemon:a', 4, /\(DENIED\)/, await engineFor(t, refuse(403)));
  });

  test('ends an archive early', async (t) => {
    const cut = (end: (response: ServerResponse) => void): FakeEngineOptions =>
      answering(/get$/, (response) => {
        response.writeHead(200, { 'content-type': 'application/x-tar' });
        response.write(new Uint8Array(700), () => end(response));
      });
    for (const [end, code, says] of [
      [(response: ServerResponse) => response.destroy(), 6, /closed the connection early, after 700 bytes/],
      [(response: ServerResponse) => response.end(), 1, /LAYOUT_INVALID/],
    ] as const) {
      const engine = await engineFor(t, cut(end));
      engine.images.push(await imageParts(['one'], 'app:1'));
      await refused('copy docker-daemon:app:1 REGISTRY/cut:1', code, says, engine);
    }
    assert.ok(world.requests.every(({ method }) => method !== 'PUT'));
  });

  test('is something else', async (t) => {
    const server = createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1');
    t.after(() => server.close());
    await new Promise((resolve) => {
      server.once('listening', resolve);
    });
    const { port } = server.address() as { port: number };
    await refused(
      `digest --docker-host tcp://127.0.0.1:${port} docker-daemon:a`,
      1,
      /is not a docker engine \(PROTOCOL\)/,
    );
  });
});

test('CAP-J7: the version of its API is the engine’s, or the newest that is known here', async (t) => {
  for (const [told, spoken] of [
    ['1.24', '1.24'],
    ['1.51', '1.51'],
    ['1.99', '1.51'],
    ['2.0', '1.51'],
  ] as const) {
    const engine = await engineFor(t, { apiVersion: told });
    engine.images.push(await imageParts(['one'], 'app:1'));
    await done('digest docker-daemon:app:1', engine);
    assert.equal(engine.requests[1], `GET /v${spoken}/images/app:1/json`);
  }
});

test('CAP-J7: what skopeo loads is read, and what is loaded skopeo reads', needs('skopeo'), async (t) => {
  const engine = await engineFor(t, { dialect: 'docker before 25', port: true });
  const host = engine.host.replace('tcp:', 'http:');
  const policy = ['--insecure-policy'];
  const from = ['--src-tls-verify=false', `docker://${world.host}/team/single:1`];
  await runTool('skopeo', [...policy, 'copy', '--dest-daemon-host', host, ...from, 'docker-daemon:theirs:1']);
  assert.match(await done('config docker-daemon:theirs:1', engine), /"author":"The team"/);
  await done('copy REGISTRY/team/single:1 docker-daemon:ours:1', engine);
  const layout = `oci:${join(folder.path, 'skopeo')}:1`;
  await runTool('skopeo', [...policy, 'copy', '--src-daemon-host', host, 'docker-daemon:ours:1', layout]);
  const config = async (image: string): Promise<unknown> => JSON.parse(await done(`config ${image}`, engine));
  assert.deepEqual(await config('oci:skopeo:1'), await config('docker-daemon:ours:1'));
});

test('CAP-J7: the context that docker uses tells where the engine is', async (t) => {
  const engine = await engineFor(t);
  engine.images.push(await imageParts(['one'], 'app:1'));
  const { createHash } = await import('node:crypto');
  const meta = join(folder.path, 'docker/contexts/meta', createHash('sha256').update('mine').digest('hex'));
  await mkdir(meta, { recursive: true });
  const Endpoints = { docker: { Host: engine.host, SkipTLSVerify: false } };
  await writeFile(join(meta, 'meta.json'), JSON.stringify({ Name: 'mine', Endpoints }));
  await writeFile(join(folder.path, 'docker/config.json'), '{"currentContext":"mine"}');
  const DOCKER_CONFIG = join(folder.path, 'docker');
  for (const env of [{ DOCKER_CONFIG }, { DOCKER_CONFIG, DOCKER_CONTEXT: 'mine' }]) {
    assert.match(await done('digest docker-daemon:app:1', undefined, { env }), /^sha256:/);
  }
  assert.equal(engine.requests.length, 6);
  const { stderr } = await run('digest docker-daemon:app:1', undefined, {
    env: { DOCKER_CONFIG, DOCKER_CONTEXT: 'no' },
  });
  assert.match(stderr, /there is no docker context "no"/);
});

import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { World } from '../support/cli-world.ts';
import { type EngineWorld, engineFor, openEngineWorld } from '../support/engine-world.ts';
import { needs } from '../support/real/find-tool.ts';
import { run as runTool } from '../support/real/run.ts';
import { imageParts } from '../support/saved-archives.ts';

let own: EngineWorld;
let world: World;
const run: EngineWorld['run'] = (...line) => own.run(...line);
const done: EngineWorld['done'] = (...line) => own.done(...line);
const refused: EngineWorld['refused'] = (...line) => own.refused(...line);

before(async () => {
  own = await openEngineWorld();
  world = own.world;
});
after(() => own.close());
beforeEach(() => {
  world.requests.length = 0;
});

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
    await done('push docker-daemon:app:1 REGISTRY/pushed:1', engine);
    assert.equal(await done('digest REGISTRY/pushed:1'), await done('digest REGISTRY/back:1'));
    await done('pull docker-daemon:app:1', engine);
    assert.equal(await done('digest oci:app:1'), await done('digest REGISTRY/back:1'));
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
  const layout = `oci:${join(own.folder, 'skopeo')}:1`;
  await runTool('skopeo', [...policy, 'copy', '--src-daemon-host', host, 'docker-daemon:ours:1', layout]);
  const config = async (image: string): Promise<unknown> => JSON.parse(await done(`config ${image}`, engine));
  assert.deepEqual(await config('oci:skopeo:1'), await config('docker-daemon:ours:1'));
});

test('CAP-J7: the context that docker uses tells where the engine is', async (t) => {
  const engine = await engineFor(t);
  engine.images.push(await imageParts(['one'], 'app:1'));
  const { createHash } = await import('node:crypto');
  const meta = join(own.folder, 'docker/contexts/meta', createHash('sha256').update('mine').digest('hex'));
  await mkdir(meta, { recursive: true });
  const Endpoints = { docker: { Host: engine.host, SkipTLSVerify: false } };
  await writeFile(join(meta, 'meta.json'), JSON.stringify({ Name: 'mine', Endpoints }));
  await writeFile(join(own.folder, 'docker/config.json'), '{"currentContext":"mine"}');
  const DOCKER_CONFIG = join(own.folder, 'docker');
  for (const env of [{ DOCKER_CONFIG }, { DOCKER_CONFIG, DOCKER_CONTEXT: 'mine' }]) {
    assert.match(await done('digest docker-daemon:app:1', undefined, { env }), /^sha256:/);
  }
  assert.equal(engine.requests.length, 6);
  const { stderr } = await run('digest docker-daemon:app:1', undefined, {
    env: { DOCKER_CONFIG, DOCKER_CONTEXT: 'no' },
  });
  assert.match(stderr, /there is no docker context "no"/);
});

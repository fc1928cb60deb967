import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { BASE_DIGEST, BASE_NAME } from '../../src/image/change/rebase.ts';
import { type Built, buildImage, buildIndex, type ImageSpec, putBuilt } from '../../src/testing/fixtures.ts';
import { type CliResult, cli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';

let world: World;
let other: World;
let old: Built;
let next: Built;

const platforms = ['amd64', 'arm64'].map((architecture) => ({ os: 'linux', architecture }));

async function index(names: readonly string[], spec: Partial<ImageSpec> = {}): Promise<Built> {
  const layers = names.map((name) => ({ files: { [name]: name } }));
  const images = platforms.map((platform) => buildImage({ layers, platform, ...spec }));
  return buildIndex({ manifests: await Promise.all(images) });
}

/** Images of `app` on the base as it was and as it is, some of which tell so. */
before(async () => {
  [world, other] = [await openWorld(), await openWorld()];
  [old, next] = [await index(['old']), await index(['new'])];
  await putBuilt(world.registry.repository('base'), next, { tags: ['latest', '2'] });
  const app = world.registry.repository('app');
  const digests = { old: old.manifest.descriptor.digest, new: next.manifest.descriptor.digest };
  for (const tag of ['old', 'new'] as const) {
    const told = { [BASE_NAME]: `${world.host}/base`, [BASE_DIGEST]: digests[tag] };
    await putBuilt(app, await index([tag, 'app'], { annotations: told }), { tags: [`told-${tag}`] });
    await putBuilt(app, await index([tag, 'app']), { tags: [tag] });
  }
  const gone = { [BASE_NAME]: `${world.host}/base:1`, [BASE_DIGEST]: digests.old };
  await putBuilt(app, await index(['old', 'app'], { annotations: gone }), { tags: ['gone'] });
  const stranger = { [BASE_NAME]: `${other.host}/base` };
  await putBuilt(app, await index(['old'], { annotations: stranger }), { tags: ['stranger'] });
});
after(async () => {
  await Promise.all([world.close(), other.close()]);
});
beforeEach(() => {
  world.requests.length = 0;
  other.requests.length = 0;
});

async function run(line: string): Promise<CliResult> {
  const result = await cli(line.split(' ').map((word) => word.replaceAll('REGISTRY', world.host)));
  return { ...result, stdout: world.neutral(result.stdout), stderr: world.neutral(result.stderr) };
}

const asked = (): string[] => world.requests.map(({ method, path }) => `${method} ${path}`);
const digestOf = ({ manifest }: Built): string => manifest.descriptor.digest;

describe('CAP-E17: lading check-base', () => {
  test('ends with 0 for a base that is what it was, and tells what it compared', async () => {
    const { code, stdout } = await run('check-base REGISTRY/app:told-new');
    assert.equal(code, 0);
    const line = `up to date: REGISTRY/base:latest still is ${digestOf(next)}\n`;
    assert.equal(stdout, `linux/amd64: ${line}linux/arm64: ${line}`);
    assert.deepEqual(
      asked().filter((request) => request.includes('/base/')),
      ['HEAD /v2/base/manifests/latest'],
    );
  });

  test('ends with 1 for a stale one', async () => {
    const { code, stdout, stderr } = await run('check-base --platform linux/arm64 REGISTRY/app:told-old');
    assert.equal(code, 1, stderr);
    assert.equal(
      stdout,
      `linux/arm64: stale: REGISTRY/base:latest is ${digestOf(next)} now, and it was built on ${digestOf(old)}\n`,
    );
    // What it was built on could be one image of what the name stands for now: that is read once.
    assert.deepEqual(
      asked().filter((request) => request.includes('/base/')),
      ['HEAD /v2/base/manifests/latest', `GET /v2/base/manifests/${digestOf(next)}`],
    );
  });

  test('compares layers where no digest is told, and fetches none', async () => {
    const current = await run('check-base --base REGISTRY/base:2 REGISTRY/app:new');
    assert.equal(current.code, 0, current.stderr);
    assert.match(current.stdout, /^linux\/amd64: up to date: it begins with the layers of REGISTRY\/base:2, which is /);
    assert.ok(asked().every((request) => !request.includes('/blobs/')));
    const stale = await run('check-base --base REGISTRY/base:2 REGISTRY/app:old');
    assert.equal(stale.code, 1, stale.stderr);
    assert.match(stale.stdout, /linux\/arm64: stale: it does not begin with the layers of REGISTRY\/base:2/);
  });

  test('takes the digest that a flag tells', async () => {
    const line = (built: Built): string =>
      `check-base --base REGISTRY/base --base-digest ${digestOf(built)} REGISTRY/app:old`;
    assert.equal((await run(line(next))).code, 0);
    assert.deepEqual(asked(), ['GET /v2/app/manifests/old', 'HEAD /v2/base/manifests/latest']);
    assert.equal((await run(line(old))).code, 1);
    assert.equal((await run('check-base --base-digest sha256:1 REGISTRY/app:old')).code, 2);
  });

  test('prints it as JSON', async () => {
    const { code, stdout } = await run('check-base --json --platform linux/amd64 REGISTRY/app:told-old');
    assert.equal(code, 1);
    const check = JSON.parse(stdout) as { reference: string; digest: string; images: { digest: string }[] };
    const { digest } = check;
    assert.deepEqual(check, {
      reference: `REGISTRY/app:told-old@${digest}`,
      digest,
      outcome: 'stale',
      images: [
        {
          platform: 'linux/amd64',
          digest: check.images[0]?.digest,
          outcome: 'stale',
          comparedBy: 'digest',
          base: 'REGISTRY/base:latest',
          built: digestOf(old),
          now: digestOf(next),
        },
      ],
    });
  });

  test('ends with 3 where no base is known, and where it has gone', async () => {
    const unknown = await run('check-base REGISTRY/app:old');
    assert.equal(unknown.code, 3);
    assert.match(unknown.stderr, /it is not known what REGISTRY\/app:old stands on \(NOT_FOUND\); hint: .*--base/);
    assert.equal(unknown.stdout, '');
    const gone = await run('check-base REGISTRY/app:gone');
    assert.equal(gone.code, 3);
    assert.match(gone.stderr, /NOT_FOUND/);
    assert.equal((await run('check-base REGISTRY/app:nowhere')).code, 3);
  });

  test('shows credentials to no registry that only an image names', async () => {
    const { code, stderr } = await run('check-base --creds me:secret REGISTRY/app:stranger');
    assert.equal(code, 2);
    assert.match(stderr, /in a registry that nobody named.*--base/);
    assert.deepEqual(other.requests, []);
  });
});

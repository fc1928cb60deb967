/** What single vendors are known for: each with what the client asks of whom, and what it makes of the answer. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeBasic } from '../../src/http/basic.ts';
import { readAll } from '../../src/bytes/read.ts';
import { collect } from '../../src/graph/collect.ts';
import { contentFrom } from '../../src/store/content.ts';
import { buildImage, putBuilt } from '../../src/testing/fixtures.ts';
import { buildSchema1, putSchema1Blobs, servesSchema1 } from '../../src/testing/schema1.ts';
import type { VendorRequest } from '../../src/testing/vendors.ts';
import { rejection } from '../support/failure.ts';
import { startVendorWorld, type Talk, type VendorWorld } from '../support/vendor-world.ts';

type Options = Parameters<typeof startVendorWorld>[1];

async function within(
  name: string,
  run: (world: VendorWorld, talk: Talk) => Promise<void>,
  options: Options = {},
): Promise<void> {
  const world = await startVendorWorld(name, options);
  try {
    await using talk = world.talk();
    await run(world, talk);
  } finally {
    await world.vendor.close();
  }
}

const authorizations = (log: readonly VendorRequest[]): Set<string | undefined> =>
  new Set(log.map(({ headers }) => headers.authorization?.split(' ', 1)[0]));

const basicOf = ({ vendor }: VendorWorld): string => (vendor.credential ? encodeBasic(vendor.credential) : '');

describe('who may know what', () => {
  test('C5 docker.io: the password goes to the token server, the token to the registry, and nothing to the storage', () =>
    within('docker.io', async (world, { repository }) => {
      await readAll(repository.blob(world.image.blobs[1]?.descriptor ?? assert.fail()).open(), 100_000, 'a blob');
      await putBuilt(repository, await buildImage({ layers: [{ files: { a: 'b' } }] }), { tags: ['new'] });
      const { registry, tokens, elsewhere } = world.vendor.requests;
      assert.ok(tokens.every(({ headers }) => headers.authorization === basicOf(world)));
      assert.ok(tokens.every(({ headers }) => headers.cookie === undefined && headers['x-team'] === undefined));
      assert.deepEqual(authorizations(registry), new Set([undefined, 'Bearer']));
      assert.ok(elsewhere.length > 0);
      assert.deepEqual(authorizations(elsewhere), new Set([undefined]));
      assert.ok(elsewhere.every(({ headers, status }) => headers.cookie === undefined && status < 300));
    }));

  test('C6 basic: an upload goes on at another origin, and a blob comes from one, without credentials', () =>
    within('basic', async (world, { repository }) => {
      assert.equal(await repository.putBlob(contentFrom(new Uint8Array(3000).fill(1))), 'written');
      const { registry, elsewhere } = world.vendor.requests;
      assert.deepEqual(
        elsewhere.map(({ method, status }) => `${method} ${status}`),
        ['PUT 201'],
      );
      assert.match(elsewhere[0]?.path ?? '', /\?X-Amz-Signature=5ea1ed&digest=sha256%3A[0-9a-f]{64}$/);
      assert.deepEqual(authorizations(elsewhere), new Set([undefined]));
      assert.deepEqual(authorizations(registry), new Set([undefined, 'Basic']));
    }));

  test('docker.io: anybody reads what is public, and no more', () =>
    within(
      'docker.io',
      async (world) => {
        await using talk = world.talk('anonymous');
        assert.deepEqual((await talk.repository.manifest('v1')).bytes, world.image.manifest.bytes);
        assert.deepEqual(authorizations(world.vendor.requests.tokens), new Set([undefined]));
        await rejection('UNAUTHORIZED', talk.repository.putBlob(contentFrom(new Uint8Array(1))));
      },
      { isPublic: (repository) => repository === 'team/app' },
    ));

  test('gitea: a token for everything is one for every repository', () =>
    within('gitea', async (world, { client, repository }) => {
      await repository.manifest('v1');
      assert.match(world.vendor.requests.tokens[0]?.path ?? '', /^\/v2\/token\?service=container_registry&scope=\*$/);
      const other = client.repository(`${world.vendor.host}/team/new`);
      await putBuilt(other, world.image, { tags: ['v1'] });
      assert.deepEqual((await other.manifest('v1')).bytes, world.image.manifest.bytes);
    }));
});

describe('how to ask', () => {
  test('AUTH-11 gcr: a 401 without a challenge is explained at the root of the API, once', () =>
    within('gcr', async (world, { repository }) => {
      await repository.manifest('v1');
      await repository.manifest('v2');
      assert.deepEqual(world.lines(), [
        'GET /v2/team/app/manifests/v1 401',
        'GET /v2/ 401',
        'GET /v2/team/app/manifests/v1 200',
        'GET /v2/team/app/manifests/v2 200',
      ]);
      assert.deepEqual(authorizations(world.vendor.requests.registry), new Set([undefined, 'Bearer']));
    }));

  test('AUTH-11 artifactory: a HEAD is refused without a challenge, and /v2/ sees no Basic', () =>
    within('artifactory', async (world, { repository, client }) => {
      assert.ok(await repository.resolve('v1'));
      await client.ping(world.vendor.host);
      assert.deepEqual(
        world.lines().map((line) => line.replace(/ \/v2\/team\/app/, ' …')),
        ['HEAD …/manifests/v1 401', 'GET /v2/ 401', 'HEAD …/manifests/v1 200', 'GET /v2/ 200', 'GET /v2/ 401'],
      );
      assert.deepEqual(authorizations(world.vendor.requests.registry), new Set([undefined, 'Bearer']));
    }));

  test('AUTH-11 ecr: 400 means that the password is wrong, and is answered to nobody else', () =>
    within('ecr', async (world) => {
      await using talk = world.talk('wrong');
      const error = await rejection('UNAUTHORIZED', talk.repository.manifest('v1'));
      assert.equal(error.status, 400);
      assert.match(error.message, /DENIED: "Your Authorization Token is invalid\."/);
      assert.deepEqual(
        world.vendor.requests.registry.map(({ status }) => status),
        [401, 400],
      );
    }));

  test('AUTH-11 quay: a ping that is refused without a challenge succeeds when a read has told how to ask', () =>
    within('quay', async ({ vendor }, { client, repository }) => {
      await rejection('UNAUTHORIZED', client.ping(vendor.host));
      await repository.manifest('v1');
      const { authRequired, challenges } = await client.ping(vendor.host);
      assert.deepEqual([authRequired, challenges], [true, []]);
      assert.ok(vendor.requests.tokens.every(({ path }) => !/scope=(?:&|$)/.test(path)));
    }));

  test('harbor: Basic is shown where a token was not enough', () =>
    within('harbor', async (world, { client }) => {
      await client.ping(world.vendor.host);
      assert.deepEqual(world.lines(), ['GET /v2/ 401', 'GET /v2/ 401', 'GET /v2/ 200']);
      assert.deepEqual(
        world.vendor.requests.registry.map(({ headers }) => headers.authorization?.split(' ', 1)[0]),
        [undefined, 'Bearer', 'Basic'],
      );
    }));

  test('B1 artifactory-path: every request stands below the prefix', () =>
    within('artifactory-path', async (world, { repository, client }) => {
      await putBuilt(repository, await buildImage({ layers: [{ files: { a: 'b' } }] }), { tags: ['new'] });
      await collect(repository.tags({ pageSize: 1 }));
      await client.ping(world.vendor.host);
      const { registry, tokens } = world.vendor.requests;
      for (const { path } of [...registry, ...tokens]) assert.match(path, /^\/artifactory\/api\/docker\/local\/v2\//);
      assert.ok(registry.some(({ method }) => method === 'PATCH'));
    }));
});

describe('what there is', () => {
  /** The catalog, or the code of its refusal. */
  const catalogs: Readonly<Record<string, string>> = {
    plain: 'team/app',
    basic: 'team/app',
    ecr: 'team/app',
    harbor: 'team/app',
    'docker.io': 'UNAUTHORIZED',
    ghcr: 'UNSUPPORTED',
    gitlab: 'UNAUTHORIZED',
  };
  for (const [name, expected] of Object.entries(catalogs)) {
    test(`${name}: the catalog is ${expected}`, () =>
      within(name, async ({ vendor }, { client }) => {
        const listing = collect(client.registry(vendor.host).repositories());
        if (expected === 'team/app') assert.deepEqual(await listing, [expected]);
        else await rejection(expected as 'UNSUPPORTED', listing);
      }));
  }

  test('D2 quay: every tag comes by its cursor', () =>
    within('quay', async (world, { repository }) => {
      assert.deepEqual(await collect(repository.tags({ pageSize: 1 })), ['multi', 'v1', 'v2']);
      const pages = world.lines().filter((line) => line.endsWith(' 200'));
      assert.equal(pages.filter((line) => line.includes('next_page=')).length, 2);
      assert.equal(pages.filter((line) => line.includes('last=')).length, 0);
    }));

  test('quay: a page that is refused as too large is asked for without a size, from then on', () =>
    within('quay', async (world, { repository }) => {
      for (let count = 0; count < 2; count++) assert.equal((await collect(repository.tags())).length, 3);
      const lists = world.lines().filter((line) => line.includes('tags/list') && !line.endsWith(' 401'));
      assert.deepEqual(lists, [
        'GET /v2/team/app/tags/list?n=1000 413',
        'GET /v2/team/app/tags/list 200',
        'GET /v2/team/app/tags/list 200',
      ]);
    }));

  test('docker.io: a quota is told, and a HEAD costs nothing of it', () =>
    within('docker.io', async (_, { repository }) => {
      const quota = async (): Promise<string | undefined> =>
        (await repository.head('v1'))?.response.headers['ratelimit-remaining'];
      assert.deepEqual([await quota(), await quota()], ['100;w=21600', '100;w=21600']);
      await repository.manifest('v1');
      assert.equal(await quota(), '99;w=21600');
    }));

  test('ecr: a push to a repository that is not there is NOT_FOUND, before a byte is sent', () =>
    within('ecr', async (world, { client }) => {
      const other = client.repository(`${world.vendor.host}/team/new`);
      const error = await rejection('NOT_FOUND', other.putBlob(contentFrom(new Uint8Array(100))));
      assert.equal(error.missing, 'repository');
      assert.ok(!world.lines().some((line) => /^P(?:UT|ATCH)/.test(line)));
    }));

  test('gcr: a manifest is deleted after its tags', () =>
    within('gcr', async (world, { repository }) => {
      const { digest } = world.image.manifest.descriptor;
      assert.equal(await repository.delete({ manifest: digest }), 'deleted');
      assert.equal(await repository.resolve('v1'), undefined);
      assert.ok(world.lines().some((line) => /^DELETE \S+\/manifests\/v1 202$/.test(line)));
    }));

  test('red-hat: a manifest comes from where it was moved to', () =>
    within('red-hat', async ({ vendor, image }, { repository }) => {
      assert.deepEqual((await repository.manifest('v1')).bytes, image.manifest.bytes);
      const [asked] = vendor.requests.registry;
      const [moved] = vendor.requests.elsewhere;
      assert.deepEqual([asked?.status, moved?.status, moved?.method], [302, 200, 'GET']);
      assert.match(moved?.path ?? '', /^\/v2\/team\/app\/manifests\/v1\?X-Amz-Signature=/);
    }));

  test('red-hat: a signed manifest of schema 1 comes from there, too', async () => {
    const old = await buildSchema1({ steps: [{ layer: { files: { 'etc/motd': 'old' } } }] });
    await within(
      'red-hat',
      async ({ vendor }, { client }) => {
        await putSchema1Blobs(vendor.registry.repository(old.name), old);
        const repository = client.repository(`${vendor.host}/${old.name}`);
        const image = await repository.schema1(old.tag);
        assert.equal(image.digest, old.digest);
        assert.deepEqual(new Uint8Array(image.bytes), old.bytes);
        assert.equal(vendor.requests.registry.at(-1)?.status, 302);
        assert.equal(vendor.requests.elsewhere.length, 1);
        await rejection('VERSION_UNSUPPORTED', repository.manifest(old.tag));
      },
      { wraps: [servesSchema1(old)] },
    );
  });
});

/**
 * The programs of `examples/` against the real docker-registry, open and with tokens for the password in docker's file. What
 * they print is compared with what plain requests find there.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fixedCredentials } from '../../src/http/credentials.ts';
import { nodeTransport } from '../../src/node/http/transport.ts';
import { createClient } from '../../src/registry/client.ts';
import { putImage, putIndex } from '../../src/testing/fixtures.ts';
import { dockerConfig, exampleLines, runExample } from '../support/examples.ts';
import { needs } from '../support/real/find-tool.ts';
import { inRepository, rawManifest } from '../support/real/raw-registry.ts';
import { type SetUp, setUps, setUpTools } from '../support/real/set-ups.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/real/temporary.ts';

const architectures = ['amd64', 'arm64'];

for (const name of ['open', 'token'] as const) {
  describe(`docker-registry (${name})`, needs(...setUpTools[name]), () => {
    let first: SetUp;
    let second: SetUp;
    let work: TemporaryDirectory;
    let env: Readonly<Record<string, string>>;

    before(async () => {
      [first, second] = [await setUps[name](), await setUps[name]()];
      work = await temporaryDirectory('examples');
      const accounts = [first, second].flatMap(({ host, account }) => (account === undefined ? [] : [[host, account]]));
      env = await dockerConfig(work.path, Object.fromEntries(accounts));
      await fill(first);
    });
    after(async () => {
      await work?.remove();
      await first?.stop();
      await second?.stop();
    });

    const lines = (example: string, ...args: readonly string[]): Promise<readonly string[]> =>
      exampleLines(example, args, env);
    const raw = async (registry: SetUp, repository: string, reference: string) =>
      (await rawManifest(registry, repository, reference)) ?? assert.fail(`there is no ${repository}:${reference}`);

    test('ping.mjs, list-tags.mjs and manifest.mjs', async () => {
      const told = `wants a login: ${name === 'open' ? 'no' : 'yes'}`;
      const where = [`${first.host} is a registry at http://${first.host}`, 'version: registry/2.0'];
      assert.deepEqual(await lines('ping', first.host), [...where, told]);
      const { descriptor, bytes } = await raw(first, 'team/app', '1.0');
      const tags = ['1.0', '1.1', 'latest'].map((tag) => `${tag}  ${descriptor.digest}`);
      // docker-registry 2.8 lists them as its directory does.
      assert.deepEqual((await lines('list-tags', `${first.host}/team/app`)).toSorted(), tags);
      const printed = await runExample('manifest', [`${first.host}/team/app`], env);
      assert.deepEqual([printed.code, printed.stdoutBytes], [0, Buffer.from(bytes)], printed.stderr);
      assert.match(printed.stderr, new RegExp(`^${descriptor.mediaType.replace('+', '\\+')}.* ${descriptor.digest}\n`));
    });

    test('blob.mjs', async () => {
      const { bytes } = await raw(first, 'team/single', '1');
      const { layers } = JSON.parse(Buffer.from(bytes).toString()) as { layers: { digest: string; size: number }[] };
      const file = join(work.path, 'layer');
      const [layer = assert.fail('it has no layer')] = layers;
      assert.deepEqual(await lines('blob', `${first.host}/team/single@${layer.digest}`, file), [
        `${layer.size} bytes, content-type application/octet-stream`,
        `wrote ${file}`,
      ]);
      assert.equal(
        `sha256:${createHash('sha256')
          .update(await readFile(file))
          .digest('hex')}`,
        layer.digest,
      );
    });

    test('registry-client.mjs', async () => {
      const { descriptor } = await raw(first, 'team/app', '1.0');
      const { descriptor: image } = await raw(first, 'team/single', '1');
      assert.deepEqual(await lines('registry-client', `${first.host}/team/app:1.0`), [
        `Image Digest of Tag 1.0: ${descriptor.digest}`,
        ...architectures.flatMap((one) => [
          `Platform OS linux Architecture ${one}`,
          `Manifest of type ${image.mediaType}`,
        ]),
      ]);
    });

    test('docker-registry2.mjs', async () => {
      const { descriptor } = await raw(first, 'team/app', '1.0');
      const told = await lines('docker-registry2', `${first.host}/team/app:1.0`, second.host);
      const said = new Map(told.map((line) => line.split(/: (.*)/s, 2) as [string, string]));
      assert.equal(said.get('search'), 'team/app');
      for (const title of ['tags', 'tags by pages'])
        assert.deepEqual(said.get(title)?.split(' ').sort(), ['1.0', '1.1', 'latest']);
      for (const title of ['digest', 'tag here', 'tag elsewhere', 'copy', 'the tag beside it'])
        assert.equal(said.get(title), descriptor.digest, title);
      const image = (await raw(first, 'team/single', '1')).descriptor.digest;
      for (const title of ['digest of a platform', 'push']) assert.equal(said.get(title), image, title);
      assert.deepEqual([said.get('rmtag'), said.get('rmrepo'), said.size], ['deleted', '3', 24]);

      const tags = await inRepository(first, 'team/app', 'tags/list');
      const list = (JSON.parse(Buffer.from(tags.bytes).toString()) as { tags: string[] }).tags;
      assert.deepEqual(list.sort(), ['1.0', '1.1', 'appended', 'latest']);
      assert.equal((await raw(first, 'team/app', 'appended')).descriptor.digest, said.get('append'));
      assert.equal((await raw(first, 'team/app-pushed', '1.0')).descriptor.digest, image);
      assert.equal((await raw(second, 'team/app', 'copied')).descriptor.digest, descriptor.digest);
      assert.equal(await rawManifest(first, 'team/app-other', descriptor.digest), undefined);
    });

    test('all that while the registry was what it is', () => first.assertUsed());

    if (name === 'token')
      test('without the password they are refused', async () => {
        const { code, stdout, stderr } = await runExample('list-tags', [`${first.host}/team/app`]);
        assert.deepEqual([code, stdout], [1, '']);
        assert.match(stderr, /code: 'UNAUTHORIZED'/);
      });
  });
}

/** `team/app`: 1.0, 1.1 and latest, an index of two · `team/single`: 1, the first of them. */
async function fill({ host, account }: SetUp): Promise<void> {
  const credentials = fixedCredentials(account === undefined ? {} : { [host]: account });
  const client = createClient({ transport: nodeTransport({ proxy: false }), credentials });
  try {
    const app = client.repository(`${host}/team/app`);
    const layers = [{ files: { 'etc/motd': 'hello' } }, { files: { 'app/main': 'x'.repeat(50_000) } }];
    const manifests = [];
    for (const architecture of architectures)
      manifests.push(await putImage(app, { layers, platform: { os: 'linux', architecture } }));
    await putIndex(app, { manifests, tags: ['1.0', '1.1', 'latest'] });
    await putImage(client.repository(`${host}/team/single`), { layers, tags: ['1'] });
  } finally {
    await client.close();
  }
}

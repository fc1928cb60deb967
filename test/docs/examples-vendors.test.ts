/** The programs of `examples/` run against registries like those of the vendors, with docker's file for their credentials. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { putBuilt } from '../../src/testing/fixtures.ts';
import { vendors } from '../../src/testing/vendors.ts';
import { dockerConfig, exampleLines, runExample } from '../support/examples.ts';
import { startVendorWorld, type VendorWorld } from '../support/vendor-world.ts';

/** What a program says of a call that this registry does not offer. */
const refused = /: not here \((?:UNSUPPORTED|DENIED|UNAUTHORIZED)\)$/;
/** The calls of docker_registry2's README that read: every registry answers these. */
const reading = ['tags', 'manifest', 'blob to a file', 'blob in memory', 'config', 'digest', 'blob_size', 'pull'];

/** Refuse a ping without a word about how to ask: a program that only pings is told so. */
const silent = new Set(['quay']);
/** Below a path, which a program has no setting for. */
const belowPath = new Set(['artifactory-path']);

for (const { name } of vendors.filter((vendor) => !belowPath.has(vendor.name))) {
  describe(`the examples at a registry like ${name}`, () => {
    let world: VendorWorld;
    let directory: string;
    let env: Readonly<Record<string, string>>;
    before(async () => {
      world = await startVendorWorld(name);
      // Some registries make no repository by themselves.
      for (const more of ['pushed', 'other'])
        await putBuilt(world.vendor.registry.repository(`team/app-${more}`), world.image);
      directory = await mkdtemp(join(tmpdir(), 'lading-vendor-'));
      const { host, credential } = world.vendor;
      env = credential === undefined ? {} : await dockerConfig(directory, { [host]: credential });
    });
    after(async () => {
      await world.vendor.close();
      await rm(directory, { recursive: true });
    });
    const run = (example: string, ...args: readonly string[]): Promise<readonly string[]> =>
      exampleLines(example, args, env);

    test('read', async () => {
      const repository = `${world.vendor.host}/team/app`;
      const { image, index, vendor } = world;
      const { stdout, code } = await runExample('ping', [vendor.host], env);
      const told = silent.has(name) ? 'UNAUTHORIZED: ' : `${vendor.host} is a registry at http://${vendor.host}\n`;
      assert.ok(stdout.startsWith(told), stdout);
      assert.equal(code, silent.has(name) ? 1 : 0);
      const tags = await run('list-tags', repository);
      const expected = [
        `multi  ${index.descriptor.digest}`,
        ...['v1', 'v2'].map((tag) => `${tag}  ${image.descriptor.digest}`),
      ];
      assert.deepEqual([...tags].sort(), expected);
      assert.equal(
        (await run('manifest', `${repository}:v1`)).join('\n'),
        new TextDecoder().decode(image.manifest.bytes),
      );
      const [layer] = image.manifest.links.slice(1);
      const [size] = await run('blob', `${repository}@${layer?.descriptor.digest ?? ''}`, join(directory, 'blob'));
      assert.match(size ?? '', new RegExp(`^${layer?.descriptor.size} bytes`));
      const platforms = (await run('registry-client', `${repository}:multi`)).filter((line) =>
        line.startsWith('Platform'),
      );
      assert.deepEqual(platforms, ['Platform OS linux Architecture amd64', 'Platform OS linux Architecture arm64']);
    });

    test("make every call of docker_registry2's README, or say which is not offered", async () => {
      const { host } = world.vendor;
      const lines = await run('docker-registry2', `${host}/team/app:v1`, host);
      for (const call of reading) {
        const line = lines.find((one) => one.startsWith(`${call}: `)) ?? '';
        assert.doesNotMatch(line, refused);
        assert.notEqual(line, '', call);
      }
      assert.ok(lines.includes(`the tag beside it: ${world.image.descriptor.digest}`), lines.join('\n'));
    });
  });
}

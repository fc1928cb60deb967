/** What another implementation makes of this registry: skopeo copies into it and out of it, over plain http. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readFile } from 'node:fs/promises';
import { digestOf } from '../../src/bytes/hash.ts';
import { directoryRegistry } from '../../src/node/directory/directory-registry.ts';
import { serve, type Served } from '../../src/node/serve/serve.ts';
import { basicAccess } from '../../src/server/basic-access.ts';
import { createMemoryRegistry } from '../../src/store/memory.ts';
import type { IngestRegistry } from '../../src/store/types.ts';
import { buildImage, putImage, putIndex, seededBytes } from '../../src/testing/fixtures.ts';
import { needs } from '../support/real/find-tool.ts';
import { run, runText } from '../support/real/run.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/real/temporary.ts';

const folder: TemporaryDirectory = await temporaryDirectory('skopeo');
after(folder.remove);

const copy = (...args: readonly string[]): Promise<Uint8Array> =>
  run('skopeo', [
    '--insecure-policy',
    '--tmpdir',
    folder.path,
    'copy',
    '--src-tls-verify=false',
    '--dest-tls-verify=false',
    ...args,
  ]);

const registries: Readonly<Record<string, () => IngestRegistry>> = {
  memory: createMemoryRegistry,
  directory: () => directoryRegistry(join(folder.path, 'registry')),
};

for (const [name, create] of Object.entries(registries)) {
  describe(`skopeo and a registry in ${name === 'memory' ? 'memory' : 'a directory'}`, needs('skopeo'), () => {
    let registry: IngestRegistry;
    let served: Served;
    let at: string;

    before(async () => {
      registry = create();
      served = await serve({ registry }, { graceMs: 0 });
      at = `docker://${served.host}`;
      const layers = [seededBytes(3_000_000, 'one'), seededBytes(1000, 'two')];
      await putImage(registry.repository('given/image'), { layers, tags: ['v1'] });
      const manifests = await Promise.all(
        ['amd64', 'arm64'].map((architecture) =>
          buildImage({ layers: [seededBytes(5000, architecture)], platform: { os: 'linux', architecture } }),
        ),
      );
      await putIndex(registry.repository('given/index'), { manifests, tags: ['v1'] });
    });

    after(() => served.close());

    const digestAt = async (repository: string, tag: string): Promise<string | undefined> =>
      (await registry.repository(repository).resolve(tag))?.digest;

    it('agree on an image that goes out to a layout and comes back', async () => {
      const layout = `oci:${join(folder.path, `${name}-image`)}:v1`;
      await copy('--preserve-digests', `${at}/given/image:v1`, layout);
      await copy('--preserve-digests', layout, `${at}/pushed/image:v1`);
      assert.equal(await digestAt('pushed/image', 'v1'), await digestAt('given/image', 'v1'));
    });

    it('agree on an index with all its platforms, out to a directory of files and back', async () => {
      const files = `dir:${join(folder.path, `${name}-index`)}`;
      await copy('--all', '--preserve-digests', `${at}/given/index:v1`, files);
      await copy('--all', '--preserve-digests', files, `${at}/pushed/index:v1`);
      assert.equal(await digestAt('pushed/index', 'v1'), await digestAt('given/index', 'v1'));
      const bytes = await readFile(join(folder.path, `${name}-index`, 'manifest.json'));
      assert.equal(digestOf(bytes), await digestAt('given/index', 'v1'));
    });

    it('agree on a copy between two repositories, mounts and all', async () => {
      await copy('--all', '--preserve-digests', `${at}/given/index:v1`, `${at}/mounted/index:v1`);
      assert.equal(await digestAt('mounted/index', 'v1'), await digestAt('given/index', 'v1'));
    });

    it('agree on docker manifests', async () => {
      await copy('--format', 'v2s2', `${at}/given/image:v1`, `${at}/docker/image:v1`);
      const descriptor = await registry.repository('docker/image').resolve('v1');
      assert.equal(descriptor?.mediaType, 'application/vnd.docker.distribution.manifest.v2+json');
    });

    it('agree on tags and digests', async () => {
      const listed = JSON.parse(await runText('skopeo', ['list-tags', '--tls-verify=false', `${at}/given/image`]));
      assert.deepEqual(listed.Tags, ['v1']);
      const inspect = ['inspect', '--tls-verify=false', '--format', '{{.Digest}}', `${at}/given/image:v1`];
      assert.equal((await runText('skopeo', inspect)).trim(), await digestAt('given/image', 'v1'));
    });

    it('agree on a deletion', async () => {
      await copy(`${at}/given/image:v1`, `${at}/doomed/image:v1`);
      await run('skopeo', ['delete', '--tls-verify=false', `${at}/doomed/image:v1`]);
      assert.equal(await digestAt('doomed/image', 'v1'), undefined);
    });
  });
}

describe('skopeo and a registry with passwords', needs('skopeo'), () => {
  it('agree on who may', async () => {
    const registry = createMemoryRegistry();
    await putImage(registry.repository('secret'), { layers: [seededBytes(1000, 'x')], tags: ['v1'] });
    const access = basicAccess({ check: (username, password) => username === 'ann' && password === 'pass:word' });
    const served = await serve({ registry, access }, { graceMs: 0 });
    try {
      const from = `docker://${served.host}/secret:v1`;
      const to = `dir:${join(folder.path, 'secret')}`;
      await assert.rejects(copy(from, to), /unauthorized|authentication required/i);
      await assert.rejects(
        copy('--src-creds', 'ann:wrong', from, to),
        /unauthorized|authentication required|invalid username/i,
      );
      await copy('--src-creds', 'ann:pass:word', from, to);
    } finally {
      await served.close();
    }
  });
});

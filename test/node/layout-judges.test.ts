/** skopeo and umoci read what is written here, and write what is read here. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { copy } from '../../src/graph/copy.ts';
import { validate } from '../../src/graph/validate.ts';
import { directoryStore } from '../../src/node/directory/directory.ts';
import { createTarLayout, openTarLayout } from '../../src/node/tar/tar-file.ts';
import type { Descriptor } from '../../src/model/descriptor.ts';
import type { Target } from '../../src/store/types.ts';
import { buildImage, putArtifact, putIndex } from '../../src/testing/fixtures.ts';
import { all } from '../../src/testing/samples.ts';
import { filesBelow, scratch } from '../support/layouts.ts';
import { needs } from '../support/real/find-tool.ts';
import { skopeoCopy } from '../support/real/skopeo.ts';
import { umociTags, umociUnpack } from '../support/real/umoci.ts';

/** An index of two platforms with something attached to it, and one of the platforms under a tag of its own. */
async function fill(target: Target): Promise<Descriptor> {
  const images = await Promise.all(
    ['amd64', 'arm64'].map((architecture) =>
      buildImage({
        platform: { os: 'linux', architecture },
        layers: [{ files: { 'etc/': '', 'etc/motd': `hello ${architecture}` } }, { files: { 'etc/issue': 'issue' } }],
      }),
    ),
  );
  const index = await putIndex(target, { manifests: images, tags: ['multi'] });
  await putArtifact(target, { artifactType: 'application/x-sbom', subject: index.descriptor });
  const [amd64] = images;
  if (amd64 !== undefined) await target.putManifest(amd64.manifest, { tags: ['amd64'] });
  return index.manifest.descriptor;
}

describe('skopeo', needs('skopeo'), () => {
  for (const format of ['oci', 'oci-archive'] as const) {
    test(`CAP-J1: copies whole indexes out of ${format} and into it, digests unchanged`, async (t) => {
      const directory = await scratch(t);
      const ours = join(directory, 'ours');
      const theirs = join(directory, 'theirs');
      let index: Descriptor;
      if (format === 'oci') {
        index = await fill(directoryStore(ours));
      } else {
        const archive = await createTarLayout(ours);
        index = await fill(archive.target);
        await archive.commit();
      }
      await skopeoCopy(`${format}:${ours}:multi`, `${format}:${theirs}:named`);
      const opened =
        format === 'oci' ? { store: directoryStore(theirs), close: async () => {} } : await openTarLayout(theirs);
      assert.deepEqual(await all(opened.store.tags()), ['named']);
      assert.deepEqual(await opened.store.resolve('named'), index);
      const back = directoryStore(join(directory, 'back'));
      await copy(opened.store, 'named', back, { tags: ['again'] });
      await opened.close();
      await skopeoCopy(`oci:${directory}/back:again`, `oci:${directory}/last:x`);
      assert.equal((await directoryStore(join(directory, 'last')).resolve('x'))?.digest, index.digest);
    });
  }

  test('finds the only image of a layout without being told its name', async (t) => {
    const directory = await scratch(t);
    const from = directoryStore(join(directory, 'from'));
    await fill(from);
    await copy(from, 'multi', directoryStore(join(directory, 'to')));
    await skopeoCopy(`oci:${directory}/to`, `oci:${directory}/last:x`);
    assert.ok(await directoryStore(join(directory, 'last')).resolve('x'));
  });

  test('writes into a layout of ours and leaves what was there', async (t) => {
    const directory = await scratch(t);
    const store = directoryStore(join(directory, 'ours'));
    const index = await fill(store);
    await skopeoCopy(`oci:${directory}/ours:amd64`, `oci:${directory}/ours:third`);
    assert.deepEqual(await all(store.tags()), ['amd64', 'multi', 'third']);
    assert.equal((await all(store.referrers(index))).length, 1);
  });
});

describe('umoci', needs('umoci'), () => {
  test('lists and unpacks what is written here', async (t) => {
    const directory = await scratch(t);
    const layout = join(directory, 'layout');
    await fill(directoryStore(layout));
    assert.deepEqual((await umociTags(layout)).sort(), ['amd64', 'multi']);
    await umociUnpack(`${layout}:amd64`, join(directory, 'bundle'));
    assert.equal(await readFile(join(directory, 'bundle/rootfs/etc/motd'), 'utf8'), 'hello amd64');
  });

  test('collects the garbage of a layout of ours, and leaves the rest', async (t) => {
    const layout = join(await scratch(t), 'layout');
    const store = directoryStore(layout);
    await fill(store);
    const before = await filesBelow(layout);
    execFileSync('umoci', ['gc', '--layout', layout]);
    assert.deepEqual(await filesBelow(layout), before);
    assert.deepEqual((await validate(store, 'multi')).problems, []);
  });
});

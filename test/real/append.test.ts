/** A layer appended to real images, which skopeo put into a real registry: skopeo and umoci judge what comes of it. */
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ImageIndex, ImageManifest } from '../../src/model/manifest.ts';
import { cli } from '../support/cli.ts';
import { type DockerRegistry, startDockerRegistry } from '../support/real/docker-registry.ts';
import { needs, toolPath } from '../support/real/find-tool.ts';
import { imageTools, realImages } from '../support/real/images.ts';
import { runText } from '../support/real/run.ts';
import { skopeoCopy, skopeoInspectRaw } from '../support/real/skopeo.ts';
import { tarDirectory } from '../support/real/tar-files.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/real/temporary.ts';
import { umociUnpack } from '../support/real/umoci.ts';

const families = { oci: {}, docker: { format: 'v2s2' } } as const;
type Family = keyof typeof families;

/** What skopeo tells of an image, as far as it is looked at. */
interface Inspection {
  readonly Digest: string;
  readonly Layers: readonly string[];
}

interface Config {
  readonly rootfs: { readonly diff_ids: readonly string[] };
  readonly history: readonly { readonly created_by?: string }[];
}

describe('a layer appended to real images', needs('docker-registry', 'skopeo', ...imageTools), () => {
  let registry: DockerRegistry;
  let work: TemporaryDirectory;
  let tar: string;
  before(async () => {
    const { layout } = await realImages();
    work = await temporaryDirectory('append');
    tar = await packMydata(work.path);
    registry = await startDockerRegistry();
    for (const family of ['oci', 'docker'] as const) {
      for (const tag of ['busybox', 'platforms']) {
        const to = { registry, reference: `base/${family}:${tag}` };
        await skopeoCopy(`oci:${layout}:${tag}`, to, families[family]);
      }
    }
  });
  after(async () => {
    await registry?.stop();
    await work?.remove();
  });

  /** Appends by the command. @returns the digest that it tells */
  const append = async (from: string, to: string, ...flags: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await cli([
      'append',
      `${registry.host}/${from}`,
      tar,
      '--tag',
      `${registry.host}/${to}`,
      ...flags,
    ]);
    assert.equal(code, 0, stderr);
    return stdout.trimEnd().split('@')[1] ?? '';
  };
  const inspect = async <T>(reference: string, ...flags: readonly string[]): Promise<T> => {
    const name = `docker://${registry.host}/${reference}`;
    return JSON.parse(await runText('skopeo', ['inspect', '--tls-verify=false', ...flags, name])) as T;
  };
  const raw = async <T>(reference: string): Promise<T> => {
    return JSON.parse(new TextDecoder().decode(await skopeoInspectRaw(registry, reference))) as T;
  };
  /** Its files, once skopeo has fetched it, as OCI, and umoci has checked and unpacked it. */
  const rootfsOf = async (reference: string, family: Family): Promise<string> => {
    const layout = join(work.path, reference.replaceAll(/\W/g, '-'));
    const convert = family === 'docker' ? ({ format: 'oci' } as const) : {};
    await skopeoCopy({ registry, reference }, `oci:${layout}:1`, convert);
    await umociUnpack(`${layout}:1`, `${layout}-unpacked`);
    return join(`${layout}-unpacked`, 'rootfs');
  };

  for (const family of ['oci', 'docker'] as const) {
    test(`CAP-G5 RUBY-63 F10: is there when the image is pulled (${family})`, async () => {
      const [base, own] = [`base/${family}:busybox`, `appended/${family}:busybox`];
      const digest = await append(base, own);
      const [before, after] = [await inspect<Inspection>(base), await inspect<Inspection>(own)];
      assert.equal(after.Digest, digest);
      assert.deepEqual(after.Layers.slice(0, -1), before.Layers);
      const [was, is] = [await inspect<Config>(base, '--config'), await inspect<Config>(own, '--config')];
      assert.equal(is.rootfs.diff_ids.length, was.rootfs.diff_ids.length + 1);
      assert.equal(is.history.length, was.history.length + 1);
      assert.equal(is.history.at(-1)?.created_by, 'lading append');
      const { layers } = await raw<ImageManifest>(own);
      assert.equal(layers.at(-1)?.mediaType, layers[0]?.mediaType);
      const rootfs = await rootfsOf(own, family);
      assert.equal(await readFile(join(rootfs, 'mydata/hello'), 'utf8'), 'hello\n');
      assert.ok((await readFile(join(rootfs, 'bin/busybox'))).equals(await readFile(toolPath('busybox'))));
    });

    test(`WRITE-7: is on every platform, or on one (${family})`, async () => {
      const base = await raw<ImageIndex>(`base/${family}:platforms`);
      const all = `appended/${family}:platforms`;
      await append(`base/${family}:platforms`, all);
      const { mediaType, manifests } = await raw<ImageIndex>(all);
      assert.equal(mediaType, base.mediaType);
      assert.deepEqual(
        manifests.map(({ platform }) => platform),
        base.manifests.map(({ platform }) => platform),
      );
      for (const { digest } of manifests) {
        const { layers } = await raw<ImageManifest>(`appended/${family}@${digest}`);
        assert.equal(layers.length, 2);
      }
      const one = `appended/${family}:one`;
      await append(`base/${family}:platforms`, one, '--platform', 'linux/arm64');
      const changed = (await raw<ImageIndex>(one)).manifests;
      const expected = base.manifests.map((entry, at) =>
        entry.platform?.architecture === 'arm64' ? manifests[at] : entry,
      );
      assert.deepEqual(changed, expected);
    });
  }
});

/** An archive, by tar(1), with a folder `mydata`. */
async function packMydata(work: string): Promise<string> {
  const folder = join(work, 'folder');
  await mkdir(join(folder, 'mydata'), { recursive: true });
  await writeFile(join(folder, 'mydata/hello'), 'hello\n');
  await tarDirectory(folder, join(work, 'mydata.tar'));
  return join(work, 'mydata.tar');
}

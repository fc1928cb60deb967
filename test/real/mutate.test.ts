/** Real images, which skopeo put into a real registry, changed and listed anew: skopeo and umoci judge what comes of it. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ImageIndex, ImageManifest } from '../../src/model/manifest.ts';
import * as types from '../../src/model/media-types.ts';
import { cli } from '../support/cli.ts';
import { type DockerRegistry, startDockerRegistry } from '../support/real/docker-registry.ts';
import { needs } from '../support/real/find-tool.ts';
import { imageTools, realImages } from '../support/real/images.ts';
import { runText } from '../support/real/run.ts';
import { skopeoCopy, type SkopeoCopyOptions, skopeoInspectRaw } from '../support/real/skopeo.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/real/temporary.ts';
import { umociUnpack } from '../support/real/umoci.ts';

const families = { oci: {}, docker: { format: 'v2s2' } } as const;

/** What skopeo tells of a config. */
interface Config {
  readonly created?: string;
  readonly author?: string;
  readonly architecture: string;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly rootfs: { readonly diff_ids: readonly string[] };
  readonly history?: readonly unknown[];
}

describe('real images', needs('docker-registry', 'skopeo', ...imageTools), () => {
  let registry: DockerRegistry;
  let second: DockerRegistry;
  let work: TemporaryDirectory;
  before(async () => {
    const { layout } = await realImages();
    work = await temporaryDirectory('mutate');
    [registry, second] = [await startDockerRegistry(), await startDockerRegistry()];
    for (const family of ['oci', 'docker'] as const) {
      for (const tag of ['busybox', 'platforms']) {
        const to = { registry, reference: `base/${family}:${tag}` };
        await skopeoCopy(`oci:${layout}:${tag}`, to, families[family]);
      }
    }
    for (const name of ['amd64', 'arm64', 's390x']) {
      await skopeoCopy(`oci:${layout}:platforms-${name}`, { registry: second, reference: `builds/${name}:1` });
    }
  });
  after(async () => {
    await registry?.stop();
    await second?.stop();
    await work?.remove();
  });

  /** Runs a command. @returns the digest that it tells */
  const lading = async (...words: readonly string[]): Promise<string> => {
    const named = words.map((word) => word.replaceAll('REGISTRY', registry.host).replaceAll('SECOND', second.host));
    const { code, stdout, stderr } = await cli(named, { cwd: work.path });
    assert.equal(code, 0, stderr);
    return stdout.trimEnd().split('@')[1] ?? '';
  };
  const inspect = async (reference: string, ...flags: readonly string[]): Promise<Config> => {
    const name = `docker://${registry.host}/${reference}`;
    return JSON.parse(await runText('skopeo', ['inspect', '--tls-verify=false', '--config', ...flags, name])) as Config;
  };
  const raw = async <T>(reference: string): Promise<T> =>
    JSON.parse(new TextDecoder().decode(await skopeoInspectRaw(registry, reference))) as T;
  /** skopeo fetches all of it, and checks every digest on its way. */
  const fetch = async (reference: string, options: SkopeoCopyOptions = {}): Promise<void> => {
    const layout = join(work.path, reference.replaceAll(/\W/g, '-'));
    await skopeoCopy({ registry, reference }, `oci:${layout}:1`, options);
  };

  for (const family of ['oci', 'docker'] as const) {
    test(`CAP-G1 CAP-G2: skopeo reads the settings that were set and removed (${family})`, async () => {
      const was = await inspect(`base/${family}:busybox`);
      assert.deepEqual(was.config, { Env: ['PATH=/bin'], Cmd: ['/bin/sh'] });
      const target = `REGISTRY/changed/${family}:1`;
      const lists = ['-e', 'MODE=live', '-l', 'team=web', '--expose', '80', '--volume', '/data'];
      const single = ['-u', '1000:1000', '-w', '/srv', '--stop-signal', 'SIGINT', '--author', 'Zoë'];
      const words = ['--entrypoint', '/bin/busybox', '--entrypoint', 'sh', '--created', '2024-05-06T07:08:09Z'];
      await lading('mutate', `REGISTRY/base/${family}:busybox`, '-t', target, ...lists, ...single, ...words);
      const is = await inspect(`changed/${family}:1`);
      assert.deepEqual(is.config, {
        User: '1000:1000',
        ExposedPorts: { '80/tcp': {} },
        Env: ['PATH=/bin', 'MODE=live'],
        Entrypoint: ['/bin/busybox', 'sh'],
        Volumes: { '/data': {} },
        WorkingDir: '/srv',
        Labels: { team: 'web' },
        StopSignal: 'SIGINT',
      });
      assert.deepEqual([is.author, is.created], ['Zoë', '2024-05-06T07:08:09Z']);
      assert.deepEqual([is.rootfs, is.history], [was.rootfs, was.history]);
      const all = ['--rm-env', '*', '--rm-label', '*', '--rm-expose', '*', '--rm-volume', '*', '--entrypoint', ''];
      const none = ['-u', '', '-w', '', '--stop-signal', '', '--author', ''];
      await lading('mutate', target, '-t', target, ...all, ...none);
      const bare = await inspect(`changed/${family}:1`);
      assert.deepEqual(bare.config, {});
      assert.equal(bare.author, undefined);
    });

    test(`CAP-G4: every platform is changed, and the list stays of its kind (${family})`, async () => {
      const base = await raw<ImageIndex>(`base/${family}:platforms`);
      await lading('mutate', `REGISTRY/base/${family}:platforms`, '-e', 'A=b', '-t', `REGISTRY/changed/${family}:all`);
      const { mediaType, manifests } = await raw<ImageIndex>(`changed/${family}:all`);
      assert.equal(mediaType, base.mediaType);
      for (const [at, { digest, platform }] of manifests.entries()) {
        assert.deepEqual(platform, base.manifests[at]?.platform);
        assert.notEqual(digest, base.manifests[at]?.digest);
        const { config, architecture } = await inspect(`changed/${family}@${digest}`);
        assert.deepEqual(config?.Env, ['PATH=/bin', 'A=b']);
        assert.equal(architecture, platform?.architecture);
      }
    });
  }

  test('CAP-G3: annotations of images and of their index are where skopeo looks for them', async () => {
    const flags = ['-a', 'a=b', '--platform', 'linux/arm64', '--index-annotation', 'c=d'];
    await lading('mutate', 'REGISTRY/base/oci:platforms', '-t', 'REGISTRY/changed/oci:noted', ...flags);
    const { annotations, manifests } = await raw<ImageIndex>('changed/oci:noted');
    assert.deepEqual(annotations, { c: 'd' });
    for (const { digest, platform } of manifests) {
      const image = await raw<ImageManifest>(`changed/oci@${digest}`);
      assert.deepEqual(image.annotations, platform?.architecture === 'arm64' ? { a: 'b' } : undefined);
    }
  });

  test('CAP-G14: an image of nothing is one that skopeo takes', async () => {
    await lading('mutate', 'scratch', '--entrypoint', '/app', '-t', 'REGISTRY/changed/scratch:1');
    assert.deepEqual((await inspect('changed/scratch:1')).config, { Entrypoint: ['/app'] });
    await fetch('changed/scratch:1');
  });

  test('CAP-H1 CAP-H2 CAP-H3 CAP-F5: skopeo fetches indexes of images of two registries, changed and filtered', async () => {
    const builds = ['amd64', 'arm64'].map((name) => `SECOND/builds/${name}:1`);
    const digest = await lading('index', 'create', 'REGISTRY/made:1', ...builds, '-a', 'a=b');
    const made = await raw<ImageIndex>('made:1');
    assert.equal(made.mediaType, types.OCI_INDEX);
    assert.deepEqual(made.annotations, { a: 'b' });
    const architectures = ({ manifests }: ImageIndex): unknown[] => manifests.map(({ platform }) => platform);
    const on = (architecture: string): object => ({ architecture, os: 'linux' });
    assert.deepEqual(architectures(made), [on('amd64'), on('arm64')]);
    await lading('index', 'add', 'REGISTRY/made:1', 'SECOND/builds/s390x:1', '-t', 'REGISTRY/made:2');
    assert.deepEqual(architectures(await raw('made:2')), [on('amd64'), on('arm64'), on('s390x')]);
    const removed = await lading(
      'index',
      'remove',
      'REGISTRY/made:2',
      '--platform',
      'linux/s390x',
      '-t',
      'REGISTRY/made:3',
    );
    assert.equal(removed, digest);
    const kept = ['--platform', 'linux/arm64', '--platform', 'linux/s390x'];
    await lading('index', 'filter', 'REGISTRY/made:2', ...kept, '-t', 'REGISTRY/made:4');
    assert.deepEqual(architectures(await raw('made:4')), [on('arm64'), on('s390x')]);
    for (const tag of ['1', '2', '4']) await fetch(`made:${tag}`);
    const arm = await inspect('made:4', '--override-arch', 'arm64');
    assert.equal(arm.architecture, 'arm64');
  });

  test('CAP-H1: a list of docker’s images is one that skopeo knows', async () => {
    const platforms = ['--platform', 'linux/amd64,linux/arm64'];
    await lading(
      'index',
      'create',
      'REGISTRY/list:1',
      'REGISTRY/base/docker:platforms',
      ...platforms,
      '--format',
      'docker',
    );
    const { mediaType, manifests } = await raw<ImageIndex>('list:1');
    assert.equal(mediaType, types.DOCKER_LIST);
    assert.equal(manifests.length, 2);
    await fetch('list:1', { format: 'oci' });
  });

  test('CAP-H1 CAP-H4: skopeo reads an index in a layout of ours, and umoci unpacks an image of it', async () => {
    const digest = await lading(
      'index',
      'create',
      'oci:layout:1',
      'REGISTRY/base/oci:busybox',
      'SECOND/builds/arm64:1',
    );
    const layout = join(work.path, 'layout');
    const index = JSON.parse(await runText('skopeo', ['inspect', '--raw', `oci:${layout}:1`])) as ImageIndex;
    const { stdout } = await cli(['index', 'list', '--json', 'oci:layout:1'], { cwd: work.path });
    const listed = JSON.parse(stdout) as { readonly digest: string; readonly manifests: readonly { digest: string }[] };
    assert.equal(listed.digest, digest);
    assert.deepEqual(
      listed.manifests.map((entry) => entry.digest),
      index.manifests.map((entry) => entry.digest),
    );
    const one = join(work.path, 'one');
    const amd64 = ['--insecure-policy', '--override-os', 'linux', '--override-arch', 'amd64'];
    await runText('skopeo', [...amd64, 'copy', `oci:${layout}:1`, `oci:${one}:1`]);
    await umociUnpack(`${one}:1`, `${one}-unpacked`);
    assert.ok(existsSync(join(`${one}-unpacked`, 'rootfs/bin/busybox')));
  });
});

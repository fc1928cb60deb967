/**
 * Archives to and from skopeo, whose reading and writing of them is podman's: what one writes the other reads, of both kinds,
 * both families of media types, one image and several. umoci unpacks what came of it, and checks every digest and diff id.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type CliOptions, type CliResult, cli } from '../support/cli.ts';
import { type DockerRegistry, startDockerRegistry } from '../support/real/docker-registry.ts';
import { needs, toolPath } from '../support/real/find-tool.ts';
import { imageTools, realImages } from '../support/real/images.ts';
import { untar } from '../support/real/packed-tree.ts';
import { run, runText } from '../support/real/run.ts';
import { skopeoCopy, skopeoInspectRaw } from '../support/real/skopeo.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/real/temporary.ts';
import { umociMakeImage, umociNewLayout, umociTags, umociUnpack } from '../support/real/umoci.ts';

const families = { oci: {}, docker: { format: 'v2s2' } } as const;
type Family = keyof typeof families;

/** What an image is, wherever it is kept. */
interface Identity {
  readonly config: string;
  readonly diffIds: readonly string[];
}

interface Manifest {
  readonly config: { readonly digest: string };
  readonly layers: readonly { readonly digest: string }[];
}

describe('archives', needs('docker-registry', 'skopeo', ...imageTools), () => {
  let registry: DockerRegistry;
  let work: TemporaryDirectory;
  before(async () => {
    const { layout } = await realImages();
    work = await temporaryDirectory('archives');
    registry = await startDockerRegistry();
    for (const family of ['oci', 'docker'] as const) {
      for (const tag of ['busybox', 'platforms', ...(family === 'oci' ? ['files'] : [])]) {
        const to = { registry, reference: `base/${family}:${tag}` };
        await skopeoCopy(`oci:${layout}:${tag}`, to, families[family]);
      }
    }
  });
  after(async () => {
    await registry?.stop();
    await work?.remove();
  });

  const lading = async (line: string, options: CliOptions = {}): Promise<CliResult> => {
    const words = line.split(' ').map((word) => word.replaceAll('REGISTRY', registry.host));
    const result = await cli(words, { cwd: work.path, ...options });
    assert.equal(result.code, 0, `${line}: ${result.stderr}`);
    return result;
  };
  const file = (name: string): string => join(work.path, name);
  /** As skopeo sees it. */
  const seen = async (image: string, ...flags: readonly string[]): Promise<Identity> => {
    const tls = image.startsWith('docker:') ? ['--tls-verify=false'] : [];
    return identity(await run('skopeo', [...flags, 'inspect', '--config', '--raw', ...tls, image]));
  };
  const base = (family: Family, tag: string, ...flags: readonly string[]): Promise<Identity> =>
    seen(`docker://${registry.host}/base/${family}:${tag}`, ...flags);
  /** As we see it, once all of it has been read and proved. */
  const ours = async (image: string, options?: CliOptions): Promise<Identity> => {
    await lading(`validate ${image}`, options);
    const { stdoutBytes } = await lading(`config ${image}`, options);
    const manifest = JSON.parse((await lading(`manifest ${image}`, options)).stdout) as Manifest;
    const found = identity(stdoutBytes);
    assert.equal(manifest.config.digest, found.config);
    assert.equal(manifest.layers.length, found.diffIds.length);
    return found;
  };
  /** Everything in it is read, by tools that are not ours. */
  const unpacked = async (archive: string, reference: string): Promise<void> => {
    const layout = file(`unpacked-${archive}-${reference.replaceAll(/\W/g, '-')}`);
    await skopeoCopy(`docker-archive:${file(archive)}:${reference}`, `oci:${layout}:1`, { format: 'oci' });
    await umociUnpack(`${layout}:1`, `${layout}-bundle`);
  };

  for (const family of ['oci', 'docker'] as const) {
    test(`CAP-J3: skopeo reads the docker archive that we write of an image (${family})`, async () => {
      const archive = `${family}.tar`;
      await lading(`pull REGISTRY/base/${family}:busybox docker-archive:${archive}:app:1`);
      assert.deepEqual(await seen(`docker-archive:${file(archive)}:app:1`), await base(family, 'busybox'));
      await unpacked(archive, 'app:1');
    });

    test(`CAP-J3: we read the docker archive that skopeo writes (${family})`, async () => {
      const archive = `docker-archive:${file(`skopeo-${family}.tar`)}`;
      await skopeoCopy({ registry, reference: `base/${family}:busybox` }, `${archive}:app:1`, { format: 'v2s2' });
      const expected = await base(family, 'busybox');
      assert.deepEqual(await ours(archive), expected);
      await lading(`copy ${archive}:app:1 REGISTRY/back/${family}:1`);
      assert.deepEqual(await seen(`docker://${registry.host}/back/${family}:1`), expected);
    });

    test(`CAP-J5: skopeo reads every image of a docker archive of several (${family})`, async () => {
      const [first, second] = [`several-${family}.tar`, `several-${family}-again.tar`];
      await lading(`copy --platform linux/arm64 REGISTRY/base/${family}:platforms oci:both-${family}:arm`);
      await lading(`copy REGISTRY/base/${family}:busybox oci:both-${family}:busybox`);
      await lading(`copy --all-tags oci:both-${family} docker-archive:${first}:ghcr.io/o/app`);
      await lading(`copy --all-tags docker-archive:${first} docker-archive:${second}`);
      for (const name of [first, second]) {
        const archive = `docker-archive:${file(name)}`;
        const tags = JSON.parse(await runText('skopeo', ['list-tags', archive])) as { Tags: string[] };
        assert.deepEqual(tags.Tags, ['ghcr.io/o/app:arm', 'ghcr.io/o/app:busybox']);
        assert.deepEqual(await seen(`${archive}:ghcr.io/o/app:busybox`), await base(family, 'busybox'));
        assert.deepEqual(await seen(`${archive}:@0`), await base(family, 'platforms', '--override-arch', 'arm64'));
        for (const tag of tags.Tags) await unpacked(name, tag);
      }
    });
  }

  test('CAP-J3: an image of several large layers is the same in the archives of both', async () => {
    const [own, theirs] = ['files.tar', 'skopeo-files.tar'].map((name) => `docker-archive:${file(name)}`);
    await lading(`copy REGISTRY/base/oci:files ${own}:app:1`);
    const expected = await base('oci', 'files');
    assert.equal(expected.diffIds.length, 3);
    assert.deepEqual(await seen(`${own}:app:1`), expected);
    await skopeoCopy(`${own}:app:1`, `${theirs}:app:1`, { format: 'v2s2' });
    assert.deepEqual(await ours(`${theirs}`), expected);
  });

  const raw = (reference: string): Promise<Uint8Array> => skopeoInspectRaw(registry, reference);
  const digestOf = async (reference: string): Promise<string> => digest(await raw(reference));
  const isBase = async (reference: string, tag: string): Promise<void> =>
    assert.ok(Buffer.from(await raw(reference)).equals(await raw(`base/oci:${tag}`)));

  for (const [row, kind] of [
    ['CAP-J1', 'oci'],
    ['CAP-J2 CAP-J5', 'oci-archive'],
  ] as const) {
    test(`${row}: ${kind}: has the same bytes on both sides, indexes and several images`, async () => {
      const place = kind === 'oci' ? 'layout' : 'layout.tar';
      await lading(`copy --all-tags --filter {busybox,platforms} REGISTRY/base/oci ${kind}:${place}`);
      for (const tag of ['busybox', 'platforms']) {
        await skopeoCopy(`${kind}:${file(place)}:${tag}`, { registry, reference: `theirs/${kind}:${tag}` });
        await isBase(`theirs/${kind}:${tag}`, tag);
        const written = `${kind}:${file(`skopeo-${tag}-${place}`)}`;
        await skopeoCopy({ registry, reference: `base/oci:${tag}` }, `${written}:${tag}`);
        await lading(`validate ${written}:${tag}`);
        await lading(`copy ${written} REGISTRY/ours/${kind}:${tag}`);
        await isBase(`ours/${kind}:${tag}`, tag);
      }
    });
  }

  test('CAP-J6: what skopeo writes to a pipe is read from stdin, and skopeo reads what we write to stdout', async () => {
    const copying = `${toolPath('skopeo')} --insecure-policy copy --quiet --src-tls-verify=false`;
    const line = `${copying} docker://${registry.host}/base/docker:busybox docker-archive:/dev/stdout:app:1 | cat`;
    const stdin = await run('busybox', ['sh', '-c', line]);
    const expected = await base('docker', 'busybox');
    assert.deepEqual(await ours('docker-archive:-:app:1', { stdin }), expected);
    const { stdoutBytes } = await lading('copy docker-archive:- docker-archive:-:app:2', { stdin });
    await writeFile(file('stdout.tar'), stdoutBytes);
    assert.deepEqual(await seen(`docker-archive:${file('stdout.tar')}:app:2`), expected);
    const oci = await lading('copy REGISTRY/base/oci:busybox oci-archive:-:2');
    await writeFile(file('stdout-oci.tar'), oci.stdoutBytes);
    assert.deepEqual(await seen(`oci-archive:${file('stdout-oci.tar')}:2`), await base('oci', 'busybox'));
  });

  test('CAP-J3 CAP-J5 CAP-J6: skopeo reads every name of an image that we write to stdout', async () => {
    const { stdoutBytes } = await lading('copy REGISTRY/base/docker:busybox docker-archive:-:ghcr.io/o/app:1,2,latest');
    await writeFile(file('names.tar'), stdoutBytes);
    const archive = `docker-archive:${file('names.tar')}`;
    const names = ['ghcr.io/o/app:1', 'ghcr.io/o/app:2', 'ghcr.io/o/app:latest'];
    const { Tags } = JSON.parse(await runText('skopeo', ['list-tags', archive])) as { Tags: string[] };
    assert.deepEqual(Tags.sort(), names);
    const expected = await base('docker', 'busybox');
    for (const name of [...names, '@0']) assert.deepEqual(await seen(`${archive}:${name}`), expected, name);
  });

  for (const [what, layers] of [
    ['of no layers', []],
    ['with one layer twice', ['layer.tar', 'other.tar', 'layer.tar']],
  ] as const) {
    test(`CAP-J3: an image ${what} is the same in the archives of both`, async () => {
      const layout = file(`layout-${layers.length}`);
      await umociNewLayout(layout);
      for (const name of new Set(layers)) {
        await writeFile(file(name.replace('.tar', '')), name);
        await run('tar', ['--create', `--file=${file(name)}`, `--directory=${work.path}`, name.replace('.tar', '')]);
      }
      await umociMakeImage(`${layout}:1`, { architecture: 'amd64', layers: layers.map(file) });
      const expected = await seen(`oci:${layout}:1`);
      assert.equal(expected.diffIds.length, layers.length);
      const archives = [`own-${layers.length}.tar`, `theirs-${layers.length}.tar`] as const;
      const [own = '', theirs = ''] = archives.map((name) => `docker-archive:${file(name)}:app:1`);
      await lading(`copy oci:${layout}:1 ${own}`);
      assert.deepEqual(await seen(own), expected);
      await unpacked(archives[0], 'app:1');
      await skopeoCopy(`oci:${layout}:1`, theirs, { format: 'v2s2' });
      assert.deepEqual(await ours(theirs), expected);
    });
  }

  test('CAP-J1 CAP-J2 CAP-J3: images without a name are read on both sides', async () => {
    const from = { registry, reference: 'base/oci:busybox' };
    const expected = await base('oci', 'busybox');
    for (const [kind, format] of [
      ['oci', {}],
      ['oci-archive', {}],
      ['docker-archive', { format: 'v2s2' }],
    ] as const) {
      const [own = '', theirs = ''] = ['own', 'theirs'].map((side) => `${kind}:${file(`${side}-${kind}`)}`);
      await lading(`copy REGISTRY/base/oci:busybox@${await digestOf('base/oci:busybox')} ${own}`);
      assert.deepEqual(await seen(own), expected, own);
      await skopeoCopy(from, theirs, format);
      assert.deepEqual(await ours(theirs), expected, theirs);
    }
  });

  test('CAP-J1: a layout of umoci’s, written to by skopeo and by us, is whole for each of the three', async () => {
    const layout = file('shared');
    await umociNewLayout(layout);
    await skopeoCopy({ registry, reference: 'base/oci:busybox' }, `oci:${layout}:theirs`);
    await lading(`copy REGISTRY/base/oci:busybox oci:${layout}:1,2`);
    await lading(`copy --platform linux/arm64 REGISTRY/base/oci:platforms oci:${layout}:arm`);
    await skopeoCopy(`oci:${layout}:arm`, `oci:${layout}:again`);
    await run('umoci', ['tag', '--image', `${layout}:again`, 'last']);
    await run('umoci', ['gc', '--layout', layout]);
    const tags = ['1', '2', 'again', 'arm', 'last', 'theirs'];
    assert.deepEqual((await umociTags(layout)).sort(), tags);
    assert.equal((await lading(`tags oci:${layout}`)).stdout, `${tags.join('\n')}\n`);
    const [busybox, arm] = [await base('oci', 'busybox'), await base('oci', 'platforms', '--override-arch', 'arm64')];
    for (const tag of tags) {
      const expected = ['again', 'arm', 'last'].includes(tag) ? arm : busybox;
      assert.deepEqual(await seen(`oci:${layout}:${tag}`), expected, tag);
      assert.deepEqual(await ours(`oci:${layout}:${tag}`), expected, tag);
    }
    await umociUnpack(`${layout}:last`, file('shared-bundle'));
  });

  test('CAP-J2: umoci unpacks what tar takes out of an archive of ours', async () => {
    await lading('copy REGISTRY/base/oci:busybox oci-archive:for-umoci.tar:1');
    const layout = file('for-umoci');
    await untar(`${layout}.tar`, layout);
    assert.deepEqual(await umociTags(layout), ['1']);
    await umociUnpack(`${layout}:1`, `${layout}-bundle`);
  });

  test('CAP-J1 CAP-J2: skopeo reads docker’s media types in layouts and archives of ours, and leaves them', async () => {
    const wanted = await raw('base/docker:busybox');
    for (const kind of ['oci', 'oci-archive']) {
      const place = `${kind}:${file(`docker-${kind}`)}`;
      // By a name skopeo finds manifests of OCI alone; the only one it takes as it is.
      await lading(`copy REGISTRY/base/docker:busybox ${place}:1`);
      assert.ok(Buffer.from(await run('skopeo', ['inspect', '--raw', place])).equals(wanted), place);
      await skopeoCopy(place, { registry, reference: `back/${kind}:1` });
      assert.ok(Buffer.from(await raw(`back/${kind}:1`)).equals(wanted), place);
    }
  });

  test('CAP-J5: further tags that skopeo gives an image are its names', async () => {
    const archive = `docker-archive:${file('tags.tar')}`;
    const more = ['--additional-tag', 'ghcr.io/o/app:2', '--additional-tag', 'app:1.0'];
    const from = `docker://${registry.host}/base/docker:busybox`;
    const flags = ['--insecure-policy', 'copy', '--quiet', '--src-tls-verify=false', ...more];
    await run('skopeo', [...flags, from, `${archive}:app:1`]);
    assert.equal((await lading(`tags ${archive}`)).stdout, 'app:1\napp:1.0\nghcr.io/o/app:2\n');
    assert.deepEqual(await ours(archive), await base('docker', 'busybox'));
  });
});

function identity(config: Uint8Array): Identity {
  const { rootfs } = JSON.parse(new TextDecoder().decode(config)) as { rootfs: { diff_ids: string[] } };
  return { config: digest(config), diffIds: rootfs.diff_ids };
}

function digest(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

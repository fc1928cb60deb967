/**
 * The files of an image that umoci, tar and the shell have made: what comes of it by our hands is, file by file, what `umoci unpack`
 * makes. An export is compared with all that tar(1) knows of a file; to an extraction Node gives times in microseconds and no attributes.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { cli } from '../support/cli.ts';
import { type DockerRegistry, startDockerRegistry } from '../support/real/docker-registry.ts';
import { assertSameTree, type FileFacts, fileFacts } from '../support/real/file-facts.ts';
import { needs } from '../support/real/find-tool.ts';
import { imageTools } from '../support/real/images.ts';
import { packedTree, untar } from '../support/real/packed-tree.ts';
import { run } from '../support/real/run.ts';
import { skopeoCopy } from '../support/real/skopeo.ts';
import { makeTangledImage } from '../support/real/tangled-image.ts';
import { tarDirectory } from '../support/real/tar-files.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/real/temporary.ts';
import { type LayoutImage, umociMakeImage, umociUnpack } from '../support/real/umoci.ts';
import { umociAddLayer } from '../support/real/umoci-layers.ts';

/** A tree, as its files tell of themselves and as tar(1) packs it. */
interface Tree {
  readonly facts: ReadonlyMap<string, FileFacts>;
  readonly packed: Uint8Array;
}

let registry: DockerRegistry;
let work: TemporaryDirectory;
/** What umoci makes of the image. */
let expected: Tree;

const layout = (): string => join(work.path, 'layout');
/** One that tar(1) has packed. */
const archive = (name: string): string => join(work.path, `${name}.tar`);
const place = (name: string): string =>
  join(work.path, `${name.replaceAll(/\W/g, '-')}-${crypto.randomUUID().slice(0, 8)}`);
const named = (word: string): string => word.replaceAll('REGISTRY', registry.host).replaceAll('WORK', work.path);

async function lading(...args: readonly string[]): Promise<void> {
  const { code, stderr } = await cli(args.map(named), { cwd: work.path });
  assert.equal(code, 0, `${args.join(' ')}: ${stderr}`);
}

async function skopeo(from: string, to: string, ...flags: readonly string[]): Promise<void> {
  const quiet = ['--insecure-policy', 'copy', '--quiet', '--src-tls-verify=false', '--dest-tls-verify=false'];
  await run('skopeo', [...quiet, ...flags, named(from), named(to)]);
}

async function treeAt(directory: string): Promise<Tree> {
  return { facts: await fileFacts(directory), packed: await packedTree(directory) };
}

async function unpacked(image: LayoutImage): Promise<Tree> {
  const bundle = place('bundle');
  await umociUnpack(image, bundle);
  return treeAt(join(bundle, 'rootfs'));
}

/** Of any image that skopeo reads, once it has put it into a layout for umoci. */
async function judged(image: string): Promise<Tree> {
  const to = place('judged');
  await skopeo(image, `oci:${to}:1`, '--format', 'oci');
  return unpacked(`${to}:1`);
}

function assertSame(actual: Tree, wanted: Tree, what: string): void {
  assertSameTree(actual.facts, wanted.facts, what);
  assert.ok(Buffer.from(actual.packed).equals(wanted.packed), `${what}: times or attributes`);
}

async function exported(image: string): Promise<Tree> {
  const folder = place('exported');
  await lading('export', image, `${folder}.tar`);
  await untar(`${folder}.tar`, folder);
  return treeAt(folder);
}

async function extracted(image: string): Promise<ReadonlyMap<string, FileFacts>> {
  const folder = place('extracted');
  await lading('extract', image, '/', folder);
  return fileFacts(folder);
}

/** Where the image is kept, and how skopeo puts it there; as it is in a layout, unless told. */
const places: Readonly<Record<string, readonly string[]>> = {
  'oci:WORK/layout:1': [],
  'REGISTRY/kept/oci:1': ['docker://REGISTRY/kept/oci:1', '--preserve-digests'],
  'REGISTRY/kept/docker:1': ['docker://REGISTRY/kept/docker:1', '--format', 'v2s2'],
  'docker-archive:WORK/saved.tar:app:1': ['docker-archive:WORK/saved.tar:app:1', '--format', 'v2s2'],
  'oci-archive:WORK/layout.tar:1': ['oci-archive:WORK/layout.tar:1'],
  // skopeo compresses anew what is not compressed.
  'oci:WORK/zstd:1': ['oci:WORK/zstd:1', '--dest-compress', '--dest-compress-format', 'zstd'],
};

describe('the files of a real image', needs('docker-registry', 'skopeo', ...imageTools), () => {
  before(async () => {
    work = await temporaryDirectory('trees');
    registry = await startDockerRegistry();
    await makeTangledImage(`${layout()}:1`, work.path);
    expected = await unpacked(`${layout()}:1`);
    // It tells of the root, whose time umoci leaves to chance otherwise.
    await tarDirectory(join(work.path, 'attributes'), archive('top'));
    await lading('convert', '--compression', 'none', 'oci:layout:1', '--tag', 'oci:plain:1');
    for (const [to, ...flags] of Object.values(places)) {
      if (to !== undefined) await skopeo(`oci:WORK/${flags.includes('zstd') ? 'plain' : 'layout'}:1`, to, ...flags);
    }
  });
  after(async () => {
    await registry?.stop();
    await work?.remove();
  });

  test('are what the image is meant to be', () => {
    const { facts } = expected;
    const kinds = new Set([...facts.values()].map(({ mode }) => mode.slice(0, -4)));
    const devices = process.geteuid?.() === 0 ? ['2', '6'] : [];
    assert.deepEqual([...kinds].sort(), ['1', '10', '12', '4', ...devices].sort());
    for (const gone of ['opt', 'first', 'third', 'srv/a/b', 'usr/share/doc/a', 'bin/cat', 'run/fifo']) {
      assert.ok(!facts.has(gone), gone);
    }
    const links = { box: 'bin/ash', fourth: 'fifth', 'link-three': 'link-one', star: 'odd names/*' };
    for (const [name, first] of Object.entries(links)) assert.equal(facts.get(name)?.sameAs, first, name);
    for (const there of ['usr/share/doc/before', 'srv/a/again', 'etc/passwd', 'bin/able']) {
      assert.ok(facts.has(there), there);
    }
  });

  for (const image of Object.keys(places)) {
    test(`CAP-E13: exported from ${image} they are those that umoci unpacks`, async () => {
      assertSame(await exported(image), expected, `lading export ${image}`);
    });

    test(`CAP-E11: extracted from ${image} they are those that umoci unpacks`, async () => {
      assertSameTree(await extracted(image), expected.facts, `lading extract ${image}`);
    });
  }

  test('CAP-E13 CAP-E11: read by the table of contents that skopeo writes, they are those that umoci unpacks', async () => {
    // In names that are no UTF-8 its bytes are lost: JSON has none.
    const layers = ['base', 'ordered', 'attributes', 'gnu', 'top'].map(archive);
    await umociMakeImage(`${layout()}:tars`, { architecture: 'amd64', layers });
    const { facts } = await unpacked(`${layout()}:tars`);
    await lading('convert', '--compression', 'none', 'oci:layout:tars', '--tag', 'oci:plain:tars');
    const chunked = ['--dest-compress', '--dest-compress-format', 'zstd:chunked'];
    await skopeo('oci:WORK/plain:tars', 'docker://REGISTRY/chunked:1', ...chunked);
    assertSameTree((await exported('REGISTRY/chunked:1')).facts, facts, 'lading export');
    assertSameTree(await extracted('REGISTRY/chunked:1'), facts, 'lading extract');
    const parts = (await registry.requests()).filter(({ status }) => status === 206);
    assert.ok(parts.length > 0 && parts.every(({ path }) => path.includes('/chunked/')));
  });

  for (const family of ['oci', 'docker'] as const) {
    test(`CAP-G7: flattened, they stay what they are (${family})`, async () => {
      await lading('flatten', `REGISTRY/kept/${family}:1`, '--tag', `REGISTRY/flat/${family}:1`);
      assertSame(await judged(`docker://REGISTRY/flat/${family}:1`), expected, 'lading flatten');
    });
  }

  for (const [from, flags] of [
    ['oci', ['--format', 'docker']],
    ['docker', ['--format', 'oci', '--compression', 'none']],
    ['docker', ['--format', 'oci', '--compression', 'gzip', '--force', '--compression-level', '9']],
  ] as const) {
    test(`CAP-G10 CAP-G11: converted, they stay what they are (${from}, ${flags.join(' ')})`, async () => {
      await lading('convert', ...flags, `REGISTRY/kept/${from}:1`, '--tag', 'REGISTRY/converted:1');
      assertSame(await judged('docker://REGISTRY/converted:1'), expected, 'lading convert');
    });
  }

  test('CAP-G10 CAP-J3: of layers in zstd that skopeo has written they become those in gzip, and those of a docker archive', async () => {
    await lading('convert', '--compression', 'gzip', 'oci:zstd:1', '--tag', 'oci:gzip:1');
    assertSame(await unpacked(`${work.path}/gzip:1`), expected, 'gzip');
    await lading('copy', 'oci:zstd:1', 'docker-archive:unzipped.tar:app:1');
    assertSame(await judged('docker-archive:WORK/unzipped.tar:app:1'), expected, 'a docker archive');
  });

  test('CAP-G8 CAP-G5: on another base they are those that umoci makes of the same layers', async () => {
    const layers = ['ordered', 'gnu', 'odd', 'top'];
    const old = 'oci:layout:old';
    await umociMakeImage(`${layout()}:old`, { architecture: 'amd64', layers: [archive('attributes')] });
    let image = old;
    for (const [at, name] of layers.entries()) {
      await lading('append', image, `${name}.tar`, '--tag', `oci:app:${at}`);
      image = `oci:app:${at}`;
    }
    await skopeoCopy(`oci:${layout()}:1`, `oci:${work.path}/same:1`);
    for (const name of layers) await umociAddLayer(`${work.path}/same:1`, archive(name));
    await lading('rebase', image, '--old-base', old, '--new-base', 'oci:layout:1', '--tag', 'oci:app:rebased');
    assertSame(await unpacked(`${work.path}/app:rebased`), await unpacked(`${work.path}/same:1`), 'lading rebase');
  });
});

/**
 * Real images with layers that have tables of contents: umoci unpacks them to the tree that they were, skopeo copies and unpacks them,
 * tar(1) reads them, and what our tables tell is what skopeo's do.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { decompress } from 'fzstd';
import type { Annotations } from '../../src/model/descriptor.ts';
import type { ImageManifest } from '../../src/model/manifest.ts';
import * as types from '../../src/model/media-types.ts';
import { assertEstargz } from '../support/estargz-format.ts';
import { newerNode, NO_NEWER_NODE } from '../support/newer-node.ts';
import { cli } from '../support/cli.ts';
import { type DockerRegistry, startDockerRegistry } from '../support/real/docker-registry.ts';
import { assertSameTree, type FileFacts, fileFacts } from '../support/real/file-facts.ts';
import { needs } from '../support/real/find-tool.ts';
import { imageTools } from '../support/real/images.ts';
import { makeMergedImage } from '../support/real/merged-image.ts';
import { run, runText } from '../support/real/run.ts';
import { skopeoCopy, skopeoInspectRaw } from '../support/real/skopeo.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/real/temporary.ts';
import { umociUnpack } from '../support/real/umoci.ts';
import { sha256, type TocRecord } from '../support/toc-entries.ts';
import { assertZstdChunked } from '../support/zstd-chunked-format.ts';

type Tree = ReadonlyMap<string, FileFacts>;

const OWN = ['stargz.index.json', '.no.prefetch.landmark'];

let registry: DockerRegistry;
let work: TemporaryDirectory;
let layout: string;
let expected: Tree;

/** The tree of an image, once umoci has checked every digest and diff id. */
async function wholeTree(image: `${string}:${string}`): Promise<Tree> {
  const bundle = join(work.path, `bundle-${crypto.randomUUID()}`);
  await umociUnpack(image, bundle);
  return fileFacts(join(bundle, 'rootfs'));
}

/** The same, without the files of eStargz’ own. */
async function treeOf(image: `${string}:${string}`): Promise<Tree> {
  return new Map([...(await wholeTree(image))].filter(([path]) => !OWN.includes(path)));
}

async function lading(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await cli(args);
  assert.equal(code, 0, `${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** The same, by a Node.js that can write zstd. */
async function newerLading(node: string, ...args: readonly string[]): Promise<void> {
  const command = ['--import', 'tsx', '-C', 'source', 'src/cli/main.ts', ...args];
  await promisify(execFile)(node, command, { env: { PATH: process.env.PATH, HOME: work.path } });
}

/** Fetched by skopeo: each layer, and what its descriptor tells of it. */
async function* layersOf(
  reference: string,
): AsyncGenerator<{ readonly bytes: Uint8Array; readonly annotations: Annotations; readonly mediaType: string }> {
  const place = join(work.path, `dir-${crypto.randomUUID()}`);
  await skopeoCopy({ registry, reference }, `dir:${place}`);
  const raw = new TextDecoder().decode(await skopeoInspectRaw(registry, reference));
  const { layers } = JSON.parse(raw) as ImageManifest;
  for (const { digest, annotations = {}, mediaType } of layers) {
    yield { bytes: await readFile(join(place, digest.slice('sha256:'.length))), annotations, mediaType };
  }
}

describe('CAP-G15: real images with lazy layers', needs('docker-registry', 'skopeo', ...imageTools), () => {
  before(async () => {
    work = await temporaryDirectory('lazy-layers');
    layout = join(work.path, 'layout');
    await makeMergedImage(layout, '1', work.path);
    registry = await startDockerRegistry();
    await skopeoCopy(`oci:${layout}:1`, { registry, reference: 'app:1' });
    expected = await treeOf(`${layout}:1`);
  });
  after(async () => {
    await registry?.stop();
    await work?.remove();
  });

  test('umoci unpacks what became eStargz to the tree that it was, and skopeo copies it', async () => {
    const image = `${registry.host}/app`;
    await lading('convert', `${image}:1`, '--compression', 'estargz', '--tag', `${image}:lazy`);
    for await (const { bytes, annotations, mediaType } of layersOf('app:lazy')) {
      assert.equal(mediaType, types.OCI_LAYER_GZIP);
      await assertEstargz(bytes, annotations);
    }
    const pulled = join(work.path, 'pulled');
    await skopeoCopy({ registry, reference: 'app:lazy' }, `oci:${pulled}:1`);
    assertSameTree(await treeOf(`${pulled}:1`), expected, 'eStargz');
  });

  test('tar reads the layers, with what is of the format in them', async () => {
    for await (const { bytes } of layersOf('app:lazy')) {
      const file = join(work.path, 'layer.tar.gz');
      await writeFile(file, bytes);
      const names = (await runText('tar', ['-tzf', file])).trimEnd().split('\n');
      assert.deepEqual(names.slice(-2), OWN.toReversed());
    }
  });

  test('what was eStargz unpacks to the tree without what was of the format', async () => {
    await lading('copy', '--compression', 'gzip', `${registry.host}/app:lazy`, `oci:${layout}:back`);
    const tree = await wholeTree(`${layout}:back`);
    for (const name of OWN) assert.equal(tree.has(name), false, name);
    assertSameTree(tree, expected, 'from eStargz');
  });

  test('skopeo unpacks what became zstd:chunked to the very archives, and umoci to the tree', async (t) => {
    const node = await newerNode();
    if (node === undefined) return t.skip(NO_NEWER_NODE);
    const image = `${registry.host}/app`;
    await newerLading(node, 'convert', `${image}:1`, '--compression', 'zstd:chunked', '--tag', `${image}:chunked`);
    for await (const { bytes, annotations, mediaType } of layersOf('app:chunked')) {
      assert.equal(mediaType, types.OCI_LAYER_ZSTD);
      await assertZstdChunked(bytes, annotations);
    }
    const from = `docker://${image}:chunked`;
    const plain = join(work.path, 'plain');
    const how = ['--insecure-policy', 'copy', '--src-tls-verify=false', '--dest-decompress'];
    await run('skopeo', [...how, from, `dir:${plain}`]);
    const config = await runText('skopeo', ['inspect', '--tls-verify=false', '--config', from]);
    for (const diffId of (JSON.parse(config) as { rootfs: { diff_ids: string[] } }).rootfs.diff_ids) {
      assert.equal(sha256(await readFile(join(plain, diffId.slice('sha256:'.length)))), diffId);
    }
    await lading('copy', '--compression', 'gzip', `${image}:chunked`, `oci:${layout}:unchunked`);
    assertSameTree(await wholeTree(`${layout}:unchunked`), expected, 'from zstd:chunked');
  });

  test('a table of zstd:chunked tells what skopeo’s own does', async (t) => {
    const node = await newerNode();
    if (node === undefined) return t.skip(NO_NEWER_NODE);
    const place = join(work.path, 'by-skopeo');
    const how = ['--insecure-policy', 'copy', '--dest-compress', '--dest-compress-format', 'zstd:chunked'];
    await run('skopeo', [...how, `oci:${layout}:1`, `dir:${place}`]);
    const { layers } = JSON.parse(await readFile(join(place, 'manifest.json'), 'utf8')) as ImageManifest;
    const tables: (readonly TocRecord[])[] = [];
    for (const { digest, annotations = {} } of layers) {
      const bytes = await readFile(join(place, digest.slice('sha256:'.length)));
      tables.push(tableAt(bytes, annotations['io.containers.zstd-chunked.manifest-position'] ?? ''));
    }
    const ours: (readonly TocRecord[])[] = [];
    for await (const { bytes, annotations } of layersOf('app:chunked')) {
      ours.push(tableAt(bytes, annotations['io.github.containers.zstd-chunked.manifest-position'] ?? ''));
    }
    assert.ok(tables.flat().length > 50);
    assert.deepEqual(ours.map(facts), tables.map(facts));
  });
});

function tableAt(layer: Uint8Array, position: string): readonly TocRecord[] {
  const [offset = 0, length = 0] = position.split(':').map(Number);
  const json = decompress(layer.subarray(offset, offset + length));
  return (JSON.parse(new TextDecoder().decode(json)) as { entries: readonly TocRecord[] }).entries;
}

/** `userName` and `groupName` are of the format that this one grew out of, which skopeo leaves out. */
const places = ['offset', 'endOffset', 'chunkSize', 'chunkDigest', 'userName', 'groupName'];

/** But for where a file is cut, and where its pieces are; the zero of Go is a time that is not told. */
function facts(entries: readonly TocRecord[]): readonly unknown[] {
  return entries
    .filter(({ type }) => type !== 'chunk')
    .map((entry) => {
      const isFact = ([name, value]: [string, unknown]): boolean =>
        !places.includes(name) && value !== 0 && value !== '0001-01-01T00:00:00Z';
      const told = Object.fromEntries(Object.entries(entry).filter(isFact));
      return { ...told, hasPlace: Number(entry.offset) < Number(entry.endOffset) };
    });
}

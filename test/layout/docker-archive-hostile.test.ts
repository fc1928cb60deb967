import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { type ErrorCode, isOciError } from '../../src/errors.ts';
import { readAll } from '../../src/bytes/read.ts';
import { validate } from '../../src/graph/validate.ts';
import { type DockerArchive, readDockerArchive } from '../../src/layout/docker-archive.ts';
import { MAX_SAVED_MANIFEST_BYTES } from '../../src/layout/docker-manifest.ts';
import { digestHex } from '../../src/model/digest.ts';
import { all } from '../../src/testing/samples.ts';
import { rejection } from '../support/failure.ts';
import {
  archiveInMemory,
  imageParts,
  type ImageParts,
  json,
  plainFiles,
  type SavedFiles,
} from '../support/saved-archives.ts';

async function open(files: SavedFiles): Promise<DockerArchive> {
  return readDockerArchive((await archiveInMemory(files)).files);
}

/** Opens the archive, and reads its first image whole. */
async function readAllOf(files: SavedFiles): Promise<void> {
  const source = await open(files);
  const { links } = await source.manifest('@0');
  for (const { descriptor } of links) await readAll(source.blob(descriptor).open(), 1 << 20, 'blob');
}

const parts = await imageParts(['one', 'two'], 'app:1');
const layerPath = `blobs/sha256/${digestHex(parts.layers[0]?.diffId ?? assert.fail())}`;
const configPath = `blobs/sha256/${digestHex(parts.configDigest)}`;
const good = { Config: configPath, RepoTags: ['app:1'], Layers: parts.layers.map(pathOf) };

function pathOf({ diffId }: ImageParts['layers'][number]): string {
  return `blobs/sha256/${digestHex(diffId)}`;
}

/** An archive with another manifest.json. */
function listing(...items: readonly unknown[]): SavedFiles {
  return { ...plainFiles(parts), 'manifest.json': json(items) };
}

function raw(text: string): SavedFiles {
  return { ...plainFiles(parts), 'manifest.json': text };
}

const itself = { type: 'symlink', linkname: 'layer.tar' } as const;
const chain = Object.fromEntries(
  Array.from({ length: 20 }, (_, at) => [`link${at}`, { type: 'symlink' as const, linkname: `link${at + 1}` }]),
);

const hostile: readonly (readonly [title: string, files: SavedFiles, says: RegExp, code?: ErrorCode])[] = [
  ['a config outside', listing({ ...good, Config: '../../etc/passwd' }), /"\.\.\/\.\.\/etc\/passwd" leads out of it/],
  ['a config at the root of the machine', listing({ ...good, Config: '/etc/passwd' }), /"\/etc\/passwd" is not in it/],
  ['a layer outside', listing({ ...good, Layers: ['x/../../y', 'z'] }), /leads out of it/],
  ['a layer that is not there', listing({ ...good, Layers: ['x', 'y'] }), /"x" is not in it/],
  [
    'a link to itself',
    { ...listing({ ...good, Layers: ['layer.tar', 'y'] }), 'layer.tar': itself },
    /more than 16 links/,
  ],
  ['a chain of links', { ...listing({ ...good, Config: 'link0' }), ...chain }, /more than 16 links/],
  [
    'a link that leads out',
    { ...listing({ ...good, Config: 'c' }), c: { type: 'symlink', linkname: '../../../etc/passwd' } },
    /leads out of it/,
  ],
  ['a fifo', { ...listing({ ...good, Config: 'c' }), c: { type: 'fifo' } }, /"c" is a fifo where a file belongs/],
  ['a folder', { ...listing({ ...good, Config: 'c' }), 'c/': { type: 'directory' } }, /"c" is not in it/],
  ['a name with control characters', listing({ ...good, Config: '\u001b[2J\u202e' }), /is not in it/],
  ['too few layers', listing({ ...good, Layers: [layerPath] }), /1 layers, but its config .* lists 2 diff ids/],
  ['null', raw('null'), /manifest\.json is not a list/],
  ['an object', raw('{"schemaVersion":2}'), /manifest\.json is not a list/],
  ['no JSON', raw('[{'), /manifest\.json cannot be read/],
  ['a key twice', raw('[{"Config":"a","Config":"b"}]'), /stands twice/],
  ['a key in another case', raw('[{"Config":"a","config":"b","Layers":[]}]'), /stands twice/],
  ['a field in another case', listing({ ...good, repotags: ['b:1'] }), /field in another case: "repotags"/],
  ['a field that Go would fold', listing({ ...good, 'RepoTag\u017f': ['b:1'] }), /field in another case/],
  ['no config', listing({ Layers: [] }), /names no Config/],
  ['layers that are no list', listing({ ...good, Layers: 'x' }), /Layers that are no list of strings/],
  ['a layer that is no string', listing({ ...good, Layers: [1, 2] }), /Layers that are no list of strings/],
  ['a name that is none', listing({ ...good, RepoTags: ['Not A Name'] }), /RepoTag that is no reference/],
  ['an entry that is none', listing('x'), /manifest\.json \[0\] is not an object/],
  ['a config that is none', { ...plainFiles(parts), [configPath]: '[]' }, /not a valid image config/],
  [
    'a diff id that is a path',
    { ...plainFiles(parts), [configPath]: '{"rootfs":{"diff_ids":["../x"]}}' },
    /is not a digest/,
  ],
  [
    'gzip that is none',
    { ...plainFiles(parts), [layerPath]: new Uint8Array([0x1f, 0x8b, 1, 2, 3]) },
    /not valid gzip data/,
  ],
  ['another layer', { ...plainFiles(parts), [layerPath]: 'x'.repeat(2048) }, /wrong bytes/, 'DIGEST_MISMATCH'],
  ['another layer, compressed', { ...plainFiles(parts), [layerPath]: gzipSync('x') }, /wrong bytes/, 'DIGEST_MISMATCH'],
  [
    'a manifest.json beyond the limit',
    raw(`[]${' '.repeat(MAX_SAVED_MANIFEST_BYTES)}`),
    /manifest\.json is larger than/,
    'TOO_LARGE',
  ],
  [
    'a config beyond the limit',
    { ...plainFiles(parts), [configPath]: new Uint8Array(9 << 20) },
    /larger than/,
    'TOO_LARGE',
  ],
];

for (const [title, files, says, code = 'LAYOUT_INVALID'] of hostile) {
  test(`CAP-J3: refuses ${title}`, async () => {
    assert.match((await rejection(code, readAllOf(files))).message, says);
  });
}

test('CAP-J3: the same archive without a trick is read', async () => {
  await readAllOf(listing(good));
  await readAllOf({ ...listing({ ...good, Layers: ['a', pathOf(parts.layers[1] ?? assert.fail())] }), ...linkTo('a') });
});

function linkTo(name: string): SavedFiles {
  return { [name]: { type: 'symlink', linkname: layerPath } };
}

test('CAP-N1: a plain layer that is another one is found out by validate, and when it is copied', async () => {
  const source = await open({ ...plainFiles(parts), [layerPath]: 'x'.repeat(2048) });
  const { problems } = await validate(source, 'app:1');
  assert.deepEqual(
    problems.map(({ error, descriptor }) => [error.code, descriptor.digest]),
    [['DIGEST_MISMATCH', parts.layers[0]?.diffId]],
  );
});

test('one bad image does not spoil the others', async () => {
  const other = await imageParts(['three'], 'other:1');
  const files = plainFiles(parts, other);
  files[configPath] = 'no config';
  const source = await open(files);
  await rejection('LAYOUT_INVALID', source.manifest('app:1'));
  assert.equal((await source.manifest('other:1')).links.length, 2);
});

test('CAP-J3: whatever manifest.json says, it is read or refused with a code, and nothing outside is touched', async () => {
  const path = fc.constantFrom(configPath, layerPath, 'a', 'b', '../x', '/etc/passwd', '', '.', 'a/../b', 'c/', '\0');
  const text = fc.oneof(path, fc.string({ maxLength: 12 }), fc.constantFrom('app:1', '<none>:<none>', 'a@b', 'App'));
  const value = fc.oneof(text, fc.array(text, { maxLength: 3 }), fc.constant(null), fc.integer(), fc.jsonValue());
  const item = fc.oneof(
    fc.record({ Config: value, RepoTags: value, Layers: value }, { requiredKeys: [] }),
    fc.record({ Config: path, RepoTags: fc.array(text, { maxLength: 2 }), Layers: fc.array(path, { maxLength: 3 }) }),
    fc.jsonValue(),
  );
  const link = fc.record({ type: fc.constantFrom('symlink' as const, 'link' as const), linkname: path });
  await fc.assert(
    fc.asyncProperty(fc.array(item, { maxLength: 3 }), link, link, async (items, a, b) => {
      try {
        const source = await open({ ...listing(...items), a: cleanLink(a), b: cleanLink(b) });
        for (const name of await all(source.tags())) await source.resolve(name);
        for (const index of source.images.keys()) await source.manifest(`@${index}`);
      } catch (error) {
        assert.ok(isOciError(error), String(error));
        assert.match(error.message, /^[\x20-\x7e…]+$/);
      }
    }),
    { numRuns: 300 },
  );
});

/** tar cannot hold every name. */
function cleanLink<T extends { readonly linkname: string }>(link: T): T {
  return { ...link, linkname: link.linkname.replace('\0', '') || 'a' };
}

/** Layouts: files one after the other, each after a line `== path size` or `== path`; whatever stands in them, what is read has the digest that it was asked by. */
import assert from 'node:assert/strict';
import { digestOf } from '../../src/bytes/hash.ts';
import { fromArray, readAll } from '../../src/bytes/read.ts';
import { OciError } from '../../src/errors.ts';
import { readLayout } from '../../src/layout/oci-layout.ts';
import type { LayoutSource } from '../../src/layout/source.ts';
import type { ReadTree } from '../../src/layout/tree.ts';
import type { Descriptor } from '../../src/model/descriptor.ts';
import { digestAlgorithm } from '../../src/model/digest.ts';
import { settled } from '../judge.ts';
import { lines } from '../lines.ts';
import type { FuzzTarget } from '../target.ts';

export const target: FuzzTarget = {
  name: 'layout',
  corpus: () => lines('layout'),
  tokens: [
    '\n== index.json\n',
    '\n== oci-layout\n',
    '{"imageLayoutVersion":"1.0.0"}',
    '"manifests":[',
    '"annotations":{"org.opencontainers.image.ref.name":"1"}',
    '"size":',
  ],
  async run(input) {
    const source = readLayout(treeOf(filesIn(input)));
    const roots = await settled(source.roots());
    if (roots === undefined) return 'refused';
    let isWhole = true;
    for await (const tag of source.tags()) isWhole = (await settled(source.resolve(tag))) !== undefined && isWhole;
    for (const root of roots) {
      const manifest = await settled(source.manifest(root));
      isWhole &&= manifest !== undefined;
      if (manifest === undefined) continue;
      assert.equal(digestOf(manifest.bytes, digestAlgorithm(root.digest)), root.digest);
      await settled(readReferrers(source, root));
      for (const { descriptor } of manifest.links) {
        const bytes = await settled(readAll(source.blob(descriptor).open(), 1 << 20, 'blob'));
        isWhole &&= bytes !== undefined;
        if (bytes === undefined) continue;
        assert.equal(bytes.length, descriptor.size);
        assert.equal(digestOf(bytes, digestAlgorithm(descriptor.digest)), descriptor.digest);
      }
    }
    return isWhole ? 'taken' : 'refused';
  },
};

async function readReferrers(source: LayoutSource, root: Descriptor): Promise<true> {
  for await (const { digest } of source.referrers(root)) assert.notEqual(digest, root.digest);
  return true;
}

function filesIn(input: Uint8Array): ReadonlyMap<string, Uint8Array> {
  const parts = Buffer.from(input)
    .toString('latin1')
    .split(/(?:^|\n)== ([^\n]*)\n/);
  const files = new Map<string, Uint8Array>();
  for (let at = 1; at + 1 < parts.length; at += 2)
    files.set(parts[at] ?? '', Buffer.from(parts[at + 1] ?? '', 'latin1'));
  return files;
}

function treeOf(files: ReadonlyMap<string, Uint8Array>): ReadTree {
  return {
    name: 'layout',
    stat: async (path) => files.get(path)?.length,
    async *read(path, start, end) {
      const bytes = files.get(path);
      if (bytes === undefined) throw new OciError('NOT_FOUND', 'it is not there');
      yield* fromArray(bytes.subarray(start, end));
    },
  };
}

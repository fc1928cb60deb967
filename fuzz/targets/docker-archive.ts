/** Archives of `docker save`: whatever they list, what is read of them stands in them and has its digest. */
import assert from 'node:assert/strict';
import { digestOf } from '../../src/bytes/hash.ts';
import { fromArray, readAll } from '../../src/bytes/read.ts';
import { scanTar, type TarPlace } from '../../src/bytes/tar.ts';
import type { ArchiveFiles } from '../../src/layout/archive-files.ts';
import type { Manifest } from '../../src/model/manifest.ts';
import { readDockerArchive } from '../../src/layout/docker-archive.ts';
import { settled } from '../judge.ts';
import { savedArchives } from '../saved.ts';
import type { FuzzTarget } from '../target.ts';

export const target: FuzzTarget = {
  name: 'docker-archive',
  corpus: savedArchives,
  tokens: [
    '[{"Config":"',
    '","Layers":[',
    '"RepoTags":["',
    '../',
    'manifest.json',
    '/etc/passwd',
    '"a:1"',
    'null',
    '"rootfs":{"diff_ids":[',
  ],
  async run(input) {
    const files = await settled(filesOf(input));
    const archive = files && (await settled(readDockerArchive(files)));
    if (archive === undefined) return 'refused';
    let isWhole = true;
    for await (const name of archive.tags()) await settled(archive.resolve(name));
    for (const at of archive.images.keys()) {
      const manifest: Manifest | undefined = await settled(archive.manifest(`@${at}`));
      isWhole &&= manifest !== undefined;
      for (const { descriptor } of manifest?.links ?? []) {
        const bytes: Uint8Array | undefined = await settled(readAll(archive.blob(descriptor).open(), 1 << 24, 'blob'));
        isWhole &&= bytes !== undefined;
        if (bytes !== undefined) assert.equal(digestOf(bytes), descriptor.digest);
      }
    }
    return isWhole ? 'taken' : 'refused';
  },
};

async function filesOf(input: Uint8Array): Promise<ArchiveFiles> {
  const entries = new Map<string, TarPlace>();
  for await (const place of scanTar(async (start, end) => input.subarray(start, end), input.length)) {
    if (place.type !== 'directory') entries.set(place.name.replace(/^(\.?\/+)+/, ''), place);
  }
  const read: ArchiveFiles['read'] = (place, start, end) =>
    fromArray(input.subarray(place.offset + start, place.offset + Math.min(end, place.size)));
  return { name: 'saved.tar', entries, read };
}

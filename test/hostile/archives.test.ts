/**
 * Archives of images with hostile entries among their own, from a file and from a pipe. They are looked into, not unpacked: a name in them
 * is a key. So the image is read whole, or the archive refused, and nothing is written but what was asked for.
 */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { concat } from '../../src/bytes/read.ts';
import { TAR_END, type TarFile } from '../../src/bytes/tar.ts';
import { buildImage } from '../../src/testing/fixtures.ts';
import type { Case } from '../support/hostile/case.ts';
import { corpus, titleOf } from '../support/hostile/corpus.ts';
import { openStage, type Scene, type Stage } from '../support/hostile/scene.ts';
import { assertDone, refusal } from '../support/hostile/verdict.ts';
import { file, hardLink, symlink, tarOf } from '../support/layered.ts';
import { layoutFiles } from '../support/plain-layout.ts';
import { rawTar } from '../support/raw-tar.ts';
import { archiveBytes, imageParts, plainFiles } from '../support/saved-archives.ts';

let stage: Stage;
before(async () => {
  stage = await openStage();
});
after(() => stage.end());

const image = await buildImage({ layers: [{ files: { 'etc/os': 'good' } }] });
const parts = await layoutFiles(image);
const entries = Object.entries(parts).map(([name, content]) => file(name, content));
const archives = {
  'oci-archive': { bytes: await tarOf(entries), name: ':1' },
  'docker-archive': { bytes: await archiveBytes(plainFiles(await imageParts(['good'], 'app:1'))), name: ':app:1' },
} as const;
type Kind = keyof typeof archives;
const kinds = Object.keys(archives) as Kind[];

/** The entries of the first layer, and behind them those of the image; undefined where they are no entries. */
async function mixed(one: Case, outside: string, kind: Kind): Promise<Uint8Array | undefined> {
  const [layer] = await one.layers(outside);
  if (layer === undefined || 'packed' in layer) return undefined;
  return concat([(await rawTar(...layer)).subarray(0, -TAR_END.length), archives[kind].bytes]);
}

/** Copies it to a layout. */
async function copies(scene: Scene, kind: Kind, bytes: Uint8Array, fromPipe: boolean): ReturnType<Scene['run']> {
  const { name } = archives[kind];
  await writeFile(join(scene.work, `${kind}.tar`), bytes);
  const from = fromPipe ? '-' : `WORK/${kind}.tar`;
  const result = await scene.run(
    ['copy', `${kind}:${from}${name}`, `oci:WORK/${kind}:1`],
    fromPipe ? { stdin: bytes } : {},
  );
  await scene.assertUnharmed(kind);
  return result;
}
describe('CAP-J2 CAP-J3: hostile archives of images', () => {
  for (const [at, one] of corpus.entries()) {
    test(titleOf(one).replace(/: .*?$/, ''), () =>
      stage.play(one, async (scene) => {
        for (const kind of kinds) {
          const bytes = await mixed(one, scene.outside, kind);
          if (bytes === undefined) continue;
          const stops =
            one.refused?.at === 'head' || one.refused?.at === 'headers' || one.trick === 'data behind the end';
          const result = await copies(scene, kind, bytes, (at % 2 === 0) === (kind === 'oci-archive'));
          if (stops) assert.ok(['LAYOUT_INVALID', 'LIMIT'].includes(refusal(result, kind)), result.stderr);
          else assertDone(result, kind);
        }
      }),
    );
  }
});

const blobPath = Object.keys(parts).find((path) => path.startsWith('blobs/')) ?? '';
const changed = (path: string, other: TarFile): readonly TarFile[] =>
  entries.map((one) => (one.name === path ? other : one));

describe('CAP-J2: OCI archives with something else in the place of a file', () => {
  for (const path of ['index.json', 'oci-layout', blobPath]) {
    const others: Readonly<Record<string, TarFile>> = {
      'a link out': symlink(path, '../../../../canary'),
      'a link to the machine': symlink(path, '/etc/passwd'),
      'a hard link out': hardLink(path, '../canary'),
      'a pipe': { name: path, type: 'fifo' },
      'a device': { name: path, type: 'character-device', devmajor: 1, devminor: 5 },
    };
    for (const [what, other] of Object.entries(others)) {
      test(`${what}, in that of ${path.replace(/\/[0-9a-f]{64}/, '')}`, () =>
        stage.play(corpus[0] ?? assert.fail(), async (scene) => {
          const bytes = await tarOf(changed(path, other));
          for (const fromPipe of [false, true]) {
            const result = await copies(scene, 'oci-archive', bytes, fromPipe);
            assert.equal(refusal(result, what), 'LAYOUT_INVALID', result.stderr);
          }
        }));
    }
  }
});

/** How much is asked for at once: many small questions, few large transfers, and neither waits for the other. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { copy, type CopyOptions } from '../../src/graph/copy.ts';
import { type Built, buildImage, buildIndex, putBuilt, seededBytes } from '../../src/testing/fixtures.ts';
import { type FarRegistries, farRegistries } from '../support/round-trips.ts';

const MIB = 1 << 20;
const PLATFORMS = ['amd64', 'arm64', 's390x', 'ppc64le'];

function layersOf(architecture: string, count: number, size: number): { files: Record<string, Uint8Array> }[] {
  return Array.from({ length: count }, (_, at) => ({ files: { blob: seededBytes(size, `${architecture} ${at}`) } }));
}

async function multiPlatform(): Promise<Built> {
  const images = PLATFORMS.map((architecture) =>
    buildImage({ layers: layersOf(architecture, 8, 100), platform: { os: 'linux', architecture } }),
  );
  return buildIndex({ manifests: await Promise.all(images) });
}

async function copied(
  built: Built,
  options: CopyOptions = {},
  far: FarRegistries = farRegistries(),
): Promise<string[][]> {
  await putBuilt(far.from.repository('team/app'), built, { tags: ['1'] });
  const [from, to] = [far.client.repository('from.test/team/app'), far.client.repository('to.test/team/app')];
  await copy(from, '1', to, { tags: ['1'], ...options });
  return far.rounds().map((round) => round.map((request) => request.replace(/sha256:.*/, '')));
}

const count = (round: readonly string[] | undefined, request: string): number =>
  (round ?? []).filter((one) => one === request).length;

describe('at once', () => {
  test('are the manifests of an index, and each is put as soon as its blobs are there', async () => {
    const rounds = await copied(await multiPlatform());
    assert.equal(Math.max(...rounds.map((round) => count(round, 'from GET manifests/'))), PLATFORMS.length);
    assert.equal(Math.max(...rounds.map((round) => count(round, 'to HEAD manifests/'))), PLATFORMS.length);
    const firstPut = rounds.findIndex((round) => count(round, 'to PUT manifests/') > 0);
    const lastBlob = rounds.findLastIndex((round) => count(round, 'to PUT blobs/uploads') > 0);
    assert.ok(firstPut < lastBlob, 'one manifest is there before the last blob of another');
    // 162 requests; each of four platforms would take ten round trips of its own
    assert.ok(rounds.length <= 17, `${rounds.length} round trips`);
  });

  test('are sixteen calls; where the user has said how many, so many requests at each end', async () => {
    const built = await multiPlatform();
    const far = farRegistries();
    await copied(built, {}, far);
    assert.ok(far.most() > 16 && far.most() <= 32, `${far.most()} requests at both ends`);
    const few = farRegistries();
    const rounds = await copied(built, { concurrency: 1 }, few);
    assert.ok(rounds.every((round) => round.filter((request) => request.startsWith('to ')).length <= 1));
    assert.ok(rounds.every((round) => round.filter((request) => request.startsWith('from ')).length <= 1));
  });

  test('are four large transfers, and no question waits for them', async () => {
    const layers = layersOf('large', 9, MIB);
    const rounds = await copied(await buildImage({ layers }));
    const asked = rounds.find((round) => count(round, 'to HEAD blobs/') > 0);
    assert.equal(count(asked, 'to HEAD blobs/'), 10, 'all blobs are asked for at once');
    const moved = rounds.map((round) => count(round, 'from GET blobs/'));
    assert.deepEqual(
      moved.filter((gets) => gets > 0),
      [5, 4, 1],
      'four layers at a time; the config is small',
    );
  });
});

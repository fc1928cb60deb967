/** Which images of two indexes are compared with each other. */
import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import type { DiffOptions } from '../../../src/image/diff/diff-options.ts';
import { diffImages, type ImageDiff } from '../../../src/image/diff/image-diff.ts';
import { isOciError } from '../../../src/errors.ts';
import { formatPlatform, parsePlatform, type Platform } from '../../../src/model/platform.ts';
import { buildImage, type Built, putArtifact, putImage, putIndex } from '../../../src/testing/fixtures.ts';
import { testRegistry, type TestRegistry } from '../../support/test-registry.ts';

let world: TestRegistry;
let repository: ReturnType<TestRegistry['registry']['repository']>;

beforeEach(() => {
  world = testRegistry();
  repository = world.registry.repository('team/app');
});

const imageFor = (platform: string, text: string): Promise<Built> =>
  buildImage({ layers: [{ files: { text } }], platform: parsePlatform(platform) });

async function putIndexOf(tag: string, images: Readonly<Record<string, string>>, title = 'app'): Promise<void> {
  const manifests: Built[] = [];
  for (const [platform, text] of Object.entries(images)) manifests.push(await imageFor(platform, text));
  await putIndex(repository, { manifests, tags: [tag], annotations: { title } });
}

function diff(before: string, after: string, options: DiffOptions = {}): Promise<ImageDiff> {
  const source = world.repository;
  return diffImages({ source, reference: before }, { source, reference: after }, options);
}

const shown = ({ images }: ImageDiff): string[] =>
  images.map(({ kind, platform, files = [] }) =>
    `${nameOf(platform)} ${kind} ${files.map(({ path }) => path).join()}`.trim(),
  );
const nameOf = (platform: Platform | undefined): string => (platform ? formatPlatform(platform) : '-');
const requests = (): string[] => world.requests.map(({ method, path }) => `${method} ${path}`);

describe('CAP-N2 CAP-N3: indexes', () => {
  test('are compared platform by platform, whatever their order', async () => {
    await putIndexOf('1', { 'linux/amd64': 'a', 'linux/arm64': 'same', 'linux/386': 'x', 'linux/arm/v7': 'v' });
    await putIndexOf('2', { 'linux/arm64': 'same', 'linux/amd64': 'b', 'linux/arm': 'w', 'linux/s390x': 's' }, 'other');
    const told = await diff('1', '2');
    assert.deepEqual(shown(told), [
      'linux/amd64 compared text',
      'linux/arm64 same',
      'linux/386 removed',
      'linux/arm/v7 compared text',
      'linux/s390x added',
    ]);
    assert.deepEqual(told.index, [
      { kind: 'changed', field: 'annotations', key: 'title', before: 'app', after: 'other' },
    ]);
    const read = requests().filter((line) => line.startsWith('GET') && line.includes('/manifests/'));
    assert.equal(read.length, 2 + 4, 'of each index itself and of two platforms');
  });

  test('are compared for one platform, and nothing of the others is read', async () => {
    await putIndexOf('1', { 'linux/amd64': 'a', 'linux/arm64': 'c' });
    await putIndexOf('2', { 'linux/amd64': 'b', 'linux/arm64': 'd' });
    const told = await diff('1', '2', { platform: parsePlatform('linux/arm64') });
    assert.deepEqual(shown(told), ['linux/arm64 compared text']);
    assert.equal(told.index, undefined);
    assert.equal(requests().filter((line) => line.startsWith('GET') && line.includes('/manifests/')).length, 4);
    const none = diff('1', '2', { platform: parsePlatform('linux/s390x') });
    await assert.rejects(none, (error) => isOciError(error, 'NOT_FOUND'));
  });

  test('are the same for a platform of one digest', async () => {
    await putIndexOf('1', { 'linux/amd64': 'a', 'linux/arm64': 'c' });
    await putIndexOf('2', { 'linux/amd64': 'b', 'linux/arm64': 'c' });
    const told = await diff('1', '2', { platform: parsePlatform('linux/arm64') });
    assert.deepEqual(shown(told), ['linux/arm64 same']);
    assert.equal(told.isDifferent, false);
  });

  test('have several images of a platform, which are compared in their order', async () => {
    const manifests = [await imageFor('linux/amd64', 'a'), await imageFor('linux/amd64', 'b')];
    await putIndex(repository, { manifests, tags: ['1'] });
    await putIndex(repository, { manifests: manifests.slice(0, 1), tags: ['2'] });
    assert.deepEqual(shown(await diff('1', '2')), ['linux/amd64 same', 'linux/amd64 removed']);
  });

  test('are compared with a single image for its platform', async () => {
    await putIndexOf('1', { 'linux/amd64': 'a', 'linux/arm64': 'c' });
    const layers = [{ files: { text: 'b' } }];
    await putImage(repository, { layers, platform: parsePlatform('linux/arm64'), tags: ['2'] });
    assert.deepEqual(shown(await diff('1', '2')), ['linux/amd64 removed', 'linux/arm64 compared text']);
    assert.deepEqual(shown(await diff('2', '1')), ['linux/arm64 compared text', 'linux/amd64 added']);
  });
});

test('CAP-N2: single images are compared whatever their platforms', async () => {
  const layers = [{ files: { a: 'a' } }];
  await putImage(repository, { layers, tags: ['1'] });
  await putImage(repository, { layers, platform: parsePlatform('linux/arm64'), tags: ['2'] });
  const told = await diff('1', '2');
  assert.deepEqual(shown(told), ['- compared']);
  assert.deepEqual(
    told.images[0]?.config?.map(({ field }) => field),
    ['architecture'],
  );
});

test('CAP-N2: artifacts are compared by their manifests and blobs, which are no archives', async () => {
  const bytes = (text: string) => [{ bytes: new TextEncoder().encode(text) }];
  await putArtifact(repository, { artifactType: 'application/x.one', blobs: bytes('one'), tags: ['1'] });
  await putArtifact(repository, { artifactType: 'application/x.two', blobs: bytes('two'), tags: ['2'] });
  const told = await diff('1', '2');
  const [image = assert.fail()] = told.images;
  assert.deepEqual(
    image.manifest?.map(({ field }) => field),
    ['artifactType'],
  );
  assert.deepEqual(
    image.layers?.layers.map(({ kind }) => kind),
    ['removed', 'added'],
  );
  assert.equal(image.unread?.mediaType, 'application/octet-stream');
  assert.deepEqual([image.config, image.files, image.packages], [undefined, undefined, undefined]);
  assert.equal((await diff('1', '2', { sections: ['files'] })).isDifferent, true);
  assert.equal((await diff('1', '2', { sections: ['config', 'history'] })).isDifferent, false);
});

test('CAP-N2: what is not there is told', async () => {
  await putIndexOf('1', { 'linux/amd64': 'a' });
  await assert.rejects(diff('1', '3'), (error) => isOciError(error, 'NOT_FOUND'));
});

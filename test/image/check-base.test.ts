import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type BaseCheck, checkBase, type CheckBaseOptions } from '../../src/image/change/check-base.ts';
import { BASE_DIGEST, BASE_NAME } from '../../src/image/change/rebase.ts';
import type { Annotations } from '../../src/model/descriptor.ts';
import {
  type Built,
  buildImage,
  buildIndex,
  type ImageSpec,
  type LayerSpec,
  putBuilt,
} from '../../src/testing/fixtures.ts';
import { rejection } from '../support/failure.ts';
import { listed, platform } from '../support/images-to-change.ts';
import { type RecordingStore, recordingStore } from '../support/recording-store.ts';

const layer = (name: string, compression: 'gzip' | 'none' = 'gzip'): LayerSpec => ({
  files: { [name]: name },
  compression,
});
const [low, high, own] = [layer('low'), layer('high'), layer('app')];

/** `1` of an image, and `3` of its base; both note what they are asked. */
async function stores(image: Built, base: Built): Promise<{ app: RecordingStore; base: RecordingStore }> {
  const [app, below] = [recordingStore(), recordingStore()];
  await putBuilt(app, image, { tags: ['1'] });
  await putBuilt(below, base, { tags: ['3'] });
  app.calls.length = 0;
  below.calls.length = 0;
  return { app, base: below };
}

interface Checked {
  readonly check: BaseCheck;
  /** What was asked of the image's store, and of that of the base. */
  readonly asked: readonly string[];
  readonly askedOfBase: readonly string[];
  /** Names that the base was looked for by. */
  readonly names: readonly string[];
}

async function checked(image: Built, base: Built, options: Partial<CheckBaseOptions> = {}): Promise<Checked> {
  const { app, base: below } = await stores(image, base);
  const names: string[] = [];
  const open = (name: string): { source: RecordingStore; reference: string } => {
    names.push(name);
    return { source: below, reference: '3' };
  };
  const check = await checkBase(app, '1', { base: open, ...options });
  return { check, asked: app.calls, askedOfBase: below.calls, names };
}

const told = (base: Built, name = 'base:3'): Annotations => ({
  [BASE_NAME]: name,
  [BASE_DIGEST]: base.manifest.descriptor.digest,
});

async function pair(spec: Partial<ImageSpec> = {}): Promise<Built> {
  const images = ['amd64', 'arm64'].map((one) =>
    buildImage({ layers: [low, layer(one)], platform: platform(one), ...spec }),
  );
  return buildIndex({ manifests: await Promise.all(images) });
}

const outcomes = ({ images }: BaseCheck): string[] => images.map(({ outcome, by }) => `${outcome} by ${by}`);

describe('CAP-E17: the base of an image, by the digest that it was built on', () => {
  test('is current as long as its name stands for that, which one request tells', async () => {
    const base = await pair();
    const image = await buildImage({ layers: [own], annotations: told(base) });
    const { check, asked, askedOfBase, names } = await checked(image, base);
    const { digest } = base.manifest.descriptor;
    assert.equal(check.outcome, 'current');
    assert.deepEqual(check.images, [
      {
        image: image.manifest.descriptor,
        outcome: 'current',
        by: 'digest',
        name: 'docker.io/library/base:3',
        built: digest,
        now: digest,
      },
    ]);
    assert.deepEqual(names, ['docker.io/library/base:3']);
    assert.deepEqual([asked, askedOfBase], [['manifest 1'], ['resolve 3']]);
  });

  test('is stale when it stands for something else', async () => {
    const [old, now] = [await pair(), await buildImage({ layers: [high] })];
    const { check, askedOfBase } = await checked(await buildImage({ layers: [own], annotations: told(old) }), now);
    assert.equal(check.outcome, 'stale');
    assert.equal(check.images[0]?.built, old.manifest.descriptor.digest);
    assert.equal(check.images[0]?.now, now.manifest.descriptor.digest);
    assert.deepEqual(askedOfBase, ['resolve 3']);
  });

  test('may be told as that of one image of the base’s index', async () => {
    const base = await pair();
    const [child] = base.children;
    const image = await buildImage({ layers: [own], annotations: told(child ?? assert.fail()) });
    const { check, askedOfBase } = await checked(image, base);
    assert.equal(check.outcome, 'current');
    assert.deepEqual(askedOfBase, ['resolve 3', `manifest ${base.manifest.descriptor.digest}`]);
  });

  test('is asked once for all images of an index that tells it, and they are not read', async () => {
    const base = await pair();
    const { manifest, children } = await pair({ config: { author: 'me' } });
    const entries = children.map((child) => ({
      ...child,
      descriptor: { ...child.descriptor, annotations: told(base) },
    }));
    for (const index of [
      buildIndex({ manifests: entries }),
      buildIndex({ manifests: children, annotations: told(base) }),
    ]) {
      const { check, asked, askedOfBase } = await checked(index, base);
      assert.deepEqual(outcomes(check), ['current by digest', 'current by digest']);
      assert.deepEqual(
        check.images.map(({ image }) => image.platform?.architecture),
        ['amd64', 'arm64'],
      );
      assert.deepEqual([asked, askedOfBase], [['manifest 1'], ['resolve 3']]);
    }
    assert.notEqual(manifest.descriptor.digest, base.manifest.descriptor.digest);
  });

  test('is what the index says of an image before what the image says', async () => {
    const [old, now] = [await pair(), await buildImage({ layers: [low] })];
    const image = await buildImage({ layers: [own], annotations: told(old, 'mine:1') });
    const index = buildIndex({ manifests: [listed(image, { annotations: told(now, 'listed:1') })] });
    const { check, names } = await checked(index, now);
    assert.equal(check.outcome, 'current');
    assert.deepEqual(names, ['docker.io/library/listed:1']);
  });

  test('is told by the caller before any annotation', async () => {
    const [old, now] = [await pair(), await buildImage({ layers: [low] })];
    const image = await buildImage({ layers: [own], annotations: told(old) });
    const { app, base } = await stores(image, now);
    const given = { source: base, reference: '3' };
    assert.equal((await checkBase(app, '1', { base: given })).outcome, 'stale');
    const baseDigest = now.manifest.descriptor.digest;
    assert.equal((await checkBase(app, '1', { base: given, baseDigest })).outcome, 'current');
    assert.equal((await checked(image, now, { baseDigest })).check.outcome, 'current');
  });

  test('stands in a name that is pinned: its tag moves, its digest was built on', async () => {
    const [old, now] = [await pair(), await buildImage({ layers: [low] })];
    for (const [base, outcome] of [
      [old, 'stale'],
      [now, 'current'],
    ] as const) {
      const name = `ghcr.io/o/base:3@${base.manifest.descriptor.digest}`;
      const image = await buildImage({ layers: [own], annotations: { [BASE_NAME]: name } });
      const { check, names } = await checked(image, now);
      assert.equal(check.outcome, outcome);
      assert.deepEqual(names, ['ghcr.io/o/base:3']);
    }
  });
});

describe('CAP-E17: the base of an image that does not tell its digest', () => {
  const annotations = { [BASE_NAME]: 'base:3' };

  test('is compared layer by layer, for the same platform', async () => {
    const base = await pair();
    const platforms = ['amd64', 'arm64'];
    const images = await Promise.all(
      platforms.map((one) =>
        // That for arm64 stands on what the base was before.
        buildImage({ layers: [low, layer(one === 'amd64' ? one : 'old'), own], platform: platform(one), annotations }),
      ),
    );
    const { check, asked, askedOfBase } = await checked(buildIndex({ manifests: images }), base);
    assert.equal(check.outcome, 'stale');
    assert.deepEqual(outcomes(check), ['current by layers', 'stale by layers']);
    assert.equal(check.images[0]?.now, base.manifest.descriptor.digest);
    assert.equal(askedOfBase.filter((call) => call === 'manifest 3').length, 1);
    assert.deepEqual(
      asked.filter((call) => call.startsWith('resolve')),
      [],
    );
    const only = await checked(buildIndex({ manifests: images }), base, { platforms: [platform('amd64')] });
    assert.deepEqual(outcomes(only.check), ['current by layers']);
  });

  test('of an image alone, its config tells the platform', async () => {
    const image = await buildImage({ layers: [low, layer('arm64'), own], platform: platform('arm64'), annotations });
    assert.deepEqual(outcomes((await checked(image, await pair())).check), ['current by layers']);
  });

  test('is recognised by what its layers unpack to, however they are compressed', async () => {
    const image = await buildImage({ layers: [layer('low', 'none'), own], annotations });
    assert.deepEqual(outcomes((await checked(image, await buildImage({ layers: [low] }))).check), [
      'current by layers',
    ]);
    const other = await buildImage({ layers: [layer('other', 'none'), own], annotations });
    assert.deepEqual(outcomes((await checked(other, await buildImage({ layers: [low] }))).check), ['stale by layers']);
  });

  test('is stale when it has grown beyond the image', async () => {
    const image = await buildImage({ layers: [low], annotations });
    assert.equal((await checked(image, await buildImage({ layers: [low, high] }))).check.outcome, 'stale');
  });
});

describe('CAP-E17: a base that nobody knows', () => {
  test('is unknown, and nothing is asked for it', async () => {
    const { check, names, askedOfBase } = await checked(await buildImage({ layers: [own] }), await pair());
    assert.equal(check.outcome, 'unknown');
    assert.deepEqual([names, askedOfBase], [[], []]);
  });

  test('does not hide that another image of the index is stale', async () => {
    const [old, now] = [await pair(), await buildImage({ layers: [low] })];
    const images = await Promise.all([
      buildImage({ layers: [own], platform: platform('amd64') }),
      buildImage({ layers: [own], platform: platform('arm64'), annotations: told(old) }),
    ]);
    const { check } = await checked(buildIndex({ manifests: images }), now);
    assert.equal(check.outcome, 'stale');
    assert.deepEqual(
      check.images.map(({ outcome }) => outcome),
      ['unknown', 'stale'],
    );
  });

  test('and one that has gone is an error, as is one for no such platform', async () => {
    const base = await pair();
    const image = await buildImage({ layers: [own], annotations: told(base) });
    const { app, base: below } = await stores(image, base);
    const gone = { source: below, reference: '2' };
    assert.match((await rejection('NOT_FOUND', checkBase(app, '1', { base: gone }))).message, /2 is not there/);
    const riscv = await buildImage({ layers: [own], platform: platform('riscv64'), annotations: { [BASE_NAME]: 'b' } });
    assert.match((await rejection('NOT_FOUND', checked(riscv, base))).message, /no linux\/riscv64/);
    await rejection('NOT_FOUND', checked(image, base, { platforms: [platform('riscv64')] }));
  });

  test('has no name that is none, and no digest', async () => {
    for (const [code, annotations] of [
      ['REFERENCE_INVALID', { [BASE_NAME]: '../etc/passwd' }],
      ['DIGEST_INVALID', { [BASE_NAME]: 'base', [BASE_DIGEST]: 'sha256:1' }],
    ] as const) {
      await rejection(code, checked(await buildImage({ layers: [own], annotations }), await pair()));
    }
  });
});

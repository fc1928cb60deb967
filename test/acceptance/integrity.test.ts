/** A registry that lies about bytes: of their digest and of their size. What is wrong is told, and kept by nobody. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { digestOf } from '../../src/bytes/hash.ts';
import { readAll } from '../../src/bytes/read.ts';
import { copy } from '../../src/graph/copy.ts';
import type { Activity } from '../../src/model/call.ts';
import { serve, type Served } from '../../src/node/serve/serve.ts';
import { createServer } from '../../src/server/app.ts';
import type { Handler } from '../../src/server/handler.ts';
import { createMemoryRegistry } from '../../src/store/memory.ts';
import type { IngestRegistry } from '../../src/store/types.ts';
import * as faults from '../../src/testing/faults.ts';
import { type Built, buildImage, putBuilt, seededBytes } from '../../src/testing/fixtures.ts';
import * as quirks from '../../src/testing/quirks.ts';
import { changing, combine, only, type Wrap } from '../../src/testing/wrap.ts';
import { cli } from '../support/cli.ts';
import { withoutLastByte, withoutLength } from '../support/damaged-registry.ts';
import { assertTold } from '../support/hostile-network.ts';
import { unfinishedLayout } from '../support/layout-blobs.ts';
import { rootsOf, scratch } from '../support/layouts.ts';
import { refused } from '../support/refused.ts';
import { testRegistry } from '../support/test-registry.ts';

const image: Built = await buildImage({ layers: [{ files: { big: seededBytes(200_000, 'G13') } }] });
const { digest } = image.descriptor;
const [config, layer] = image.blobs.map(({ descriptor }) => descriptor);
assert.ok(config && layer);
const other = digestOf(new TextEncoder().encode('something else'));

/** How the path ends of what is damaged, and the digest that its bytes should have. */
const parts = {
  'manifest by digest': { path: digest, reference: `@${digest}` },
  'manifest by tag': { path: '/manifests/1', reference: ':1' },
  config: { path: config.digest, reference: ':1' },
  layer: { path: layer.digest, reference: ':1' },
} as const;

/** What is said of the digest of the wrong bytes. */
const lies: Readonly<Record<string, (bytes: Uint8Array, wanted: string) => string | undefined>> = {
  'that of the wrong bytes': (bytes) => digestOf(bytes),
  none: () => undefined,
  'that of the right ones': (_, wanted) => wanted,
};

let wrap: Wrap;
let registry: IngestRegistry;
let target: IngestRegistry;
let served: readonly Served[];
const at = (name: string): string => `${served[0]?.host}/${name}`;

before(async () => {
  registry = createMemoryRegistry();
  await putBuilt(registry.repository('team/app'), image, { tags: ['1'] });
  const open = createServer({ registry });
  const changeable: Handler = (request, info) => wrap(open)(request, info);
  const kept: Handler = (request, info) => createServer({ registry: target })(request, info);
  served = await Promise.all([serve(changeable), serve(kept)]);
});
beforeEach(() => {
  wrap = (handler) => handler;
  target = createMemoryRegistry();
});
after(() => Promise.all(served.map(({ close }) => close())));

const ends = (path: string) => ({ matches: ({ method, url }: Request) => method === 'GET' && url.endsWith(path) });

/** One flipped bit, and a digest beside it. */
function lying(path: string, wanted: string, lie: (typeof lies)[string]): Wrap {
  const damaged: Wrap = (handler) => async (request, info) => {
    const response = await handler(request, info);
    const bytes = new Uint8Array(await response.arrayBuffer());
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    const headers = new Headers(response.headers);
    const told = lie(bytes, wanted);
    if (told === undefined) headers.delete('docker-content-digest');
    else headers.set('docker-content-digest', told);
    return new Response(bytes, { headers });
  };
  return only(damaged, ends(path));
}

describe('G13: wrong bytes', () => {
  for (const [part, { path, reference }] of Object.entries(parts)) {
    for (const [said, lie] of Object.entries(lies)) {
      // A tag has no digest but the one that is said of it: where that fits the bytes, they are what it names.
      if (part === 'manifest by tag' && said !== 'that of the right ones') continue;
      test(`G13: in the ${part}, with the digest of ${said}, are refused and kept nowhere`, async (t) => {
        const wanted = path.startsWith('sha256:') ? path : digest;
        // Where HEAD tells the digest of a tag, nobody reads it by the tag.
        wrap = combine(lying(path, wanted, lie), quirks.headUnsupported());
        const made = testRegistry({ wraps: [wrap] });
        await putBuilt(made.registry.repository('team/app'), image, { tags: ['1'] });
        const memory = createMemoryRegistry().repository('r');
        await refused(copy(made.repository, reference.slice(1), memory, { tags: ['1'] }), 'DIGEST_MISMATCH');
        assert.deepEqual([await memory.resolve('1'), await memory.resolve(digest)], [undefined, undefined]);
        const blob = path === layer.digest || path === config.digest ? path : undefined;
        if (blob !== undefined) assert.equal(await memory.stat(blob), undefined);
        assert.equal(made.open(), 0);

        const folder = await scratch(t);
        const from = at('team/app') + reference;
        const says = /127\.0\.0\.1:\d+.*\(DIGEST_MISMATCH\)/;
        assertTold(await cli(['pull', from, 'layout'], { cwd: folder }), 5, says);
        await assertNothingWrong(join(folder, 'layout'), wanted);
        assertTold(await cli(['pull', from, 'app.tar'], { cwd: folder }), 5, says);
        assert.deepEqual(
          (await readdir(folder)).filter((file) => file !== 'layout'),
          [],
        );
        assertTold(await cli(['copy', from, `${served[1]?.host}/r:1`]), 5, says);
        assert.equal(await target.repository('r').resolve('1'), undefined);
        assert.equal(await target.repository('r').resolve(digest), undefined);
        if (blob !== undefined) assert.equal(await target.repository('r').stat(blob), undefined);
      });
    }
  }

  for (const [who, isToldByHead] of Object.entries({ GET: false, 'GET and HEAD': true })) {
    test(`G13: a digest of the right bytes under a tag that ${who} tells wrong is warned of, and computed`, async (t) => {
      const lie = changing(
        ({ url }) => url.endsWith('/manifests/1'),
        () => ({ headers: { 'docker-content-digest': other } }),
      );
      const byTag = isToldByHead ? lie : combine(quirks.headUnsupported(), lie);
      wrap = byTag;
      const made = testRegistry({ wraps: [byTag] });
      await putBuilt(made.registry.repository('team/app'), image, { tags: ['1'] });
      const told: Activity[] = [];
      const on = (activity: Activity): void => void told.push(activity);
      const memory = createMemoryRegistry().repository('r');
      assert.equal((await made.repository.manifest('1')).descriptor.digest, digest);
      assert.equal((await copy(made.repository, '1', memory, { tags: ['1'], on })).digest, digest);
      assert.equal((await memory.resolve('1'))?.digest, digest);
      assert.ok(told.some((one) => one.type === 'warning' && one.text.includes(other)));
      const folder = await scratch(t);
      const { code, stderr } = await cli(['pull', `${at('team/app')}:1`, 'layout'], { cwd: folder });
      assert.equal(code, 0, stderr);
      assert.match(stderr, new RegExp(`^warning: .*${digest}.*${other}`, 'm'));
      assert.deepEqual(await rootsOf(join(folder, 'layout')), [`1 ${digest}`]);
    });
  }
});

/** What is in a layout has the bytes of its name, what was wrong is not among it, and no tag stands for anything. */
async function assertNothingWrong(directory: string, damaged: string): Promise<void> {
  if (!existsSync(directory)) return;
  const { blobs, partials, others } = await unfinishedLayout(directory);
  assert.deepEqual(others, []);
  assert.ok(!new Set<string>([...blobs.keys(), ...partials.keys()]).has(damaged));
  assert.deepEqual(await rootsOf(directory), []);
}

/** The length that is told is that of a body with so many bytes more. */
function withLength(more: number): Wrap {
  const longer = ({ headers }: Response): string => String(Number(headers.get('content-length')) + more);
  return changing(
    () => true,
    (response) => ({ headers: { 'content-length': longer(response) } }),
  );
}

const lengths: Readonly<Record<string, Wrap>> = {
  'a byte less, of which its length tells': withoutLastByte(),
  'a byte less': combine(withoutLength(), withoutLastByte()),
  'a byte more': combine(withoutLength(), faults.extraBytes(1)),
  'a byte more, of which its length tells': combine(withLength(1), faults.extraBytes(1)),
  'no end': combine(withoutLength(), faults.endlessBody()),
};

for (const [what, damage] of Object.entries(lengths)) {
  test(`G14: a body with ${what} is a wrong size, and is not read much further`, async (t) => {
    for (const { digest: path, size } of [config, layer]) {
      wrap = only(damage, ends(path));
      const made = testRegistry({ wraps: [wrap] });
      await putBuilt(made.registry.repository('team/app'), image, { tags: ['1'] });
      const wanted = image.blobs.find(({ descriptor }) => descriptor.digest === path)?.descriptor ?? assert.fail();
      const reading = readAll(made.repository.blob(wanted).open(), 100 * size, 'the blob');
      await refused(reading, 'SIZE_MISMATCH', new RegExp(path));
      const reads = made.requests.filter((request) => request.path.endsWith(path)).map(({ read }) => read);
      // Where the length that is told is wrong, there is nothing to read for.
      assert.ok(Math.max(...reads) >= (what.includes('tells') ? 0 : size - 1), reads.join());
      assert.ok(Math.max(...reads) <= size + 1024 * 1024, reads.join());
      assert.equal(made.open(), 0);
      const folder = await scratch(t);
      const told = await cli(['pull', `${at('team/app')}:1`, 'layout', '--retry', '0'], { cwd: folder });
      assertTold(told, 5, new RegExp(`${path}.*\\(SIZE_MISMATCH\\)`));
      await assertNothingWrong(join(folder, 'layout'), what.includes('less') ? '' : path);
    }
  });
}

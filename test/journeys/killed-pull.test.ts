/** A pull that is killed half-way: what it leaves is whole or marked as a part, and the next one only fetches the rest. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import type { Descriptor } from '../../src/model/descriptor.ts';
import { stallBody } from '../../src/testing/faults.ts';
import { type Built, putImage, seededBytes } from '../../src/testing/fixtures.ts';
import type { Wrap } from '../../src/testing/wrap.ts';
import { startCommand, succeed } from '../support/command.ts';
import { partSize, total, type Unfinished, unfinishedLayout } from '../support/layout-blobs.ts';
import { filesBelow, rootsOf, scratch } from '../support/layouts.ts';
import { type LoggedRegistry, startLoggedRegistry } from '../support/logged-registry.ts';
import { until } from '../support/until.ts';

const MIB = 1 << 20;
const LAYER_BYTES = 4 * MIB;
/** So much may have come and not be on the disk yet: chunks are gathered. */
const UNDER_WAY = MIB / 2;

let server: LoggedRegistry;
let reference: string;
let image: Built;
/** The config, then the layers. */
let blobs: readonly Descriptor[];
/** After how many bytes the answer with a blob stands still for ever, by digest; the others come whole. */
let stalls = new Map<string, number>();
const stalled = new Set<string>();

const stalling: Wrap = (handler) => (request, info) => {
  const digest = new URL(request.url).pathname.split('/').at(-1) ?? '';
  const bytes = stalls.get(digest);
  if (bytes === undefined) return handler(request, info);
  stalled.add(digest);
  return stallBody(bytes)(handler)(request, info);
};

before(async () => {
  server = await startLoggedRegistry({ wrap: stalling });
  reference = `${server.host}/team/app:1`;
  const layers = ['one', 'two', 'three'].map((seed) => seededBytes(LAYER_BYTES, seed));
  image = await putImage(server.registry.repository('team/app'), { layers, tags: ['1'] });
  blobs = image.blobs.map(({ descriptor }) => descriptor);
});
afterEach(() => flow());
after(() => server?.close());

/** From now on the config and the layers come so far; what is not told comes whole. */
function flow(...sizes: readonly (number | undefined)[]): void {
  stalls = new Map();
  for (const [at, size] of sizes.entries()) if (size !== undefined) stalls.set(blobs[at]?.digest ?? '', size);
  stalled.clear();
  server.log.length = 0;
}

/** Kills a pull as soon as everything has come that comes. @param kept what it had of each blob when it began */
async function killedPull(directory: string, args: readonly string[], kept: Unfinished): Promise<Unfinished> {
  const running = startCommand(['pull', ...args, reference, directory]);
  const isThere = ({ digest, size }: Descriptor): boolean => {
    const stall = stalls.get(digest);
    if (stall === undefined) return existsSync(join(directory, 'blobs', digest.replace(':', '/')));
    const wanted = Math.min(size, (kept.partials.get(digest) ?? 0) + stall) - UNDER_WAY;
    return stalled.has(digest) && partSize(directory, digest) >= wanted;
  };
  await until(() => blobs.every(isThere) || running.child.exitCode !== null, 'half of the image is there');
  running.kill('SIGKILL');
  assert.equal((await running.done).signal, 'SIGKILL');
  return unfinishedLayout(directory);
}

const nothing: Unfinished = { blobs: new Map(), partials: new Map(), others: [] };

/** Pulls what is missing, and no more than that. */
async function assertContinues(directory: string, before: Unfinished): Promise<void> {
  flow();
  assert.match(await succeed(['pull', reference, directory]), new RegExp(`@${image.descriptor.digest}\\n$`));
  const missing = total(blobs.map(({ size }) => size)) - total(before.partials.values()) - total(before.blobs.values());
  const served = total(server.log.map(({ bytesOut }) => bytesOut));
  assert.ok(served <= missing + MIB, `${served} bytes for ${missing} missing ones`);
  for (const digest of before.blobs.keys()) assert.ok(!server.requests().some((one) => one.endsWith(digest)));
  assert.match(await succeed(['validate', `oci:${directory}:1`]), /: valid /);
  const names = [image.descriptor, ...blobs].map(({ digest }) => join('blobs', digest.replace(':', '/')));
  // Who is killed between a blob's rename and the end of its lock leaves the lock; nobody waits for it, and gc sweeps it after a day.
  const files = (await filesBelow(directory)).filter((file) => !file.endsWith('.partial.lock'));
  assert.deepEqual(files, [...names, 'index.json', 'oci-layout'].sort());
}

/** How far the config and the layers have come. */
const points: Readonly<Record<string, readonly number[]>> = {
  'before the first byte of a blob': [0, 0, 0, 0],
  'within every layer': [0, MIB, 2 * MIB, 3 * MIB],
  'when one layer is whole': [0, 0, 2 * MIB],
  'before the last byte of the last layer': [0, LAYER_BYTES - 1],
  'when only the config is missing': [0],
};

for (const [point, sizes] of Object.entries(points)) {
  test(`killed ${point}: only whole blobs and parts are left, and the next pull fetches the rest`, async (t) => {
    const directory = join(await scratch(t), 'app');
    flow(...sizes);
    const left = await killedPull(directory, [], nothing);
    assert.deepEqual(await rootsOf(directory), []);
    const whole = blobs.slice(sizes.length).map(({ digest }) => digest);
    assert.deepEqual([...left.blobs.keys()].sort(), whole.sort());
    assert.ok(
      left.others.every((file) => file.endsWith('.lock')),
      left.others.join(),
    );
    await assertContinues(directory, left);
  });
}

test('killed again and again, it gets further each time', async (t) => {
  const directory = join(await scratch(t), 'app');
  let left = nothing;
  for (let run = 0; run < 3; run++) {
    flow(0, MIB, MIB, MIB);
    const before = total(left.partials.values());
    left = await killedPull(directory, [], left);
    assert.ok(total(left.partials.values()) >= before + 3 * (MIB - UNDER_WAY));
  }
  await assertContinues(directory, left);
});

test('a part that was damaged meanwhile is fetched anew', async (t) => {
  const directory = join(await scratch(t), 'app');
  flow(0, 3 * MIB);
  const left = await killedPull(directory, [], nothing);
  const [part = ''] = (await readdir(join(directory, '.lading'))).filter((file) => file.endsWith('.partial')).slice(-1);
  assert.equal(left.partials.size, 2);
  const file = join(directory, '.lading', part);
  await writeFile(file, (await readFile(file)).fill(7));
  flow();
  await succeed(['pull', reference, directory]);
  assert.match(await succeed(['validate', `oci:${directory}:1`]), /: valid /);
  assert.ok(total(server.log.map(({ bytesOut }) => bytesOut)) < 2 * LAYER_BYTES);
});

test('an image that was there stays whole while its tag is pulled anew and killed', async (t) => {
  const directory = join(await scratch(t), 'app');
  const old = await putImage(server.registry.repository('team/old'), { layers: [{ files: { a: '1' } }], tags: ['1'] });
  await succeed(['pull', `${server.host}/team/old:1`, directory]);
  flow(0, MIB, MIB, MIB);
  const left = await killedPull(directory, [], nothing);
  assert.deepEqual(await rootsOf(directory), [`1 ${old.descriptor.digest}`]);
  assert.match(await succeed(['validate', `oci:${directory}:1`]), /: valid /);
  flow();
  await succeed(['pull', reference, directory]);
  assert.equal(await succeed(['digest', `oci:${directory}:1`]), `${image.descriptor.digest}\n`);
  assert.equal(left.partials.size, 4);
});

test('an archive does not appear before it is whole', async (t) => {
  const cwd = await scratch(t);
  flow(undefined, 2 * MIB, 2 * MIB, 2 * MIB);
  const running = startCommand(['pull', reference, 'app.tar'], { cwd });
  await until(() => stalled.size > 0 || running.child.exitCode !== null, 'a layer is under way');
  running.kill('SIGKILL');
  assert.equal((await running.done).signal, 'SIGKILL');
  assert.ok(!existsSync(join(cwd, 'app.tar')));
  flow();
  await succeed(['pull', reference, 'app.tar'], { cwd });
  assert.match(await succeed(['validate', 'oci-archive:app.tar:1'], { cwd }), /: valid /);
});

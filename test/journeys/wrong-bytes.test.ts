/** A wrong byte on the way from a registry: whatever it is in and wherever it goes, it ends with 5, and nothing of it is kept. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { extraBytes, flipByte } from '../../src/testing/faults.ts';
import { combine, type Wrap } from '../../src/testing/wrap.ts';
import { command, succeed } from '../support/command.ts';
import {
  type DamagedRegistry,
  parts,
  startDamagedRegistry,
  withoutLastByte,
  withoutLength,
} from '../support/damaged-registry.ts';
import { unfinishedLayout } from '../support/layout-blobs.ts';
import { rootsOf, scratch } from '../support/layouts.ts';
import { type LoggedRegistry, startLoggedRegistry } from '../support/logged-registry.ts';
import { assertNotThere, assertRefused } from '../support/refusal.ts';

/** What goes wrong, and how the command calls it when it happens to a blob; of a manifest the digest is looked at first. */
const faults: Readonly<Record<string, { readonly wrap: Wrap; readonly code: RegExp }>> = {
  'a wrong byte': { wrap: flipByte(100), code: /\(DIGEST_MISMATCH\)/ },
  'a byte less': { wrap: withoutLastByte(), code: /\(SIZE_MISMATCH\)/ },
  'three bytes more': { wrap: combine(extraBytes(3), withoutLength()), code: /\(SIZE_MISMATCH\)/ },
};

let source: DamagedRegistry;
let target: LoggedRegistry;

before(async () => {
  source = await startDamagedRegistry();
  target = await startLoggedRegistry();
});
afterEach(() => source.damage(undefined));
after(() => Promise.all([source?.close(), target?.close()]));

for (const [fault, { wrap, code }] of Object.entries(faults)) {
  for (const part of parts) {
    test(`G13: ${fault} in the ${part}: a layout gets no tag, and nothing that is not whole`, async (t) => {
      const directory = join(await scratch(t), 'app');
      source.damage(source.digests[part], wrap);
      const isBlob = part === 'layer' || part === 'config';
      assertRefused(
        await command(['pull', source.reference, directory]),
        isBlob ? code : /\(DIGEST_MISMATCH\)/,
        source.digests[part],
      );
      assert.equal(existsSync(directory), isBlob);
      if (isBlob) {
        const { blobs, partials } = await unfinishedLayout(directory);
        assert.ok(!blobs.has(source.digests[part]) && !partials.has(source.digests[part]));
        assert.deepEqual(await rootsOf(directory), []);
      }
      source.damage(undefined);
      await succeed(['pull', source.reference, directory]);
      await succeed(['validate', `oci:${directory}:1`]);
      assert.deepEqual((await unfinishedLayout(directory)).partials, new Map());
    });
  }
}

for (const part of parts) {
  test(`G13: a wrong byte in the ${part}: another registry gets neither it nor the tag`, async () => {
    source.damage(source.digests[part], flipByte(100));
    const name = `copied/${part}`;
    assertRefused(
      await command(['copy', source.reference, `${target.host}/${name}:1`]),
      /\(DIGEST_MISMATCH\)/,
      source.digests[part],
    );
    await assertNotThere(target, name, source.digests.index, source.digests[part]);
  });

  test(`G13: a wrong byte in the ${part}: no archive appears`, async (t) => {
    const cwd = await scratch(t);
    source.damage(source.digests[part], flipByte(100));
    assertRefused(
      await command(['pull', source.reference, 'app.tar'], { cwd }),
      /\(DIGEST_MISMATCH\)/,
      source.digests[part],
    );
    assert.deepEqual(await readdir(cwd), []);
  });
}

test('a layer of the wrong size does not get to another registry', async () => {
  for (const fault of ['a byte less', 'three bytes more'] as const) {
    source.damage(source.digests.layer, faults[fault]?.wrap);
    const args = ['copy', source.reference, `${target.host}/copied/size:1`];
    assertRefused(await command(args), /\(SIZE_MISMATCH\)/, source.digests.layer);
    await assertNotThere(target, 'copied/size', source.digests.index, source.digests.layer);
  }
});

test('an archive that stood there before is left as it was', async (t) => {
  const cwd = await scratch(t);
  const digest = (await succeed(['digest', source.reference])).trim();
  await succeed(['pull', source.reference, 'app.tar'], { cwd });
  source.damage(source.digests.layer, flipByte(100));
  assert.equal((await command(['pull', '--force', source.reference, 'app.tar'], { cwd })).code, 5);
  assert.deepEqual(await readdir(cwd), ['app.tar']);
  assert.equal(await succeed(['digest', 'oci-archive:app.tar'], { cwd }), `${digest}\n`);
});

test('plain layer files and single blobs do not appear either', async (t) => {
  const cwd = await scratch(t);
  source.damage(source.digests.layer, flipByte(100));
  const layers = await command(['pull', '--layers', 'layers', '--platform', 'linux/amd64', source.reference], { cwd });
  assertRefused(layers, /\(DIGEST_MISMATCH\)/, source.digests.layer);
  const kept = await readdir(join(cwd, 'layers')).catch(() => []);
  assert.ok(!kept.some((file) => file.includes(source.digests.layer.slice('sha256:'.length))), kept.join());
  const blob = ['blob', 'get', '--output', 'blob', `${source.host}/team/app@${source.digests.layer}`];
  assertRefused(await command(blob, { cwd }), /\(DIGEST_MISMATCH\)/, source.digests.layer);
  assert.ok(!(await readdir(cwd)).some((file) => file.startsWith('blob')));
});

describe('validate', () => {
  for (const part of parts) {
    test(`names the ${part} that is wrong, and nothing else`, async () => {
      source.damage(source.digests[part], flipByte(100));
      const { code, stdout, stderr } = await command(['validate', source.reference]);
      assert.equal(code, 5);
      const told = (stdout + stderr).split('\n').filter((line) => /\([A-Z]+_[A-Z]+\)/.test(line));
      assert.equal(told.length, 1, told.join('\n'));
      assert.match(told[0] ?? '', new RegExp(`${source.digests[part]}.*\\(DIGEST_MISMATCH\\)`));
    });
  }
});

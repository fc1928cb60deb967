/**
 * The same input is the same digest, whoever makes an image of it, and where and when: each command is run as a script would, and its
 * whole output compared, byte for byte.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { accessSync, constants, rmSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { newerNode, NO_NEWER_NODE } from '../support/newer-node.ts';
import { makeInputs, type Setting } from '../support/reproduction/inputs.ts';
import { type Outcome, outcomes, UNCOMPRESSED, WAYS } from '../support/reproduction/ways.ts';

type Outcomes = Readonly<Record<string, Outcome>>;

let first: Outcomes;
const folders: string[] = [];

/** Goes every way in a setting. */
async function inSetting(setting: Setting): Promise<Outcomes> {
  const folder = await makeInputs(setting);
  folders.push(folder);
  return outcomes(folder, setting);
}

before(async () => {
  first = await inSetting({ env: { TZ: 'UTC', LC_ALL: 'C' } });
});
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const RAMDISK = '/dev/shm';
const NOBODY = 65_534;

describe('CAP-G9 CAP-G5 CAP-G1 CAP-G7 CAP-G10 CAP-G11 CAP-I1: what append, mutate, flatten, convert and artifact push make', () => {
  test('is something else for each, and of all layers', () => {
    assert.deepEqual(Object.keys(first), Object.keys(WAYS));
    const digests = Object.values(first).map(({ printed }) => printed.slice(printed.indexOf('@')));
    // What comes from a pipe is what comes from the file.
    assert.equal(new Set(digests).size, digests.length - 1);
    assert.equal(digests[0], digests[2]);
    for (const { printed, diffIds } of Object.values(first)) {
      assert.match(printed, /^oci:\w+:1@sha256:[0-9a-f]{64}\n$/);
      assert.ok(diffIds.length > 0 && diffIds.every(({ length }) => length > 0));
    }
  });

  test('is the same in another time zone, in another language, and under another umask', async () => {
    const setting = { env: { TZ: 'Pacific/Kiritimati', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8' }, umask: '077' };
    assert.deepEqual(await inSetting(setting), first);
    const env = { TZ: 'America/St_Johns', LANG: 'sv_SE.UTF-8', LC_COLLATE: 'sv_SE.UTF-8' };
    assert.deepEqual(await inSetting({ env, umask: '000' }), first);
  });

  test('is the same of files made in another order, at another time, on another file system', async () => {
    assert.deepEqual(await inSetting({ isReversed: true, mtime: 1_800_000_000.25 }), first);
    const place = isWritable(RAMDISK) ? RAMDISK : undefined;
    assert.deepEqual(await inSetting({ isReversed: true, mtime: 2_000_000_000, ...(place && { place }) }), first);
  });

  test('is the same for another user', async (t) => {
    if (!canRunAs(NOBODY)) return t.skip('skipped: this process cannot run Node.js as another user');
    const setting = { uid: NOBODY, umask: '027', env: { TZ: 'Asia/Kathmandu', USER: 'nobody', HOME: '/nonexistent' } };
    assert.deepEqual(await inSetting(setting), first);
  });

  test('unpacks to the same under a newer Node.js, and is the same where nothing was compressed', async (t) => {
    const node = await newerNode();
    if (node === undefined) return t.skip(NO_NEWER_NODE);
    const newer = await inSetting({ node });
    for (const [name, { diffIds }] of Object.entries(newer)) assert.deepEqual(diffIds, first[name]?.diffIds, name);
    for (const name of UNCOMPRESSED) assert.deepEqual(newer[name], first[name], name);
  });
});

function canRunAs(uid: number): boolean {
  return process.getuid?.() === 0 && spawnSync(process.execPath, ['--version'], { uid, gid: uid }).status === 0;
}

function isWritable(place: string): boolean {
  try {
    accessSync(place, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

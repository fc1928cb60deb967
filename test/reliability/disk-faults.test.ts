/**
 * Every call that writes to the disk, of every verb that does, gone wrong in every way that a disk knows: once, and from then on for
 * ever. What stands there is old or new and whole, the failure is one of ours, nothing stays open, and the next run does it.
 * `LADING_WHOLE=1` runs all of it, else a sample is.
 */
import assert from 'node:assert/strict';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type DiskCall, judgeDisk, type Verdict } from '../support/disk/disk-calls.ts';
import { openVerbs, runVerb, type Verb, type Verbs, verbNames } from '../support/disk/layout-verbs.ts';
import { openBelow } from '../support/open-below.ts';
import type { TemporaryDirectory } from '../support/real/temporary.ts';
import { memoryDirectory } from '../support/small-disk.ts';
import { sample, seededRandom } from '../support/seeded.ts';
import { tellCells } from '../support/cells.ts';
import type { CliResult } from '../support/cli.ts';

const SAMPLE = 12;

interface Fault {
  readonly verdict: Verdict;
  readonly meets: (call: DiskCall) => boolean;
  /** What it is called by whoever meets it. */
  readonly codes: readonly string[];
}

/** A lock whose removal fails is taken over as soon as its process is gone; this one stays. */
const isUnlocking = ({ name, path }: DiskCall): boolean => name === 'unlink' && path.endsWith('lock');
const any = (call: DiskCall): boolean => call.isWrite && !isUnlocking(call);
const named =
  (...names: readonly string[]) =>
  ({ name, isWrite }: DiskCall): boolean =>
    isWrite && names.includes(name);

const faults: Readonly<Record<string, Fault>> = {
  ENOSPC: { verdict: { code: 'ENOSPC' }, meets: any, codes: ['DISK_FULL'] },
  EDQUOT: { verdict: { code: 'EDQUOT' }, meets: any, codes: ['DISK_FULL'] },
  EIO: { verdict: { code: 'EIO' }, meets: any, codes: ['IO'] },
  EROFS: { verdict: { code: 'EROFS' }, meets: any, codes: ['IO'] },
  EACCES: { verdict: { code: 'EACCES' }, meets: any, codes: ['IO'] },
  EMFILE: { verdict: { code: 'EMFILE' }, meets: ({ name }) => name === 'open' || name === 'opendir', codes: ['IO'] },
  'a short write': { verdict: 'half', meets: named('handle.write', 'handle.writev'), codes: [] },
  'a failing sync': { verdict: { code: 'EIO' }, meets: named('handle.sync'), codes: ['IO'] },
  'a failing rename': { verdict: { code: 'EIO' }, meets: named('rename', 'link'), codes: ['IO'] },
};

interface Cell {
  readonly name: string;
  readonly fault: Fault;
  readonly at: number;
  readonly forEver: boolean;
}

let work: TemporaryDirectory;
let world: Verbs;
let count = 0;

before(async () => {
  work = await memoryDirectory('faults');
  world = await openVerbs(work.path);
});
after(async () => {
  await world?.close();
  await work?.remove();
});

/** Runs it while the disk fails as told, in a folder that was made ready. */
async function failing(verb: Verb, folder: string, fault: Fault, isMet: (nth: number) => boolean): Promise<Failing> {
  let nth = 0;
  const met: string[] = [];
  const restore = await judgeDisk(folder, (call) => {
    if (!fault.meets(call) || !isMet(nth++)) return 'go on';
    met.push(`${call.name} ${call.path.slice(folder.length)}`);
    return fault.verdict;
  });
  try {
    return { result: await runVerb(verb, folder), met, calls: nth };
  } finally {
    restore();
  }
}

interface Failing {
  readonly result: CliResult;
  /** What failed. */
  readonly met: readonly string[];
  readonly calls: number;
}

async function madeReady(verb: Verb): Promise<string> {
  const folder = join(work.path, `cell-${count++}`);
  await mkdir(folder);
  await verb.prepare(folder);
  return folder;
}

/** How often each fault could be met. */
async function cellsOf(verb: Verb): Promise<Cell[]> {
  const cells: Cell[] = [];
  for (const [name, fault] of Object.entries(faults)) {
    const folder = await madeReady(verb);
    const { calls, result } = await failing(verb, folder, fault, () => false);
    assert.equal(result.code, 0, result.stderr);
    await verb.assertDone(folder);
    for (let at = 0; at < calls; at++) for (const forEver of [false, true]) cells.push({ name, fault, at, forEver });
    await rm(folder, { recursive: true });
  }
  return cells;
}

async function assertCell(verb: Verb, { name, fault, at, forEver }: Cell, isServer: boolean): Promise<void> {
  const folder = await madeReady(verb);
  const { result, met } = await failing(verb, folder, fault, (nth) => nth === at || (forEver && nth > at));
  const what = `${name} ${forEver ? 'from' : 'at'} ${at} (${met.slice(0, 3).join('; ')}): ${result.stderr}`;
  try {
    if (result.code !== 0) {
      assert.doesNotMatch(result.stderr, /^ +at /m);
      const code = /error: .*\(([A-Z_]+)\)(?:;|$)/m.exec(result.stderr)?.[1];
      // Over the wire, a server's disk is nobody's business but that it is full.
      assert.ok(code !== undefined && (isServer || fault.codes.includes(code)), `called ${code}`);
    }
    // What the disk would not remove is nobody's fault.
    for (const one of met)
      if (/^(unlink|rm) .*\.tmp/.test(one)) await rm(join(folder, one.replace(/^\w+ /, '')), { force: true });
    await verb.assertSafe(folder);
    assert.deepEqual(openBelow(folder), []);
    const again = await runVerb(verb, folder);
    assert.equal(again.code, 0, `the next run: ${again.stderr}`);
    await verb.assertDone(folder);
  } catch (error) {
    throw new Error(what, { cause: error });
  }
  await rm(folder, { recursive: true });
}

describe('a disk that fails', () => {
  for (const name of verbNames) {
    test(`${name}: leaves old or new, says why, and the next run does it`, { timeout: 1_800_000 }, async (t) => {
      const verb = world.verbs[name];
      const cells = sample(await cellsOf(verb), SAMPLE, seededRandom(name.length));
      const failed: unknown[] = [];
      for (const cell of cells)
        await assertCell(verb, cell, name === 'push').catch((error: unknown) => failed.push(error));
      tellCells(t, cells.length, failed.length);
      assert.equal(
        failed.length,
        0,
        failed.map((error) => `${(error as Error).message}\n${String((error as Error).cause)}`).join('\n'),
      );
    });
  }
});

/** Compiled code is kept for the next start by a Node that can: in the user's own cache, and nowhere else. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { newerNode, NO_NEWER_NODE } from '../support/newer-node.ts';
import { builtProgram, commandFile, executable } from '../support/program.ts';

const run = promisify(execFile);
/** An executable has its runtime in it, and no cache. */
const reason = executable === undefined ? NO_NEWER_NODE : 'an executable runs on no other Node.js';
let work: string;
let node: string | undefined;

before(async () => {
  work = await mkdtemp(join(tmpdir(), 'lading-compiled-'));
  node = executable === undefined ? await newerNode() : undefined;
});
after(() => rm(work, { recursive: true, force: true }));

/** Runs a command that needs no registry, with all that may hold a cache in one folder of its own. */
async function parse(name: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const base = join(work, name);
  for (const folder of ['home', 'tmp']) await mkdir(join(base, folder), { recursive: true });
  const [file, ...words] = builtProgram(commandFile, node);
  const place = { PATH: process.env.PATH, HOME: join(base, 'home'), TMPDIR: join(base, 'tmp') };
  const { stdout } = await run(file, [...words, 'parse', 'alpine:3.20'], { env: { ...place, ...env } });
  assert.match(stdout, /docker\.io\/library\/alpine:3\.20/);
  assert.deepEqual(await readdir(join(base, 'tmp')), []);
  return base;
}

describe('what a newer Node has compiled', () => {
  test('is kept in the cache of the user, for nobody else to write', async (t) => {
    if (node === undefined) return t.skip(reason);
    const cache = join(await parse('usual'), 'home', '.cache', 'lading');
    assert.equal((await stat(cache)).mode & 0o077, 0);
    const [version = '', ...others] = await readdir(join(cache, 'compiled'));
    assert.deepEqual(others, []);
    const kept = await readdir(join(cache, 'compiled', version));
    assert.ok(kept.length > 0);
    await parse('usual');
    assert.deepEqual(await readdir(join(cache, 'compiled', version)), kept, 'what is there is used');
  });

  test('is kept where XDG_CACHE_HOME says', async (t) => {
    if (node === undefined) return t.skip(reason);
    const named = join(work, 'named');
    const base = await parse('xdg', { XDG_CACHE_HOME: named });
    assert.deepEqual(await readdir(join(named, 'lading')), ['compiled']);
    assert.deepEqual(await readdir(join(base, 'home')), []);
  });

  test('is not kept where others can write', async (t) => {
    if (node === undefined) return t.skip(reason);
    const cache = join(work, 'open', 'home', '.cache', 'lading');
    await mkdir(cache, { recursive: true });
    await chmod(cache, 0o777);
    await parse('open');
    assert.deepEqual(await readdir(cache), []);
  });

  test('is not kept where there is no home', async (t) => {
    if (node === undefined) return t.skip(reason);
    await parse('nobody', { HOME: join(work, 'nobody', 'gone') });
    assert.deepEqual((await readdir(join(work, 'nobody'))).toSorted(), ['home', 'tmp']);
  });
});

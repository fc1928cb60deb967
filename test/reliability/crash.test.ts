/**
 * SIGKILL at random points of every verb that writes: within a call to the disk, half of what it writes written. What is left is old or
 * new and whole, or marked as a part, and the next run does it and asks only for what is missing. The points come again with the seed.
 * `LADING_WHOLE=1` kills a pull 300 times and the others 60 times, else a few.
 */
import assert from 'node:assert/strict';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { serve } from '../../src/node/serve/serve.ts';
import { directoryRegistry } from '../../src/node/directory/directory-registry.ts';
import type { AccessLogEntry } from '../../src/server/access-log.ts';
import { createServer } from '../../src/server/app.ts';
import { cli } from '../support/cli.ts';
import type { CommandResult } from '../support/command.ts';
import { type MortalCommands, mortalCommands } from '../support/disk/mortal-command.ts';
import { openVerbs, runVerb, type Verb, type Verbs } from '../support/disk/layout-verbs.ts';
import { total, unfinishedLayout } from '../support/layout-blobs.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/real/temporary.ts';
import { isWhole, seededRandom } from '../support/seeded.ts';
import { tellCells } from '../support/cells.ts';

const KILLS = { pull: isWhole ? 300 : 3, other: isWhole ? 60 : 3 };
/** A manifest, headers and what else goes over the wire. */
const SLACK = 16 * 1024;

let work: TemporaryDirectory;
let world: Verbs;
let mortal: MortalCommands;

before(async () => {
  work = await temporaryDirectory('crash');
  world = await openVerbs(work.path);
  mortal = await mortalCommands(work.path);
});
after(async () => {
  await world?.close();
  await work?.remove();
});

/** Runs the verb's process until its end, or until it dies with that call. */
type Run = (verb: Verb, folder: string, diesAt?: number) => Promise<CommandResult>;

const alone: Run = (verb, folder, diesAt) => mortal.start(verb.line(folder), folder, diesAt).done;

/** Of a push the server is killed, while the client goes on for as long as it can. */
const served: Run = async (verb, folder, diesAt) => {
  const server = mortal.start({ args: ['serve', folder, '--port', '0'], options: { stdin: '' } }, folder, diesAt);
  const host = await new Promise<string>((resolve) => {
    server.child.stdout.once('data', (line: Buffer) => resolve(line.toString().trim().replace('http://', '')));
    void server.done.then(() => resolve('127.0.0.1:1'));
  });
  const pushed = await cli(verb.line(folder).args.map((arg) => arg.replace('SERVER', host)));
  if (diesAt === undefined) assert.equal(pushed.code, 0, pushed.stderr);
  server.kill('SIGTERM');
  return server.done;
};

/** Does it once more, without a death. @returns the bytes that went over the wire */
async function again(verb: Verb, folder: string, isPush: boolean): Promise<number> {
  if (!isPush) {
    world.source.served();
    const { code, stderr } = await runVerb(verb, folder);
    assert.equal(code, 0, `the next run: ${stderr}`);
    return world.source.served();
  }
  const log: AccessLogEntry[] = [];
  const registry = directoryRegistry(folder);
  const { host, close } = await serve(createServer({ registry, log: (entry) => log.push(entry) }));
  const { code, stderr } = await cli(verb.line(folder).args.map((arg) => arg.replace('SERVER', host)));
  await close();
  assert.equal(code, 0, `the next run: ${stderr}`);
  return total(log.map(({ bytesIn }) => bytesIn));
}

const layoutOf: Readonly<Record<string, string>> = { pull: '', push: 'app' };

/** What of the new image is not there yet; nobody counts where nothing goes over the wire. */
async function missing(name: string, folder: string): Promise<number> {
  const place = layoutOf[name];
  if (place === undefined) return 0;
  const { blobs, partials } = await unfinishedLayout(join(folder, place));
  const lengths = [...world.fresh.blobs.map(({ descriptor }) => descriptor), world.fresh.descriptor].map(
    ({ digest, size }) => (blobs.has(digest) ? 0 : size - (partials.get(digest) ?? 0)),
  );
  return total(lengths);
}

async function killed(name: string, verb: Verb, run: Run, diesAt: number): Promise<boolean> {
  const folder = join(work.path, `${name}-${diesAt}`);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
  await verb.prepare(folder);
  const { signal, code, stderr } = await run(verb, folder, diesAt);
  assert.ok(signal === 'SIGKILL' || code === 0 || name === 'push', `it ended with ${code ?? signal}: ${stderr}`);
  await verb.assertSafe(folder, { isDead: true });
  const wanted = await missing(name, folder);
  const moved = await again(verb, folder, name === 'push');
  if (name in layoutOf) assert.ok(moved <= wanted + SLACK, `${moved} bytes for ${wanted} missing ones`);
  await verb.assertDone(folder);
  await rm(folder, { recursive: true });
  return signal === 'SIGKILL';
}

async function countCalls(verb: Verb, run: Run): Promise<number> {
  const folder = join(work.path, 'counted');
  await mkdir(folder);
  await verb.prepare(folder);
  const { code, stderr } = await run(verb, folder);
  assert.ok(code === 0 || code === 143, stderr);
  await verb.assertDone(folder);
  await rm(folder, { recursive: true });
  return mortal.calls();
}

describe('G36: killed at random points', () => {
  for (const [name, run] of [
    ['pull', alone],
    ['copy', alone],
    ['login', alone],
    ['push', served],
    ['gc', alone],
  ] as const) {
    const kills = name === 'pull' ? KILLS.pull : KILLS.other;
    test(`G36: ${name}, ${kills} times: what is left is whole, and the next run fetches only the rest`, {
      timeout: 1_800_000,
    }, async (t) => {
      const verb = world.verbs[name];
      const calls = await countCalls(verb, run);
      assert.ok(calls > 5, `${calls} calls`);
      const random = seededRandom(36 + name.length);
      const failures: string[] = [];
      let deaths = 0;
      for (let at = 0; at < kills; at++) {
        const diesAt = random(calls);
        await killed(name, verb, run, diesAt).then(
          (died) => void (deaths += Number(died)),
          (error: unknown) => failures.push(`at call ${diesAt} of ${calls}: ${String(error)}`),
        );
      }
      tellCells(t, kills, failures.length);
      t.diagnostic(`${deaths} of ${kills} were killed`);
      assert.deepEqual(failures, []);
      assert.ok(deaths > kills / 2, 'most of them were killed');
    });
  }
});

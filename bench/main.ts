/**
 * The bench: the same images moved by us and by the peers, in turns, after a warm-up; medians with minimum and maximum,
 * and ratios of medians. Speed is only ever shown so, never tested.
 *
 *   npm run bench [-- pull|push|copy|memory ...] [--rounds N] [--json]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { copy } from '../src/graph/copy.ts';
import { directoryStore } from '../src/node/directory/directory.ts';
import { createClient } from '../src/node/index.ts';
import { type DockerRegistry, startDockerRegistry } from '../test/support/real/docker-registry.ts';
import { type Contestant, contestants, type Work } from './contestants.ts';
import { buildCorpus, images } from './corpus.ts';
import { measure, type Sample } from './measure.ts';
import { printMemory, printWork } from './report.ts';
import type { Result } from './statistics.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '11' }, json: { type: 'boolean', default: false } },
});

interface Ground {
  readonly layout: string;
  readonly scratch: string;
  readonly from: DockerRegistry;
  readonly to: DockerRegistry;
  readonly digests: Readonly<Record<string, string>>;
}

let runs = 0;

/** One run, into a place that was never written to. */
async function once(ground: Ground, contestant: Contestant, work: Work, tag: string): Promise<Sample | undefined> {
  const run = ++runs;
  const fresh = join(ground.scratch, `layout-${run}`);
  const command = contestant.command(work, {
    from: `${ground.from.host}/bench/image:${tag}`,
    to: `${ground.to.host}/bench/run-${run}:${tag}`,
    tag,
    layout: work === 'push' ? ground.layout : fresh,
  });
  if (command === undefined) return undefined;
  // A home of its own each: nobody remembers where a blob was seen before.
  const env = { ...process.env, HOME: fresh, XDG_DATA_HOME: fresh, BENCH_MANIFEST: ground.digests[tag] };
  await rm('/var/lib/containers/cache', { recursive: true, force: true });
  try {
    return await measure(command, env);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

async function compete(
  ground: Ground,
  work: Work,
  tag: string,
  players: readonly Contestant[],
  rounds: number,
): Promise<Result[]> {
  const samples = new Map<string, Sample[]>();
  for (let round = -1; round < rounds; round++) {
    for (const player of players) {
      const sample = await once(ground, player, work, tag);
      if (sample === undefined || round < 0) continue;
      samples.set(player.name, [...(samples.get(player.name) ?? []), sample]);
    }
    process.stderr.write(`\r${work} ${tag}: round ${Math.max(0, round + 1)} of ${rounds} `);
  }
  process.stderr.write('\n');
  return [...samples].map(([name, taken]) => ({ work, name, samples: taken }));
}

async function prepare(scratch: string, layout: string): Promise<Ground> {
  const [from, to] = await Promise.all([startDockerRegistry(), startDockerRegistry()]);
  const client = createClient({ credentials: async () => undefined });
  const digests: Record<string, string> = {};
  for (const tag of Object.keys(images)) {
    const { digest } = await copy(directoryStore(layout), tag, client.repository(`${from.host}/bench/image`), {
      tags: [tag],
    });
    digests[tag] = digest;
  }
  await client.close();
  return { layout, scratch, from, to, digests };
}

async function main(): Promise<void> {
  const players = contestants();
  for (const name of ['lading', 'skopeo', 'curl']) {
    if (!players.some((player) => player.name === name)) throw new Error(`the bench needs ${name} on PATH`);
  }
  const works = positionals.length === 0 ? ['pull', 'copy', 'push', 'memory'] : positionals;
  const cache = fileURLToPath(new URL('../.bench', import.meta.url));
  const layout = await buildCorpus(cache);
  const scratch = await mkdtemp(join(tmpdir(), 'lading-bench-'));
  const ground = await prepare(scratch, layout);
  try {
    const results: Result[] = [];
    for (const work of ['pull', 'copy', 'push'] as const) {
      if (!works.includes(work)) continue;
      const of = await compete(ground, work, 'large', players, Number(values.rounds));
      results.push(...of);
      if (!values.json) printWork(work, of, players);
    }
    if (works.includes('memory')) await memory(ground, players, results);
    if (values.json)
      console.log(JSON.stringify({ players: players.map(({ name, version }) => ({ name, version })), results }));
  } finally {
    await Promise.all([ground.from.stop(), ground.to.stop()]);
    await rm(scratch, { recursive: true, force: true });
  }
}

/** The peak memory of each work, for the small image and the large one. */
async function memory(ground: Ground, players: readonly Contestant[], results: Result[]): Promise<void> {
  const us = players.filter(({ name }) => name === 'lading');
  for (const work of ['pull', 'copy', 'push'] as const) {
    const [small] = await compete(ground, work, 'small', us, 5);
    const [large] = results.filter((result) => result.work === work && result.name === 'lading');
    const [measured] = large === undefined ? await compete(ground, work, 'large', us, 5) : [large];
    if (small === undefined || measured === undefined) continue;
    results.push({ ...small, work: `${work} small` });
    if (!values.json) printMemory(work, small, measured);
  }
}

await main();

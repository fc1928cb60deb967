/** Runs the works of scale: each size some rounds, against a registry that offers so much. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Daemon, startDaemon } from '../../test/support/real/daemon.ts';
import { type Cost, measure } from '../measure.ts';
import { allSeries, type Kind, type Series } from './works.ts';

/** One series, measured. */
export interface Scaled extends Pick<Series, 'kind' | 'title' | 'unit' | 'memory'> {
  readonly points: readonly Point[];
}

export interface Point {
  readonly size: number;
  readonly samples: readonly Cost[];
}

export interface ScaleOptions {
  readonly program: readonly string[];
  readonly rounds: number;
  readonly onPoint: (title: string, size: number) => void;
}

/** More would take an hour, and the sizes tell on each other. */
const MAX_ROUNDS = 3;

export async function measureScale(options: ScaleOptions): Promise<readonly Scaled[]> {
  const all: Scaled[] = [];
  for (const { kind, title, unit, memory, sizes, words } of allSeries) {
    const points: Point[] = [];
    for (const size of sizes) {
      points.push({ size, samples: await measurePoint(kind, size, words, options) });
      options.onPoint(title, size);
    }
    all.push({ kind, title, unit, memory, points });
  }
  return all;
}

async function measurePoint(
  kind: Kind,
  size: number,
  words: Series['words'],
  { program, rounds }: ScaleOptions,
): Promise<readonly Cost[]> {
  const server = await startServer(kind, size);
  try {
    const [, host = ''] = await server.printed(/listening on (127\.0\.0\.1:\d+)/);
    const samples: Cost[] = [];
    for (let round = 0; round < Math.min(rounds, MAX_ROUNDS); round++) {
      samples.push(await runOnce((layout) => [...program, ...words(host, layout)]));
    }
    return samples;
  } finally {
    await server.stop();
  }
}

function startServer(kind: Kind, size: number): Promise<Daemon> {
  const path = fileURLToPath(new URL('server.ts', import.meta.url));
  return startDaemon(process.execPath, ['--import', 'tsx', '-C', 'source', path, kind, String(size)]);
}

async function runOnce(command: (layout: string) => readonly string[]): Promise<Cost> {
  const fresh = await mkdtemp(join(tmpdir(), 'lading-scale-'));
  try {
    const env = { PATH: process.env.PATH, HOME: fresh, XDG_CACHE_HOME: fresh, XDG_CONFIG_HOME: fresh };
    return await measure(command(join(fresh, 'layout')), env, join(fresh, 'time'));
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/** Runs cells of the matrix, each in both ways, a family after the other; after each family nothing of it may be left. */
import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Cell, Family, Way } from './matrix-cells.ts';
import { type Outcome, runCell } from './matrix-run.ts';
import { type RegistryKind, startWorld, type World } from './matrix-world.ts';

export interface MatrixOptions {
  readonly registry: RegistryKind;
  readonly seed: number;
  /** How many run beside each other. */
  readonly lanes: number;
  readonly onFamily?: (report: FamilyReport) => void;
}

export interface FamilyReport {
  readonly family: Family;
  readonly cells: number;
  readonly runs: number;
  /** What went wrong, a line each. */
  readonly failures: readonly string[];
}

const ways: readonly Way[] = ['once', 'persistent'];

export async function runMatrix(cells: readonly Cell[], options: MatrixOptions): Promise<readonly FamilyReport[]> {
  const { registry, seed, lanes, onFamily } = options;
  const worlds: World[] = [];
  const reports: FamilyReport[] = [];
  try {
    for (let lane = 0; lane < lanes; lane++) worlds.push(await startWorld(registry, seed + lane));
    const before = await leftOver(worlds);
    for (const [family, members] of byFamily(cells)) {
      const failures = await runFamily(worlds, members, seed);
      failures.push(...(await leaks(worlds, before)));
      const report = { family, cells: members.length, runs: members.length * ways.length, failures };
      reports.push(report);
      onFamily?.(report);
    }
  } finally {
    for (const world of worlds) await world.stop();
  }
  return reports;
}

function byFamily(cells: readonly Cell[]): ReadonlyMap<Family, readonly Cell[]> {
  const families = new Map<Family, Cell[]>();
  for (const cell of cells) families.set(cell.family, [...(families.get(cell.family) ?? []), cell]);
  return families;
}

async function runFamily(worlds: readonly World[], cells: readonly Cell[], seed: number): Promise<string[]> {
  const failures: string[] = [];
  const jobs = cells.flatMap((cell) => ways.map((way) => ({ cell, way })));
  const work = async (world: World): Promise<void> => {
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
      const { cell, way } = job;
      const outcome = await runCell(world, cell, way, `${seed} ${cell.fault} ${cell.name} ${way}`);
      const complaint = complaintOf(cell, way, outcome);
      if (complaint !== undefined) failures.push(complaint);
    }
  };
  await Promise.all(worlds.map(work));
  return failures;
}

function complaintOf({ fault, name, expected }: Cell, way: Way, outcome: Outcome): string | undefined {
  const what = `${fault}, ${way}: ${name}`;
  if (typeof outcome === 'object') return `${what}: ${outcome.wrong}`;
  const wanted = expected[way];
  return wanted.includes(outcome) ? undefined : `${what}: ${outcome}, not ${wanted.join(' or ')}`;
}

const GIVEN_MS = 5000;

/** What is alive beyond what was at the beginning, when all that ends by itself has. */
async function leaks(worlds: readonly World[], before: readonly string[]): Promise<readonly string[]> {
  let more: readonly string[] = [];
  for (let waited = 0; waited < GIVEN_MS; waited += 50) {
    more = beyond(await leftOver(worlds), before);
    if (more.length === 0) return [];
    await delay(50);
  }
  const kinds = [...new Set(more)].map((kind) => `${more.filter((one) => one === kind).length} of ${kind}`);
  return [`still alive: ${kinds.join(', ')}`];
}

async function leftOver(worlds: readonly World[]): Promise<readonly string[]> {
  for (const { client } of worlds) await client.close();
  const proxies = worlds.flatMap(({ plain, tls, tokens }) => [plain, tls, tokens]);
  const open = proxies.flatMap((proxy) => Array.from({ length: proxy.open }, () => 'a connection to a proxy'));
  const resources = process.getActiveResourcesInfo().filter((name) => name !== 'Immediate');
  return [...resources, ...open, ...descriptors()];
}

/** Where the system tells them. */
function descriptors(): readonly string[] {
  try {
    return readdirSync('/proc/self/fd').map(() => 'a descriptor');
  } catch {
    return [];
  }
}

function beyond(now: readonly string[], before: readonly string[]): readonly string[] {
  const left = [...before];
  return now.filter((name) => {
    const at = left.indexOf(name);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

/** Who takes part: us on every runtime that is named, a bare Node, the peers that are on PATH, and curl as the limit. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { findTool } from '../test/support/real/find-tool.ts';
import { TIME } from './measure.ts';
import { packageVersion, peersPath } from './peers.ts';
import type { Player } from './setting.ts';
import {
  bareNodeWords,
  craneWords,
  curlWords,
  ladingWords,
  orasWords,
  regctlWords,
  skopeoWords,
  type Words,
} from './words.ts';
import type { Work } from './works.ts';

export interface Contestant extends Player {
  /** The contestant that it cannot be below. */
  readonly base?: string | undefined;
  readonly words: Words;
}

/** Ours on the Node that runs the bench: what the ratios are of. */
export const US = 'lading';
export const EXECUTABLE = 'lading, executable';

const programs: Readonly<Record<string, Pick<Contestant, 'role' | 'words'>>> = {
  skopeo: { role: 'peer', words: skopeoWords },
  oras: { role: 'peer', words: orasWords },
  crane: { role: 'peer', words: craneWords },
  regctl: { role: 'peer', words: regctlWords },
  curl: { role: 'limit', words: curlWords },
};
const NOWHERE = { from: '', to: '', tag: '', layout: '' };

/** The command as it was built. */
export const lading: string = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

/** Those that are here, with their versions, and the names of the peers that are not. */
export function contestants(env: NodeJS.ProcessEnv = process.env): {
  readonly players: readonly Contestant[];
  readonly absent: readonly string[];
} {
  const others = Object.entries(programs).map(([name, { role, words }]): Contestant | undefined => {
    const version = versionOf(words.version?.(NOWHERE) ?? []);
    return version === undefined ? undefined : { name, version, words, role };
  });
  const present = [...ours(env), ...others].filter((player) => player !== undefined);
  const players = [...new Map(present.map((player) => [player.name, player])).values()];
  const absent = Object.keys(programs).filter((name) => !players.some((player) => player.name === name));
  return { players, absent };
}

function ours({ LADING_BENCH_NODES = '', LADING_BENCH_EXECUTABLE }: NodeJS.ProcessEnv): (Contestant | undefined)[] {
  const more = LADING_BENCH_NODES.split(',').filter((node) => node !== '');
  const nodes = [process.execPath, ...more].flatMap((node, at) => onNode(node, at === 0));
  if (LADING_BENCH_EXECUTABLE === undefined) return nodes;
  const program = [LADING_BENCH_EXECUTABLE];
  const version = required(LADING_BENCH_EXECUTABLE, versionOf([...program, '--version']));
  return [...nodes, { name: EXECUTABLE, version, words: ladingWords(program), role: 'start' }];
}

function onNode(node: string, isFirst: boolean): (Contestant | undefined)[] {
  const nodeVersion = required(node, versionOf([node, '--version']));
  const base = `node ${nodeVersion} -e 0`;
  const program = [node, lading];
  const version = versionOf([...program, '--version']);
  const name = isFirst ? US : `lading, node ${nodeVersion}`;
  return [
    version === undefined
      ? undefined
      : { name, version, base, words: ladingWords(program), role: isFirst ? 'us' : 'start' },
    { name: base, version: nodeVersion, words: bareNodeWords(node), role: 'start' },
  ];
}

/** Does it take part in the work? */
export function takesPart({ name, role, words }: Contestant, work: Work): boolean {
  if (words[work.action] === undefined) return false;
  if (work.alone) return role === 'us';
  if (name === EXECUTABLE) return true;
  if (role === 'start') return ['latency', 'distance', 'list'].includes(work.group);
  return role !== 'limit' || work.standing === undefined;
}

/** @throws Error of one line that names all that is missing */
export function requireTools(players: readonly Contestant[]): void {
  const missing = [US, 'skopeo', 'curl'].filter((name) => !players.some((player) => player.name === name));
  if (findTool('docker-registry') === undefined) missing.push('docker-registry');
  if (!existsSync(TIME)) missing.push('time');
  if (missing.length === 0) return;
  throw new Error(
    `the bench needs ${missing.join(', ')} (apt-get install skopeo curl docker-registry time; npm run build)`,
  );
}

function required(program: string, version: string | undefined): string {
  if (version === undefined) throw new Error(`the bench was told to run ${program}, which does not run`);
  return version;
}

function versionOf([program = '', ...args]: readonly string[]): string | undefined {
  try {
    const env = { ...process.env, PATH: peersPath() };
    const output = execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], env });
    return /\d+\.\d+[\w.+-]*/.exec(output)?.[0] ?? packageVersion(program) ?? 'unknown';
  } catch {
    return undefined;
  }
}

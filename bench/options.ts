/** What the command line of the bench asks for. */
import { parseArgs } from 'node:util';
import { type Group, groups } from './works.ts';

export interface BenchOptions {
  readonly groups: readonly Group[];
  readonly rounds: number;
  /** Of the large image. */
  readonly largeMib: number;
  readonly json: boolean;
  /** docs/performance.md. */
  readonly write: boolean;
  /** The line that does the same again. */
  readonly command: string;
}

const USAGE = `npm run bench [-- ${groups.join('|')} ...] [--rounds N] [--size MIB] [--json] [--write]`;

/** @throws Error with the usage, of one line */
export function benchOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parsed(args);
  const isGroup = (word: string): word is Group => (groups as readonly string[]).includes(word);
  const unknown = positionals.find((word) => !isGroup(word));
  if (unknown !== undefined) throw new Error(`${unknown} is no part of the bench: ${USAGE}`);
  const wanted = positionals.filter(isGroup);
  return {
    groups: wanted.length === 0 ? groups : wanted,
    rounds: countOf(values.rounds ?? '11', 'rounds'),
    largeMib: countOf(values.size ?? '1024', 'size'),
    json: values.json ?? false,
    write: values.write ?? false,
    command: ['npm run bench', ...(args.length === 0 ? [] : ['--', ...args])].join(' '),
  };
}

function parsed(args: readonly string[]): {
  readonly values: { rounds?: string; size?: string; json?: boolean; write?: boolean };
  readonly positionals: readonly string[];
} {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        rounds: { type: 'string' },
        size: { type: 'string' },
        json: { type: 'boolean' },
        write: { type: 'boolean' },
      },
    });
  } catch (error) {
    const [first = ''] = (error as Error).message.split('\n');
    throw new Error(`${first}: ${USAGE}`, { cause: error });
  }
}

function countOf(text: string, option: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new Error(`--${option} is a number from 1: ${USAGE}`);
}

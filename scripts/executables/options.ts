/** What the command line of the script asks for. */
import { parseArgs } from 'node:util';
import { hostTarget, MAKERS, type Maker, type Target, TARGETS, targetNames } from './targets.ts';

export interface ExecutableOptions {
  readonly targets: readonly Target[];
  readonly maker: Maker;
  readonly folder: string;
}

/** Where executables are put unless told; git ignores it. */
export const FOLDER = 'dist-executables';

/** All targets unless some are named; `host` is this machine's. @throws Error of one line */
export function executableOptions(args: readonly string[]): ExecutableOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { with: { type: 'string', default: 'bun' }, out: { type: 'string', default: FOLDER } },
  });
  const targets = positionals.length === 0 ? TARGETS : [...new Set(positionals.map(targetNamed))];
  return { targets, maker: makerNamed(values.with), folder: values.out };
}

/** @throws Error of one line */
export function makerNamed(name: string): Maker {
  const maker = MAKERS.find((one) => one === name);
  if (maker === undefined) throw new Error(`--with is ${MAKERS.join(' or ')}, not ${name}`);
  return maker;
}

function targetNamed(name: string): Target {
  const target = name === 'host' ? hostTarget() : TARGETS.find((one) => one.name === name);
  if (target === undefined) throw new Error(`${name} is no target: ${targetNames()}, or host`);
  return target;
}

/** Of a target's executable. */
export function executableFile(folder: string, { name, suffix }: Target, maker: Maker): string {
  return `${folder}/lading-${name}${maker === 'bun' ? '' : `-${maker}`}${suffix}`;
}

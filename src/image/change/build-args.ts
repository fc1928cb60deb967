/**
 * Build arguments, which BuildKit and docker write into the history of an image, secrets among them: `ARG TOKEN=…` where one
 * is declared, `RUN |1 TOKEN=… /bin/sh -c make` (without RUN: the old builder) where it is in force. They are taken out here.
 */
import { isObject } from '../../model/descriptor.ts';

/** A build argument that is to be forgotten. */
export interface BuildArg {
  readonly name: string;
  /** Its value, or a pattern of it, where it cannot be told where that ends: it holds spaces, and the command that follows is no shell's. */
  readonly value?: string | RegExp | undefined;
}

/** The steps of a history without the arguments: the same list where there are none of them. */
export function withoutBuildArgs(steps: readonly unknown[], args: readonly BuildArg[]): readonly unknown[] {
  const names = declaredNames(steps);
  const left = steps.flatMap((step) => {
    if (!isObject(step) || typeof step.created_by !== 'string') return [step];
    const isDeclaration = step.empty_layer === true && args.some((arg) => declares(String(step.created_by), arg));
    // What else it declares is in force in later steps, and told there.
    if (isDeclaration) return [];
    const text = withoutArgs(step.created_by, args, names);
    return [text === step.created_by ? step : { ...step, created_by: text }];
  });
  return left.length === steps.length && left.every((step, at) => step === steps[at]) ? steps : left;
}

const declaration = /^(?:\/bin\/sh -c #\(nop\) +)?ARG\s+(.*)$/s;

function declaredNames(steps: readonly unknown[]): readonly string[] {
  const told = steps.flatMap((step) => (isObject(step) ? [declaration.exec(String(step.created_by))?.[1] ?? ''] : []));
  return told.flatMap((text) => Array.from(text.matchAll(/(?<!\S)(\w+)(?=[=\s]|$)/g), ([, name = '']) => name));
}

function declares(text: string, { name }: BuildArg): boolean {
  const declared = declaration.exec(text)?.[1];
  return declared !== undefined && new RegExp(`(?<!\\S)${escaped(name)}(?=[=\\s]|$)`).test(declared);
}

/** A list of arguments in force: how many, and what follows. */
const inForce = /^((?:RUN )?)\|(\d{1,3}) (.*)$/s;

function withoutArgs(text: string, args: readonly BuildArg[], names: readonly string[]): string {
  const [, run = '', count = '0', list = ''] = inForce.exec(text) ?? [];
  const declared = names.map(escaped).join('|');
  const split = splitList(list, Number(count), args, declared) ?? splitList(list, Number(count), args, '[A-Za-z_]\\w*');
  if (split === undefined) return text;
  const kept = split.args.filter((told) => !args.some(({ name }) => told.startsWith(`${name}=`)));
  if (kept.length === split.args.length) return text;
  return run + (kept.length === 0 ? split.command : [`|${kept.length}`, ...kept, split.command].join(' '));
}

/** The list from its start, so that words of the same form in the command are left alone; undefined: it is none. */
function splitList(
  list: string,
  count: number,
  known: readonly BuildArg[],
  next: string,
): { readonly args: readonly string[]; readonly command: string } | undefined {
  const args: string[] = [];
  let rest = list;
  while (args.length < count) {
    const [start, name] = /^([^\s=]+)=/.exec(rest) ?? [];
    if (start === undefined) return undefined;
    const value = known.find((arg) => arg.name === name)?.value;
    const isLast = args.length === count - 1;
    const length = start.length + lengthOfValue(rest.slice(start.length), value, isLast ? '' : next);
    args.push(rest.slice(0, length));
    rest = rest.slice(length).trimStart();
  }
  return { args, command: rest };
}

const SHELL = '(?:/\\S*sh|cmd(?:\\.exe)?|powershell(?:\\.exe)?|pwsh)\\s+[-/]\\w';

/** A value ends before the next argument, or before the shell of the command; else it is one word. */
function lengthOfValue(text: string, known: BuildArg['value'], next: string): number {
  const pattern = typeof known === 'string' ? escaped(known) : known?.source;
  const told = pattern === undefined ? undefined : new RegExp(`^(?:${pattern})(?=\\s|$)`).exec(text)?.[0].length;
  if (told !== undefined) return told;
  const end = new RegExp(`\\s(?:${next === '' ? '' : `(?:${next})=|`}${SHELL})`).exec(text)?.index;
  return end ?? /\s|$/.exec(text)?.index ?? text.length;
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

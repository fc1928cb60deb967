/**
 * The flags of `mutate`, and the edits that they ask for. One scheme removes everything: of what has a single value an empty
 * one removes it, of what has several `--rm-… NAME` removes one and `--rm-… '*'` all.
 */
import { type Command, InvalidArgumentError, Option, type OptionValues } from '@commander-js/extra-typings';
import { OciError } from '../../errors.ts';
import type { BuildArg } from '../../image/change/build-args.ts';
import type { ImageEdits } from '../../image/change/mutate.ts';
import { parsePlatform, type Platform } from '../../model/platform.ts';
import { quote } from '../../model/quote.ts';
import { manyPairs, memberEdits, pairEdits, removesAll } from './named-values.ts';
import { asArgument, many } from './shared.ts';

type Texts = readonly string[] | undefined;

export type EditFlags = {
  readonly env?: Texts;
  readonly rmEnv?: Texts;
  readonly label?: Texts;
  readonly rmLabel?: Texts;
  readonly annotation?: Texts;
  readonly rmAnnotation?: Texts;
  readonly labelToAnnotation?: true | undefined;
  readonly indexAnnotation?: Texts;
  readonly rmIndexAnnotation?: Texts;
  readonly entrypoint?: Texts;
  readonly cmd?: Texts;
  readonly user?: string | undefined;
  readonly workdir?: string | undefined;
  readonly expose?: Texts;
  readonly rmExpose?: Texts;
  readonly volume?: Texts;
  readonly rmVolume?: Texts;
  readonly stopSignal?: string | undefined;
  readonly healthcheck?: string | undefined;
  readonly author?: string | undefined;
  readonly created?: string | undefined;
  readonly setPlatform?: Platform | undefined;
  readonly rmBuildArg?: Texts;
  readonly rmBuildArgRegex?: readonly BuildArg[] | undefined;
  readonly promoteAnnotations?: true | undefined;
};

const SETTINGS = "Settings (an empty value removes one; --rm-… '*' removes all of a kind):";

/** The flags that say what is to change. */
export function editOptions<A extends unknown[], O extends OptionValues>(
  command: Command<A, O>,
): Command<A, O & EditFlags> {
  const options = [
    new Option('-e, --env <name=value>', 'set a variable').argParser(manyPairs),
    new Option('--rm-env <name>', 'remove one').argParser(many),
    new Option('-l, --label <name=value>', 'set a label').argParser(manyPairs),
    new Option('--rm-label <name>', 'remove one').argParser(many),
    new Option('-a, --annotation <name=value>', 'set an annotation of each image').argParser(manyPairs),
    new Option('--rm-annotation <name>', 'remove one').argParser(many),
    new Option('--label-to-annotation', 'make annotations of the labels, too'),
    new Option('--index-annotation <name=value>', 'set an annotation of the index').argParser(manyPairs),
    new Option('--rm-index-annotation <name>', 'remove one').argParser(many),
    new Option('--promote-annotations', 'make annotations of the index of those that all its images have'),
    new Option('--entrypoint <word>', 'the program, a word each time, or a JSON array; it removes --cmd').argParser(
      many,
    ),
    new Option('--cmd <word>', 'its arguments, in the same way').argParser(many),
    new Option('-u, --user <user[:group]>', 'who runs it'),
    new Option('-w, --workdir <path>', 'where it runs'),
    new Option('--expose <port>', 'a port, e.g. 80, 53/udp or 8000-8010').argParser(many),
    new Option('--rm-expose <port>', 'remove one').argParser(many),
    new Option('--volume <path>', 'a volume').argParser(many),
    new Option('--rm-volume <path>', 'remove one').argParser(many),
    new Option('--stop-signal <signal>', 'what ends it, e.g. SIGINT'),
    new Option('--healthcheck <command>', 'a line for the shell, a JSON array, or NONE'),
    new Option('--author <text>', 'who made the image'),
    new Option('--created <time>', 'when, e.g. 2024-05-06T07:08:09Z; else $SOURCE_DATE_EPOCH, if there is one'),
    new Option('--set-platform <os/arch[/variant]>', 'what the image is for').argParser((text: string) =>
      asArgument(() => parsePlatform(text)),
    ),
    new Option('--rm-build-arg <name[=value]>', 'take a build argument out of the history').argParser(many),
    new Option('--rm-build-arg-regex <name=regex>', 'the same, where only the form of its value is known').argParser(
      manyArgs,
    ),
  ];
  for (const option of options) command.addOption(option.helpGroup(SETTINGS));
  return command;
}

/** What the flags ask for; undefined when they ask for nothing. @throws OciError `USAGE` */
export function editsOf(flags: EditFlags): ImageEdits | undefined {
  const edits: ImageEdits = {
    env: pairEdits(flags.env, flags.rmEnv),
    labels: pairEdits(flags.label, flags.rmLabel),
    annotations: pairEdits(flags.annotation, flags.rmAnnotation),
    labelsToAnnotations: flags.labelToAnnotation,
    indexAnnotations: pairEdits(flags.indexAnnotation, flags.rmIndexAnnotation),
    entrypoint: wordsOf(flags.entrypoint),
    cmd: wordsOf(flags.cmd),
    user: flags.user,
    workdir: flags.workdir,
    ports: memberEdits(flags.expose, flags.rmExpose),
    volumes: memberEdits(flags.volume, flags.rmVolume),
    stopSignal: flags.stopSignal,
    healthcheck: healthcheckOf(flags.healthcheck),
    author: flags.author,
    created: flags.created,
    platform: flags.setPlatform,
    removeBuildArgs: argsOf(flags),
    promoteAnnotations: flags.promoteAnnotations,
    clear: clearedBy(flags),
  };
  return Object.values(edits).some((edit) => edit !== undefined) ? edits : undefined;
}

function clearedBy(flags: EditFlags): ImageEdits['clear'] {
  const kinds = {
    env: flags.rmEnv,
    labels: flags.rmLabel,
    annotations: flags.rmAnnotation,
    indexAnnotations: flags.rmIndexAnnotation,
    ports: flags.rmExpose,
    volumes: flags.rmVolume,
  };
  const cleared = (Object.keys(kinds) as (keyof typeof kinds)[]).filter((kind) => removesAll(kinds[kind]));
  return cleared.length === 0 ? undefined : cleared;
}

/** Words as they are given, or a JSON array of them; a single empty one is none. */
function wordsOf(given: Texts): readonly string[] | null | undefined {
  if (given === undefined || given.length !== 1) return given;
  const [text = ''] = given;
  if (text === '') return null;
  return text.length > 1 && text.startsWith('[') ? arrayOf(text) : given;
}

function arrayOf(text: string): readonly string[] {
  const value = parsed(text);
  if (Array.isArray(value) && value.every((word) => typeof word === 'string')) return value;
  throw new OciError('USAGE', `${quote(text)} is not a JSON array of strings`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function healthcheckOf(text: string | undefined): ImageEdits['healthcheck'] {
  if (text === undefined) return undefined;
  if (text === '') return null;
  if (text === 'NONE') return { Test: ['NONE'] };
  return { Test: text.startsWith('[') ? ['CMD', ...arrayOf(text)] : ['CMD-SHELL', text] };
}

function buildArgOf(text: string): BuildArg {
  const at = text.indexOf('=');
  return at < 0 ? { name: text } : { name: text.slice(0, at), value: text.slice(at + 1) };
}

function argsOf({ rmBuildArg, rmBuildArgRegex: byForm }: EditFlags): ImageEdits['removeBuildArgs'] {
  if (rmBuildArg === undefined) return byForm;
  return [...rmBuildArg.map(buildArgOf), ...(byForm ?? [])];
}

function manyArgs(text: string, before: readonly BuildArg[] | undefined): readonly BuildArg[] {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It is not NAME=REGEX.');
  try {
    return [...(before ?? []), { name: text.slice(0, at), value: new RegExp(text.slice(at + 1)) }];
  } catch {
    throw new InvalidArgumentError(`${quote(text.slice(at + 1))} is not a regular expression.`);
  }
}

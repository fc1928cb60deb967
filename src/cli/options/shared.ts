/** The options that several commands share, each defined once, in groups that `--help` shows under a title. */
import { type Command, InvalidArgumentError, Option, type OptionValues } from '@commander-js/extra-typings';
import { isOciError } from '../../errors.ts';
import { parsePlatform, type Platform } from '../../model/platform.ts';
import { parseDuration } from '../terminal/bytes.ts';
import { localPlatform } from './local-platform.ts';
import { PROGRESS_MODES, type ProgressMode } from '../terminal/progress.ts';

/** How results and messages look: every command has these. */
export type OutputFlags = {
  readonly json?: true | undefined;
  readonly template?: string | undefined;
  readonly quiet?: true | undefined;
  readonly progress?: ProgressMode | undefined;
  readonly debug?: true | undefined;
};

/** How registries are reached. */
export type RegistryFlags = {
  /** `false`: anonymous. */
  readonly creds?: string | false | undefined;
  readonly passwordStdin?: true | undefined;
  readonly token?: string | undefined;
  readonly host?: readonly string[] | undefined;
  readonly plainHttp?: readonly string[] | undefined;
  readonly insecure?: readonly string[] | undefined;
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly resolve?: readonly string[] | undefined;
  readonly dockerHost?: string | undefined;
  readonly concurrency?: number | undefined;
  /** Milliseconds, for the whole command. */
  readonly timeout?: number | undefined;
  readonly retry?: number | undefined;
};

/** Credentials of the two ends of a copy. */
export type EndFlags = {
  readonly fromCreds?: string | undefined;
  readonly toCreds?: string | undefined;
};

/** What the frame of a command looks at. */
export type Flags = OutputFlags & RegistryFlags & EndFlags & { readonly foreignLayers?: true | undefined };

/** The ends of a copy, which may have credentials of their own. */
export type End = 'from' | 'to';

/** For commands that change or delete something. */
export type ChangeFlags = {
  readonly yes?: true | undefined;
  readonly dryRun?: true | undefined;
};

/** What may stand where an image is named, as help tells it. */
export const LOCAL_PLACES = 'oci:DIR[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE[:NAME]';
export const IMAGE_PLACES: string = `a reference, or ${LOCAL_PLACES}`;

const RESULTS = 'Output:';
const REGISTRIES = 'Registries:';

/** `--json --template --quiet --progress --debug` */
export function outputOptions<A extends unknown[], O extends OptionValues>(
  command: Command<A, O>,
): Command<A, O & OutputFlags> {
  add(command, RESULTS, [
    new Option('--json', 'print the result as JSON'),
    new Option(
      '--template <text>',
      'print what --json would tell through this Liquid template, e.g. "{{ digest }}"',
    ).conflicts('json'),
    new Option('-q, --quiet', 'print only the result'),
    new Option('--progress <how>', 'how progress is shown').choices(PROGRESS_MODES).default('auto'),
    new Option('--debug', 'show requests, and the stack of an error; secrets are left out'),
  ]);
  return command;
}

/** Everything about reaching a registry. */
export function registryOptions<A extends unknown[], O extends OptionValues>(
  command: Command<A, O>,
): Command<A, O & RegistryFlags> {
  add(command, REGISTRIES, [
    new Option('--creds <user[:password]>', 'log in so, for this command only'),
    new Option('--password-stdin', 'read the password of --creds from stdin'),
    new Option('--token <token>', 'send this bearer token').conflicts('creds'),
    new Option('--no-creds', 'stay anonymous'),
    new Option('--host <name,key=value…>', 'settings of a host, e.g. ghcr.io,mirrors=mirror.example').argParser(many),
    new Option('--plain-http <host>', 'speak http, not https, with this host').argParser(many),
    new Option('--insecure <host>', 'do not verify the TLS certificate of this host').argParser(many),
    new Option('--ca-file <file>', 'trust these certificate authorities, too'),
    new Option('--cert-file <file>', 'client certificate for the registries named'),
    new Option('--key-file <file>', 'its key'),
    new Option('--resolve <host:port:address>', 'where a host is, instead of asking DNS').argParser(many),
    new Option('--docker-host <address>', 'where the docker engine of docker-daemon: is; $DOCKER_HOST unless told'),
    new Option('--concurrency <n>', 'requests at a time').argParser(count),
    new Option('--timeout <time>', 'give up after this time, e.g. 30s or 5m').argParser(duration),
    new Option('--retry <n>', 'how often a failed request is sent again').argParser(countFromZero),
  ]);
  return command;
}

/** `--from-creds --to-creds` */
export function endOptions<A extends unknown[], O extends OptionValues>(
  command: Command<A, O>,
): Command<A, O & EndFlags> {
  add(command, REGISTRIES, [
    new Option('--from-creds <user:password>', 'log in so where it comes from'),
    new Option('--to-creds <user:password>', 'log in so where it goes to'),
  ]);
  return command;
}

/** `--yes --dry-run` */
export function changeOptions<A extends unknown[], O extends OptionValues>(
  command: Command<A, O>,
): Command<A, O & ChangeFlags> {
  command.addOption(new Option('-y, --yes', 'do not ask'));
  command.addOption(new Option('--dry-run', 'only tell what would happen'));
  return command;
}

/** `--platform`, once. */
export function platformOption(): Option<'--platform <os/arch[/variant]>', undefined, undefined, Platform> {
  return new Option(
    '--platform <os/arch[/variant]>',
    'of an image for many platforms, take this one; local: this machine’s',
  ).argParser(platform);
}

/** `--platform`, as often as wanted. */
export function platformsOption(): Option<'--platform <os/arch[/variant]>', undefined, undefined, readonly Platform[]> {
  return new Option('--platform <os/arch[/variant]>', 'only this platform; repeat it for more').argParser(
    (value: string, before: readonly Platform[] | undefined) => [
      ...(before ?? []),
      ...value.split(',').map((one) => platform(one)),
    ],
  );
}

function add(command: { addOption(option: Option): unknown }, group: string, options: readonly Option[]): void {
  for (const option of options) command.addOption(option.helpGroup(group));
}

/** Collects what is given several times. */
export function many(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

/** A whole number from 1 up. */
export function count(value: string): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || number < 1 || !Number.isSafeInteger(number))
    throw new InvalidArgumentError('It is not a number from 1 up.');
  return number;
}

function countFromZero(value: string): number {
  return value === '0' ? 0 : count(value);
}

const duration = (value: string): number => asArgument(() => parseDuration(value));
const platform = (value: string): Platform =>
  value === 'local' ? localPlatform() : asArgument(() => parsePlatform(value));

/** What is wrong with an argument is a usage error, whatever the parser calls it. */
export function asArgument<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!isOciError(error)) throw error;
    throw new InvalidArgumentError(error.hint === undefined ? error.message : `${error.message}; ${error.hint}`);
  }
}

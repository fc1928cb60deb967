/** `parse`: the parts of names, by the grammar of distribution/reference. No network, no disk. */
import { Command, type CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { isOciError, OciError } from '../../errors.ts';
import type { Digest } from '../../model/digest.ts';
import { familiarReference, formatReference, parseReference } from '../../model/reference.ts';
import {
  parseIndex,
  parseIndexedReference,
  parseRepoAndRef,
  type RegistryIndex,
  type RepoReference,
} from '../../model/repo-name.ts';
import { errorLine } from '../terminal/error-line.ts';
import { withExamples } from '../examples.ts';
import { EXIT } from '../exit-codes.ts';
import type { Frame } from '../frame.ts';
import { stdinLines } from '../terminal/input.ts';
import { outputOptions } from '../options/shared.ts';
import type { Output } from '../terminal/output.ts';
import { styled } from '../terminal/style.ts';

/** One name and what it is; absent parts are left out. */
type Parsed = ValidName | InvalidName;

interface ValidName {
  readonly input: string;
  readonly valid: true;
  readonly domain: string;
  readonly path: string;
  readonly tag?: string;
  readonly digest?: Digest;
  readonly reference: string;
  readonly familiar: string;
  /** The same as node-docker-registry-client shows it. */
  readonly repo: RepoReference;
}

interface InvalidName {
  readonly input: string;
  readonly valid: false;
  readonly error: string;
  readonly hint?: string | undefined;
}

interface Reading {
  /** The registry of names that tell none. */
  readonly index: RegistryIndex;
  /** A scheme may stand before the registry, and text shows `repo`, too. */
  readonly withRepo: boolean;
}

export function build(frame: Frame): CommandUnknownOpts {
  const command = outputOptions(new Command())
    .description(
      'Show the parts of names. Without names they are read from stdin, one a line. Ends with 2 when a name is invalid.',
    )
    .argument('[name...]', 'names of images, e.g. alpine or ghcr.io/o/app:1')
    .option('--repo', 'show index, remote, local and canonical name, too; allow http:// and https:// before a registry')
    .addOption(new Option('--default-registry <host>', 'the registry of names that tell none').default('docker.io'))
    .action((names, { repo, defaultRegistry, ...flags }) =>
      frame.run(flags, async ({ context, output }) => {
        if (names.length === 0 && context.stdin.isTTY === true)
          throw new OciError('USAGE', 'parse needs a name, or names on stdin');
        const reading: Reading = { index: parseIndex(defaultRegistry), withRepo: repo === true };
        const asText = textOf(output, reading, names.length === 1);
        let code: number = EXIT.done;
        for await (const name of names.length > 0 ? names : stdinLines(context)) {
          const parsed = parseName(name, reading);
          if (!parsed.valid) code = EXIT.usage;
          await (output.isJson ? output.jsonLine(parsed) : asText(parsed));
        }
        return code;
      }),
    );
  return withExamples(
    command,
    'lading parse alpine',
    'lading parse --json ghcr.io/o/app:1 localhost:5000/app',
    'lading parse --repo https://quay.io/trentm/foo',
  );
}

function parseName(input: string, { index, withRepo }: Reading): Parsed {
  try {
    const reference = withRepo
      ? parseIndexedReference(input, index).reference
      : parseReference(input, { defaultDomain: index.name });
    return {
      input,
      valid: true,
      ...reference,
      reference: formatReference(reference),
      familiar: familiarReference(reference),
      repo: parseRepoAndRef(input, index),
    };
  } catch (error) {
    if (!isOciError(error)) throw error;
    const hasScheme = !withRepo && /^https?:\/\//i.test(input);
    return { input, valid: false, error: error.message, hint: hasScheme ? `${error.hint}; or add --repo` : error.hint };
  }
}

/** Shows names as text: one alone, or with `--repo`, in rows; else one a line. */
function textOf(output: Output, { withRepo }: Reading, isAlone: boolean): (name: Parsed) => Promise<void> {
  let shown = 0;
  return async (name) => {
    if (!name.valid)
      return output.error(...errorLine(new OciError('REFERENCE_INVALID', name.error, { hint: name.hint })));
    if (!isAlone && !withRepo) return output.line(name.reference);
    if (shown++ > 0) await output.line('');
    const parts = Object.entries(rowsOf(name, withRepo)).filter(([, value]) => value !== undefined);
    return output.table(
      [{}, {}],
      parts.map(([part, value]) => [styled(part, 'dim'), String(value)]),
    );
  };
}

function rowsOf(name: ValidName, withRepo: boolean): Readonly<Record<string, string | boolean | undefined>> {
  const { reference, domain, path, tag, digest, familiar } = name;
  const parts = { reference, domain, path, tag, digest, familiar };
  if (!withRepo) return parts;
  const { index, remoteName, localName, canonicalName, official } = name.repo;
  const { scheme } = index;
  return { ...parts, index: index.name, scheme, remoteName, localName, canonicalName, official };
}

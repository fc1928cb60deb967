/** `parse`: the parts of names, by the grammar of distribution/reference. No network, no disk. */
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { isOciError, OciError } from '../../errors.ts';
import { familiarReference, formatReference, parseReference } from '../../model/reference.ts';
import { errorLine } from '../error-line.ts';
import { withExamples } from '../examples.ts';
import { EXIT } from '../exit-codes.ts';
import type { Frame } from '../frame.ts';
import { stdinLines } from '../input.ts';
import { outputOptions } from '../options.ts';
import type { Output } from '../output.ts';
import { styled } from '../style.ts';

/** One name and what it is; absent parts are left out. */
interface ParsedName {
  readonly input: string;
  readonly valid: boolean;
  readonly error?: string;
  readonly domain?: string;
  readonly path?: string;
  readonly tag?: string;
  readonly digest?: string;
  readonly reference?: string;
  readonly familiar?: string;
}

export function build(frame: Frame): CommandUnknownOpts {
  const command = outputOptions(new Command())
    .description(
      'Show the parts of names. Without names they are read from stdin, one a line. Ends with 2 when a name is invalid.',
    )
    .argument('[name...]', 'names of images, e.g. alpine or ghcr.io/o/app:1')
    .action((names, flags) =>
      frame.run(flags, async ({ context, output }) => {
        if (names.length === 0 && context.stdin.isTTY === true)
          throw new OciError('USAGE', 'parse needs a name, or names on stdin');
        let invalid = false;
        for await (const name of names.length > 0 ? names : stdinLines(context)) {
          const parsed = parseName(name);
          invalid ||= !parsed.valid;
          await (output.isJson ? output.jsonLine(parsed) : showName(parsed, output, names.length === 1));
        }
        return invalid ? EXIT.usage : EXIT.done;
      }),
    );
  return withExamples(command, 'lading parse alpine', 'lading parse --json ghcr.io/o/app:1 localhost:5000/app');
}

function parseName(input: string): ParsedName {
  try {
    const reference = parseReference(input);
    return {
      input,
      valid: true,
      ...reference,
      reference: formatReference(reference),
      familiar: familiarReference(reference),
    };
  } catch (error) {
    if (!isOciError(error)) throw error;
    return { input, valid: false, error: error.message };
  }
}

async function showName(name: ParsedName, output: Output, alone: boolean): Promise<void> {
  const { valid, error = '', reference = '', domain = '', path = '', tag, digest, familiar = '' } = name;
  if (!valid) return output.error(...errorLine(new OciError('REFERENCE_INVALID', error)));
  if (!alone) return output.line(reference);
  const rows = Object.entries({ reference, domain, path, tag, digest, familiar }).flatMap(([part, value]) =>
    value === undefined ? [] : [[styled(part, 'dim'), value]],
  );
  await output.table([{}, {}], rows);
}

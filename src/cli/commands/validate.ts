/** `validate`: proves an image by reading all of it; everything that is wrong is listed. */
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { validate } from '../../graph/validate.ts';
import { formatSize } from '../terminal/bytes.ts';
import { openFrom } from '../places/ends.ts';
import { withExamples } from '../examples.ts';
import { EXIT } from '../exit-codes.ts';
import type { Frame } from '../frame.ts';
import { IMAGE_PLACES, outputOptions, registryOptions } from '../options/shared.ts';
import { styled } from '../terminal/style.ts';
import { kindOf } from '../terminal/transfers.ts';

export function build(frame: Frame): CommandUnknownOpts {
  const command = registryOptions(outputOptions(new Command()))
    .description(
      'Check every digest, size and link of an image, and that its layers unpack to what the config says. Ends with 5 when something is wrong.',
    )
    .argument('<image>', IMAGE_PLACES)
    .option('--quick', 'only look whether everything is there, with the right size')
    .action((image, flags) =>
      frame.run(flags, async (session) => {
        const { output, call } = session;
        const from = await openFrom(session, image);
        const { digest } = await from.resolve();
        const { quick, concurrency } = flags;
        const { problems, ...seen } = await validate(from.source, from.reference, { ...call, quick, concurrency });
        const told = problems.map(({ descriptor, error }) => ({
          digest: descriptor.digest,
          mediaType: descriptor.mediaType,
          code: error.code,
          message: error.message,
        }));
        if (output.isJson)
          await output.json({ reference: from.at(digest), valid: told.length === 0, ...seen, problems: told });
        else {
          for (const one of problems)
            await output.line(styled(`${kindOf(one.descriptor)}: `, 'red'), `${one.error.message} (${one.error.code})`);
          const counts = `${counted(seen.manifests, 'manifest')} and ${counted(seen.blobs, 'blob')}, ${formatSize(seen.bytes)}`;
          const verdict = told.length === 0 ? styled('valid', 'green') : styled(counted(told.length, 'problem'), 'red');
          await output.line(`${from.at(digest)}: `, verdict, ` (${counts})`);
        }
        return told.length === 0 ? EXIT.done : EXIT.integrity;
      }),
    );
  return withExamples(
    command,
    'lading validate alpine:3.20',
    'lading validate oci:./alpine',
    'lading validate --quick --json ghcr.io/o/app:1',
  );
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** `blob get` and `blob head`: content by its digest. */
import { Command, type CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { OciError } from '../../errors.ts';
import { saveContent } from '../../node/files/save-content.ts';
import { openBlob } from './find.ts';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { outputOptions, registryOptions } from '../options/shared.ts';
import { outputPlace } from '../places/output-file.ts';

const BLOB = 'repository@digest, or oci:DIR@digest';
const APART = 'the digest, where it does not stand in the name';
const EXAMPLE = `alpine@sha256:${'0'.repeat(64)}`;

export function getCommand(frame: Frame): CommandUnknownOpts {
  const command = registryOptions(outputOptions(new Command('get')))
    .description('Write the bytes of a blob to stdout or a file. Wrong bytes never become a file.')
    .argument('<blob>', BLOB)
    .argument('[digest]', APART)
    .addOption(new Option('-o, --output <file>', 'write to this file; it appears when it is complete'))
    .action((name, digest, flags) =>
      frame.run(flags, async (session) => {
        const { content } = await openBlob(session, name, digest);
        if (flags.output !== undefined && flags.output !== '-')
          return saveContent(content, outputPlace(session.context, flags.output), session.call);
        if (session.context.stdout.isTTY === true && flags.output === undefined) {
          throw new OciError('USAGE', 'a blob would upset the terminal', {
            hint: 'add --output FILE, or --output - to see it all the same',
          });
        }
        for await (const chunk of content.open(session.call)) await session.output.bytes(chunk);
      }),
    );
  return withExamples(command, `lading blob get ${EXAMPLE} --output layer.tar.gz`);
}

export function headCommand(frame: Frame): CommandUnknownOpts {
  const command = registryOptions(outputOptions(new Command('head')))
    .description('Tell whether a blob is there, and its size in bytes. Nothing of it is read.')
    .argument('<blob>', BLOB)
    .argument('[digest]', APART)
    .action((name, apart, flags) =>
      frame.run(flags, async (session) => {
        const { content, reference } = await openBlob(session, name, apart);
        const { digest, size } = content.descriptor;
        if (session.output.isJson) return session.output.json({ reference, digest, size });
        return session.output.line(digest, '  ', String(size));
      }),
    );
  return withExamples(command, `lading blob head ${EXAMPLE}`);
}

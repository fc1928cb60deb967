/** `blob get`, `head`, `push`, `copy`, `delete`: content by its digest. */
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { OciError } from '../../errors.ts';
import { formatReference } from '../../model/reference.ts';
import { getCommand, headCommand } from '../blob/read.ts';
import { copyCommand, pushCommand } from '../blob/write.ts';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { changeOptions, outputOptions, registryOptions } from '../options/shared.ts';
import { remove } from '../removal/removal.ts';

export function build(frame: Frame): CommandUnknownOpts {
  return new Command()
    .description('Get, look at, push, copy or delete a blob, by its digest.')
    .addCommand(getCommand(frame))
    .addCommand(headCommand(frame))
    .addCommand(pushCommand(frame))
    .addCommand(copyCommand(frame))
    .addCommand(deleteCommand(frame));
}

function deleteCommand(frame: Frame): CommandUnknownOpts {
  const command = changeOptions(registryOptions(outputOptions(new Command('delete'))))
    .description('Delete a blob from a repository, whatever refers to it.')
    .argument('<blob>', 'repository@digest')
    .option('--ignore-missing', 'a blob that is not there is no error')
    .action((blob, flags) =>
      frame.run(flags, async (session) => {
        const { reference, repository } = await session.repository(blob);
        const { tag: _, ...place } = reference;
        if (place.digest === undefined)
          throw new OciError('USAGE', `${blob} has no digest`, { hint: 'write repository@digest' });
        const ignoreMissing = flags.ignoreMissing === true;
        const name = formatReference(place);
        return remove(
          session,
          { store: repository, name, what: { blob: place.digest }, kind: 'the blob', alongside: [], ignoreMissing },
          flags,
        );
      }),
    );
  return withExamples(command, `lading blob delete --yes localhost:5000/app@sha256:${'0'.repeat(64)}`);
}

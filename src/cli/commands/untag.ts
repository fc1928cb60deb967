/** `untag`: takes a tag away and leaves the image, and every other tag of it. */
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { OciError } from '../../errors.ts';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { changeOptions, outputOptions, registryOptions } from '../options/shared.ts';
import { remove, tagRemoval } from '../removal/removal.ts';

export function build(frame: Frame): CommandUnknownOpts {
  const command = changeOptions(registryOptions(outputOptions(new Command())))
    .description('Remove a tag, and only the tag: other tags of the same image stay, whatever the registry can do.')
    .argument('<reference>', 'repository:tag')
    .option('--ignore-missing', 'a tag that is not there is no error')
    .action((name, flags) =>
      frame.run(flags, async (session) => {
        const { reference, repository } = await session.repository(name);
        if (reference.tag === undefined || reference.digest !== undefined) {
          throw new OciError('USAGE', `${name} does not name a tag`, { hint: 'write repository:tag' });
        }
        return remove(session, tagRemoval(repository, reference, reference.tag, flags.ignoreMissing === true), flags);
      }),
    );
  return withExamples(
    command,
    'lading untag localhost:5000/app:old',
    'lading untag --yes --quiet localhost:5000/app:old',
    'lading untag --dry-run localhost:5000/app:old',
  );
}

/** `delete`: by tag the tag alone, by digest the manifest with all its tags. Nothing is ever deleted by a tag that nobody wrote. */
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { OciError } from '../../errors.ts';
import { formatReference } from '../../model/reference.ts';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { changeOptions, outputOptions, registryOptions } from '../options/shared.ts';
import { remove, type Removal, tagRemoval, tagsOf } from '../removal/removal.ts';

export function build(frame: Frame): CommandUnknownOpts {
  const command = changeOptions(registryOptions(outputOptions(new Command())))
    .description(
      'Delete a tag, or a manifest by its digest. A tag goes alone; a manifest takes all its tags along, and they are listed first.',
    )
    .argument('<reference>', 'repository:tag or repository@digest')
    .option('--ignore-missing', 'what is not there is no error')
    .action((name, flags) =>
      frame.run(flags, async (session) => {
        const { reference, repository } = await session.repository(name);
        const { tag, digest, ...place } = reference;
        const ignoreMissing = flags.ignoreMissing === true;
        if (digest === undefined) {
          if (tag !== undefined) return remove(session, tagRemoval(repository, reference, tag, ignoreMissing), flags);
          throw new OciError('USAGE', `${name} has neither tag nor digest`, {
            hint: 'write repository:tag or repository@digest',
          });
        }
        const tags = await tagsOf(session, repository, digest);
        const removal: Removal = {
          store: repository,
          name: formatReference({ ...place, digest }),
          what: { manifest: digest },
          kind: 'the manifest',
          alongside: tags.map((one) => formatReference({ ...place, tag: one })),
          ignoreMissing,
        };
        return remove(session, removal, flags);
      }),
    );
  return withExamples(
    command,
    'lading delete localhost:5000/app:old',
    `lading delete --dry-run localhost:5000/app@sha256:${'0'.repeat(64)}`,
  );
}

/** `tag`: more names for an image, in its repository; the bytes of its manifest stay as they are. */
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { OciError } from '../../errors.ts';
import { quote } from '../../model/quote.ts';
import { checkTag, referenceTarget } from '../../model/reference.ts';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { changeOptions, outputOptions, registryOptions } from '../options/shared.ts';
import { putAt } from '../transfer/put.ts';

export function build(frame: Frame): CommandUnknownOpts {
  const command = changeOptions(registryOptions(outputOptions(new Command())))
    .description('Give an image more tags in its repository. A tag that stands already is moved.')
    .argument('<reference>', 'the image')
    .argument('<tag...>', 'its new tags')
    .action((name, tags, flags) =>
      frame.run(flags, async (session) => {
        const { reference, repository } = await session.repository(name);
        const wanted = tags.map(tagHere);
        const manifest = await repository.manifest(referenceTarget(reference), session.call);
        const { tag: _, digest: __, ...place } = reference;
        await putAt(session, {
          repository,
          manifest,
          references: wanted.map((tag) => ({ ...place, tag })),
          dryRun: flags.dryRun === true,
        });
      }),
    );
  return withExamples(
    command,
    'lading tag localhost:5000/app:1.2.3 1.2 1 latest',
    'lading tag --dry-run localhost:5000/app:1 stable',
  );
}

/** @throws OciError `REFERENCE_INVALID` */
function tagHere(tag: string): string {
  if (!/[/:@]/.test(tag)) return checkTag(tag);
  throw new OciError('REFERENCE_INVALID', `${quote(tag)} is not a tag alone`, {
    hint: 'an image gets a name in another repository by "lading copy REFERENCE REPOSITORY:TAG", which sends no layer again',
  });
}

/** `delete-repo`: all that a repository holds: its tags, their manifests, and what is attached to those. */
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { OciError } from '../../errors.ts';
import { planDeletion } from '../../graph/plan-deletion.ts';
import { formatReference } from '../../model/reference.ts';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { changeOptions, outputOptions, registryOptions } from '../options/shared.ts';
import { removeAll } from '../removal/repository-removal.ts';

export function build(frame: Frame): CommandUnknownOpts {
  const command = changeOptions(registryOptions(outputOptions(new Command())))
    .description(
      'Delete all that a repository holds: every tag, the manifests, what is attached to them. It is listed first. The registry frees the space when it next cleans up.',
    )
    .argument('<repository>', 'the repository, without a tag')
    .option('--ignore-missing', 'a repository that holds nothing is no error')
    .action((name, flags) =>
      frame.run(flags, async (session) => {
        const { reference, repository } = await session.repository(name);
        if (reference.tag !== undefined || reference.digest !== undefined) {
          throw new OciError('USAGE', `${name} names one image, not a repository`, {
            hint: `"lading delete ${name}" deletes that alone; for all of it leave out the tag and the digest`,
          });
        }
        const options = { ...session.call, concurrency: session.flags.concurrency };
        const plan = await planDeletion(repository, options);
        const whole = formatReference(reference);
        if (plan.steps.length === 0 && flags.ignoreMissing !== true) {
          throw new OciError('NOT_FOUND', `${whole} holds nothing, or is not there`, {
            hint: '--ignore-missing makes this no error',
          });
        }
        return removeAll(session, { store: repository, reference, plan, options }, flags);
      }),
    );
  return withExamples(
    command,
    'lading delete-repo --dry-run localhost:5000/team/app',
    'lading delete-repo --yes localhost:5000/team/app',
  );
}

/** `restore`: what `backup` has put into a directory, back to a registry. */
import { Command, type CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { restoreFrom } from '../places/backup-places.ts';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { many, outputOptions, registryOptions } from '../options/shared.ts';
import { copyRepositories } from '../places/repositories.ts';

export function build(frame: Frame): CommandUnknownOpts {
  const command = registryOptions(outputOptions(new Command()))
    .description(
      'Copy repositories from a directory, as "lading backup" writes it and "lading serve" keeps it, to a registry: all tags, with the same digests, and what is attached to them. What is there already is not sent again; what several repositories share is sent once, and mounted.',
    )
    .argument('<dir>', 'the directory: every repository is an OCI layout below it')
    .argument('<registry>', 'the registry, and what stands before the names of the repositories: REGISTRY[/PREFIX]')
    .argument('[repository...]', 'only these; globs such as "team/**" may stand here; "!x" leaves x out')
    .addOption(
      new Option('--filter <glob>', 'only tags like this; "!x" leaves x out; repeat it for more').argParser(many),
    )
    .option('--no-referrers', 'leave out what is attached to images: signatures, SBOMs, attestations')
    .option('-n, --no-clobber', 'leave a tag that stands already')
    .option('--foreign-layers', 'copy layers that are kept elsewhere, too')
    .option('--force', 'send again what is under a manifest that is there already')
    .option('--dry-run', 'only tell what would be sent')
    .action((dir, registry, names, flags) =>
      frame.run(flags, (session) => copyRepositories(session, restoreFrom(session, dir, registry, names), flags)),
    );
  return withExamples(
    command,
    'lading restore ./backup localhost:5000',
    'lading restore --no-clobber ./backup registry.example/restored team/app "tools/*"',
    'lading restore --dry-run ./backup localhost:5000',
  );
}

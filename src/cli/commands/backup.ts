/** `backup`: repositories, or a whole registry, in a directory of layouts. */
import { Command, type CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { many, outputOptions, registryOptions } from '../options/shared.ts';
import { backUp } from '../places/backup-places.ts';
import { copyRepositories } from '../places/repositories.ts';

export function build(frame: Frame): CommandUnknownOpts {
  const command = registryOptions(outputOptions(new Command()))
    .description(
      'Copy repositories to a directory, each to an OCI layout of its own: all tags, with the same digests, and what is attached to them. What is there already is not fetched again, and what was begun is continued; nothing is deleted. "lading serve DIR" serves it, "lading restore" copies it back. Manifests without a tag cannot be listed: of these only what is attached to an image is in it.',
    )
    .usage('[options] <source...> <dir>')
    .argument('<source>', 'a registry (all that it lists) or a repository')
    .argument('<places...>', 'more of them, and at last the directory: the repository a/b is the layout DIR/a/b')
    .addOption(
      new Option('--repos <glob>', 'of registries only repositories like this; "!x" leaves x out; repeat it').argParser(
        many,
      ),
    )
    .addOption(
      new Option('--filter <glob>', 'only tags like this; "!x" leaves x out; repeat it for more').argParser(many),
    )
    .option('--no-referrers', 'leave out what is attached to images: signatures, SBOMs, attestations')
    .option('--foreign-layers', 'copy layers that are kept elsewhere, too')
    .option('--force', 'fetch again what is under a manifest that is there already')
    .option('--dry-run', 'only tell what would be fetched')
    .action((source, places, flags) =>
      frame.run(flags, (session) => {
        const dir = places.at(-1) ?? '';
        const sources = [source, ...places.slice(0, -1)];
        return copyRepositories(session, backUp(session, sources, dir, flags.repos), flags);
      }),
    );
  return withExamples(
    command,
    'lading backup localhost:5000 ./backup',
    'lading backup --repos "team/**" --filter "!*-snapshot" registry.example ./backup',
    'lading backup ghcr.io/o/app ghcr.io/o/web ./backup --dry-run',
  );
}

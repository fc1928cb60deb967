/** `tags`: the tags of a repository, all pages. */
import { Command, type CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { parseDigest } from '../../model/digest.ts';
import { collect } from '../../graph/collect.ts';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { openImages } from '../locators.ts';
import { asArgument, count, many, outputOptions, registryOptions } from '../options.ts';
import { listTags, TAG_ORDERS, type ListedTag } from '../tag-list.ts';

export function build(frame: Frame): CommandUnknownOpts {
  const command = registryOptions(outputOptions(new Command()))
    .description('List the tags of a repository or a layout.')
    .argument('<repository>', 'a repository, or oci:DIR')
    .addOption(new Option('--sort <order>', 'name: A to Z; semver, created: newest first').choices(TAG_ORDERS))
    .addOption(
      new Option('--filter <glob>', 'only tags like this, e.g. "3.*"; "!x" leaves x out; repeat it for more').argParser(
        many,
      ),
    )
    .addOption(new Option('--limit <n>', 'only so many').argParser(count))
    .option('--digests', 'show what each tag stands for')
    .addOption(
      new Option('--for-digest <digest>', 'only tags of this digest').argParser((text: string) =>
        asArgument(() => parseDigest(text)),
      ),
    )
    .action((name, flags) =>
      frame.run(flags, async (session) => {
        const { output, call } = session;
        const { source, describe } = await openImages(session, name);
        const tags = listTags(source, { ...flags, ...call });
        if (output.isJson) return output.json({ repository: describe, tags: await collect(tags) });
        for await (const tag of tags) await output.line(cellsOf(tag, flags.digests === true).join('  '));
      }),
    );
  return withExamples(
    command,
    'lading tags alpine',
    'lading tags --sort semver --filter "3.*" --limit 5 alpine',
    'lading tags --digests --json ghcr.io/o/app',
    'lading ls oci:./images',
  );
}

function cellsOf({ tag, digest, created }: ListedTag, withDigest: boolean): string[] {
  return [created, withDigest ? digest : undefined, tag].filter((cell) => cell !== undefined);
}

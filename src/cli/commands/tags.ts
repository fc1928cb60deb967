/** `tags`: the tags of a repository, all pages. */
import { Command, type CommandUnknownOpts, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { parseDigest } from '../../model/digest.ts';
import { collect } from '../../graph/collect.ts';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { isSaved, type Locator, nameIn } from '../../node/locator.ts';
import { digestIn } from '../places/locator-names.ts';
import { openImages } from '../places/locators.ts';
import { asArgument, count, many, outputOptions, registryOptions } from '../options/shared.ts';
import type { Piece } from '../terminal/style.ts';
import { listTags, TAG_ORDERS, type ListedTag } from '../tags/list.ts';

export function build(frame: Frame): CommandUnknownOpts {
  const command = registryOptions(outputOptions(new Command()))
    .description('List the tags of a repository or a layout.')
    .argument('<repository>', 'a repository, or oci:DIR; with @DIGEST only the tags of it')
    .addOption(new Option('--sort <order>', 'name: A to Z; semver, created: newest first').choices(TAG_ORDERS))
    .addOption(
      new Option('--filter <glob>', 'only tags like this, e.g. "3.*"; "!x" leaves x out; repeat it for more').argParser(
        many,
      ),
    )
    .addOption(
      new Option('--regex <pattern>', 'only tags that match, anywhere; repeat it for others').argParser(patterns),
    )
    .option('--semver <range>', 'only versions of this range, e.g. "^3.19" or ">=2.0.0-0 <3"')
    .option('-O, --exclude-digest-tags', 'leave out what tools have made of digests: sha256-….sig')
    .addOption(new Option('--limit <n>', 'only so many').argParser(count))
    .option('--digests', 'show what each tag stands for')
    .option('-l, --long', 'a table: digests, times of creation, platforms')
    .addOption(
      new Option('--for-digest <digest>', 'only tags of this digest').argParser((text: string) =>
        asArgument(() => parseDigest(text)),
      ),
    )
    .action((name, flags) =>
      frame.run(flags, async (session) => {
        const { output, call } = session;
        const { source, repository, describe, locator } = await openImages(session, name);
        if (namesTag(locator)) output.note(`${name} names one tag; those of all of the repository are listed`);
        const { concurrency } = session.flags;
        const forDigest = flags.forDigest ?? digestIn(locator);
        const tags = listTags(source, { ...flags, ...call, concurrency, forDigest, repository });
        if (output.isJson) return output.json({ repository: describe, tags: await collect(tags) });
        if (flags.long === true) return output.table(COLUMNS, (await collect(tags)).map(rowOf));
        const { digests = false } = flags;
        const isBare = !digests && flags.sort !== 'created';
        return output.lines(tags, isBare ? ({ tag }) => tag : (tag) => lineOf(tag, digests));
      }),
    );
  return withExamples(
    command,
    'lading tags alpine',
    'lading tags --sort semver --filter "3.*" --limit 5 alpine',
    'lading tags --long --semver "^3.19" --sort created alpine',
    'lading tags --digests --json ghcr.io/o/app',
    'lading tags --digests --template "{% for tag in tags %}{{ tag.tag }}\\t{{ tag.digest }}\\n{% endfor %}" ghcr.io/o/app',
    'lading ls oci:./images',
  );
}

/** Whoever writes a tag may mean something else: it is passed over, but not without a word. */
function namesTag(locator: Locator): boolean {
  return !isSaved(locator) && nameIn(locator) !== undefined && digestIn(locator) === undefined;
}

function patterns(text: string, before: readonly RegExp[] | undefined): readonly RegExp[] {
  try {
    return [...(before ?? []), new RegExp(text, 'u')];
  } catch {
    throw new InvalidArgumentError('It is not a regular expression.');
  }
}

const COLUMNS = [{ title: 'TAG' }, { title: 'DIGEST' }, { title: 'CREATED' }, { title: 'PLATFORMS' }] as const;

function rowOf({ tag, digest, created, platforms = [] }: ListedTag): Piece[] {
  return [tag, digest ?? '-', created ?? '-', platforms.join(',') || '-'];
}

function lineOf({ tag, digest, created }: ListedTag, withDigest: boolean): string {
  const before = [created, withDigest ? digest : undefined].filter((cell) => cell !== undefined);
  return [...before, tag].join('  ');
}

/** `referrers`: everything that hangs on an image, whoever attached it and however. */
import { Command, type CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { type Attached, attached } from '../../image/attached/attached.ts';
import { filterAttached } from '../../image/attached/attached-filter.ts';
import { annotationsOf, createdOf } from '../../image/attached/attachment.ts';
import { collect } from '../../graph/collect.ts';
import { formatPlatform, type Platform } from '../../model/platform.ts';
import { attachedTree, schemeOf } from '../artifact/attached-tree.ts';
import { formatSize } from '../terminal/bytes.ts';
import { openFrom } from '../places/ends.ts';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { openImages } from '../places/locators.ts';
import { count, IMAGE_PLACES, outputOptions, platformOption, registryOptions } from '../options/shared.ts';
import { type FilterFlags, filterOf, filterOptions } from '../options/referrers.ts';
import type { Session } from '../session.ts';
import type { Piece } from '../terminal/style.ts';

export function build(frame: Frame): CommandUnknownOpts {
  const command = filterOptions(registryOptions(outputOptions(new Command())))
    .description(
      'Show what is attached to an image and to its platforms, and what is attached to that: what the registry lists, what cosign keeps under tags, what BuildKit attests in the index.',
    )
    .argument('<image>', IMAGE_PLACES)
    .addOption(platformOption())
    .addOption(new Option('--depth <n>', 'how many steps to go; 1 is what hangs on the image itself').argParser(count))
    .option('--flat', 'a line each instead of a tree')
    .option('-l, --long', 'in the tree, annotations, too')
    .option('--external <repository>', 'where what is attached is kept, if not beside the image')
    .action((image, flags) =>
      frame.run(flags, async (session) => {
        await show(session, image, flags);
      }),
    );
  return withExamples(
    command,
    'lading referrers ghcr.io/o/app:1',
    'lading tree --platform linux/amd64 --depth 1 localhost:5000/app:1',
    'lading referrers --flat --artifact-type application/spdx+json --latest ghcr.io/o/app:1',
    'lading discover --json --annotation org.example.reviewed=yes oci:./images:1',
  );
}

type ReferrersFlags = FilterFlags & {
  readonly platform?: Platform | undefined;
  readonly depth?: number | undefined;
  readonly flat?: true | undefined;
  readonly long?: true | undefined;
  readonly external?: string | undefined;
};

async function show(session: Session, image: string, flags: ReferrersFlags): Promise<void> {
  const { output, call } = session;
  const { platform, depth, external } = flags;
  const { concurrency } = session.flags;
  const place = await openFrom(session, image);
  const from = external === undefined ? undefined : (await openImages(session, external)).source;
  const root = await place.resolve(platform);
  const { sortAnnotation: sortBy } = flags;
  const options = { ...call, platform, depth, from, concurrency, sortBy };
  const all = await collect(attached(place.source, place.reference, options));
  const wanted = await collect(filterAttached(fromList(all), filterOf(flags) ?? {}));
  const name = place.at(root.digest);
  if (output.isJson) {
    const { digest, mediaType, size } = root;
    return output.json({ reference: name, digest, mediaType, size, attached: wanted.map(told) });
  }
  if (flags.flat === true) return output.table(COLUMNS, wanted.map(rowOf));
  const tree = attachedTree(all, { name, root: root.digest, wanted: new Set(wanted), isLong: flags.long === true });
  for (const line of tree) await output.line(...line);
}

async function* fromList<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

/** What the JSON tells of each. */
export interface ToldAttached {
  readonly digest: string;
  readonly mediaType: string;
  readonly size: number;
  readonly artifactType?: string | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly scheme: Attached['scheme'];
  readonly tag?: string | undefined;
  readonly predicateTypes?: readonly string[] | undefined;
  /** The digest of what it hangs on. */
  readonly subject: string;
  readonly platform?: string | undefined;
  readonly depth: number;
}

function told(one: Attached): ToldAttached {
  const { digest, mediaType, size, artifactType } = one.descriptor;
  const { scheme, tag, predicateTypes, subject, platform, depth } = one;
  const annotations = annotationsOf(one);
  return {
    digest,
    mediaType,
    size,
    artifactType,
    annotations: Object.keys(annotations).length === 0 ? undefined : annotations,
    scheme,
    tag,
    predicateTypes,
    subject,
    platform: platform && formatPlatform(platform),
    depth,
  };
}

const COLUMNS = [
  { title: 'DIGEST' },
  { title: 'TYPE' },
  { title: 'SIZE', align: 'right' },
  { title: 'PLATFORM' },
  { title: 'CREATED' },
  { title: 'BY' },
] as const;

function rowOf(one: Attached): Piece[] {
  const { digest, artifactType = '-', size } = one.descriptor;
  const type = [artifactType, ...(one.predicateTypes ?? [])].join(' ');
  const platform = one.platform ? formatPlatform(one.platform) : '-';
  return [digest, type, formatSize(size), platform, createdOf(one) ?? '-', schemeOf(one) ?? 'referrers'];
}

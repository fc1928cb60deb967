/** `index list`: the entries of an index, in its order. */
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { attestedBy, readIndex } from '../../image/index/entries.ts';
import type { Annotations, Descriptor } from '../../model/descriptor.ts';
import { isIndexType } from '../../model/media-types.ts';
import { formatPlatform } from '../../model/platform.ts';
import { formatSize } from '../terminal/bytes.ts';
import { openFrom } from '../places/ends.ts';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { IMAGE_PLACES, outputOptions, registryOptions } from '../options/shared.ts';
import type { Piece } from '../terminal/style.ts';

/** An entry, as the JSON tells it. */
export interface ListedEntry {
  readonly platform?: string | undefined;
  readonly digest: string;
  /** Bytes of the manifest. */
  readonly size: number;
  readonly mediaType: string;
  readonly artifactType?: string | undefined;
  /** The image that it attests something of. */
  readonly attests?: string | undefined;
  readonly annotations?: Annotations | undefined;
}

export function listCommand(frame: Frame): CommandUnknownOpts {
  const command = registryOptions(outputOptions(new Command('list')))
    .alias('ls')
    .summary('list the entries of an index')
    .description('List the entries of an index, in its order.')
    .argument('<index>', IMAGE_PLACES)
    .action((name, flags) =>
      frame.run(flags, async (session) => {
        const { output, call } = session;
        const from = await openFrom(session, name);
        const { document, descriptor } = await readIndex(from.source, from.reference, call);
        const manifests = document.manifests.map(listed);
        const { annotations, artifactType } = document;
        const { digest, mediaType, size } = descriptor;
        const reference = from.at(digest);
        if (output.isJson)
          return output.json({ reference, digest, mediaType, size, artifactType, annotations, manifests });
        const titles = [
          { title: 'PLATFORM' },
          { title: 'DIGEST' },
          { title: 'SIZE', align: 'right' as const },
          { title: 'KIND' },
        ];
        return output.table(titles, manifests.map(rowOf));
      }),
    );
  return withExamples(command, 'lading index list alpine:3', 'lading index list --json oci:./images:1');
}

function listed(entry: Descriptor): ListedEntry {
  const { digest, size, mediaType, annotations, artifactType, platform } = entry;
  const attests = attestedBy(entry);
  return {
    platform: platform ? formatPlatform(platform) : undefined,
    digest,
    size,
    mediaType,
    artifactType,
    attests,
    annotations,
  };
}

function rowOf({ platform, digest, size, mediaType, artifactType, attests }: ListedEntry): Piece[] {
  const type = isIndexType(mediaType) ? 'index' : 'image';
  const kind = attests === undefined ? (artifactType ?? type) : `attests ${attests}`;
  return [platform ?? '-', digest, formatSize(size), kind];
}

/** `append`: layers added to an image, which is then published under the name that it is given. */
import path from 'node:path';
import { Command, type CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { OciError } from '../../errors.ts';
import type { Platform } from '../../model/platform.ts';
import { append } from '../../image/change/append.ts';
import { type LayerArchive, readLayer } from '../../node/tar/layer-archive.ts';
import { openBase, SCRATCH } from '../places/base-image.ts';
import { baseName } from '../places/base-name.ts';
import { changedTarget } from '../places/changed-target.ts';
import { publish } from '../transfer/changed.ts';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { readsStdin } from '../places/locators.ts';
import { endOptions, IMAGE_PLACES, many, outputOptions, platformsOption, registryOptions } from '../options/shared.ts';
import type { Session } from '../session.ts';
import { sourceDate } from '../options/source-date.ts';

export function build(frame: Frame): CommandUnknownOpts {
  const command = endOptions(registryOptions(outputOptions(new Command())))
    .description(
      'Add layers to an image, for all its platforms, and put what comes of it under another name. The same layers on the same image become the same digest.',
    )
    .argument('<image>', `${IMAGE_PLACES}, or scratch: an image with nothing in it`)
    .argument(
      '[layer...]',
      'tar archives, plain or compressed with gzip or zstd, or directories (without owners, times and permissions but that to run a file), the lowest first; - is stdin',
    )
    .addOption(new Option('-f, --file <layer>', 'a layer, above those before; repeat it for more').argParser(many))
    .option('-t, --tag <target>', `where it goes: ${IMAGE_PLACES}; several tags stand after commas: app:2,latest`)
    .addOption(ownPlatforms())
    .option('--created-by <text>', 'what the history tells of the layers; "lading append" unless told')
    .option('--created <time>', 'when, e.g. 2024-05-06T07:08:09Z; $SOURCE_DATE_EPOCH, or else the time of the image')
    .option('--base-annotations', 'note in the images what they stand on: its name and digest')
    .option('-n, --no-clobber', 'leave a tag that stands already')
    .option('--dry-run', 'only tell what would be sent')
    .action((image, layers, flags) =>
      frame.run(flags, async (session) => {
        const files = [...layers, ...(flags.file ?? [])];
        await appendTo(session, image, files, flags);
      }),
    );
  return withExamples(
    command,
    'lading append localhost:5000/app:1 mydata.tar.gz --tag localhost:5000/app:1-mydata',
    'tar -C ./site -c . | lading append nginx:1.27 - --tag ghcr.io/o/site:1,latest',
    'lading append --platform linux/arm64 -f drivers.tar -t oci:./images:2 oci:./images:1',
    'lading append --base-annotations alpine:3.20 ./rootfs -t localhost:5000/app:1',
    'lading append scratch ./rootfs --platform linux/arm64 -t localhost:5000/base:1',
  );
}

function ownPlatforms(): ReturnType<typeof platformsOption> {
  const option = platformsOption();
  option.description = 'change this platform only, the others stay as they are; repeat it for more';
  return option;
}

interface AppendFlags {
  readonly tag?: string | undefined;
  readonly platform?: readonly Platform[] | undefined;
  readonly createdBy?: string | undefined;
  readonly created?: string | undefined;
  readonly baseAnnotations?: true | undefined;
  readonly clobber?: boolean | undefined;
  readonly dryRun?: true | undefined;
}

async function appendTo(session: Session, image: string, files: readonly string[], flags: AppendFlags): Promise<void> {
  const target = changedTarget(image, flags.tag);
  checkInputs(session, image, files);
  const { tag: _, platform: platforms, clobber, dryRun, createdBy } = flags;
  const created = flags.created ?? sourceDate(session);
  const layers: LayerArchive[] = [];
  for (const file of files) layers.push(await openLayer(session, file));
  const from = await openBase(session, image, platforms);
  const { concurrency } = session.flags;
  const options = { ...session.call, platforms, concurrency, createdBy, created, baseName: baseOf(image, flags) };
  const changed = await append(from.source, from.reference, layers, options);
  const added = layers.map(({ content, diffId }) => ({
    digest: content.descriptor.digest,
    size: content.descriptor.size,
    diffId,
  }));
  await publish(session, from, changed, target, { clobber, dryRun, platform: platforms }, { layers: added });
}

/** Only what stands in a registry has a name that others can use. */
function baseOf(image: string, { baseAnnotations }: AppendFlags): string | undefined {
  if (baseAnnotations !== true) return undefined;
  const name = image === SCRATCH ? undefined : baseName(image);
  if (name === undefined) throw new OciError('USAGE', `${image} stands in no registry, and has no name to be noted`);
  return name;
}

function checkInputs({ context, flags }: Session, image: string, files: readonly string[]): void {
  if (files.length === 0) throw new OciError('USAGE', `there is no layer to append to ${image}`);
  const isPiped = readsStdin(image) || flags.passwordStdin === true;
  const piped = files.filter((file) => file === '-').length;
  if (piped + Number(isPiped) > 1) throw new OciError('USAGE', 'stdin can be one thing only');
  if (piped === 1 && context.stdin.isTTY === true) {
    throw new OciError('USAGE', 'a layer does not come from a terminal', { hint: 'pipe one in: tar -c . | lading …' });
  }
}

/** It closes with the session. */
async function openLayer({ context, call, defer }: Session, file: string): Promise<LayerArchive> {
  const isNear = context.cwd === process.cwd();
  const layer =
    file === '-'
      ? await readLayer(file, { ...call, input: context.stdin })
      : await readLayer(isNear ? file : path.resolve(context.cwd, file), call);
  defer(() => layer.close());
  return layer;
}

/** `artifact push`: files and directories as an artifact. */
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { OciError } from '../../errors.ts';
import type { Descriptor } from '../../model/descriptor.ts';
import type { Platform } from '../../model/platform.ts';
import { parseTargetLocator } from '../../node/locator.ts';
import { checkStdin, pack, packOptions, publishArtifact } from './publish.ts';
import { openFrom } from '../places/ends.ts';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { atDigest, isNameless } from '../places/locator-names.ts';
import { endOptions, IMAGE_PLACES, outputOptions, platformOption, registryOptions } from '../options/shared.ts';
import type { Session } from '../session.ts';

export function pushCommand(frame: Frame): CommandUnknownOpts {
  const command = packOptions(endOptions(registryOptions(outputOptions(new Command('push')))))
    .summary('push files and directories as an artifact')
    .description(
      'Push files and directories as an artifact, under their paths as titles. A directory becomes an archive that is unpacked again when it is pulled. The same files are the same digest.',
    )
    .argument('<target>', `where to: ${IMAGE_PLACES}; several tags stand after commas: app:1,latest`)
    .argument('[file...]', 'FILE, or FILE:TYPE with its media type; - is stdin (-- -:TYPE), which has no title')
    .option('--artifact-type <type>', 'what it is, a media type')
    .option('--subject <image>', 'what it is attached to, wherever that is')
    .addOption(subjectPlatform())
    .option('--by-digest', 'give it no tag where none is written; so it is with --subject')
    .action((target, files, flags) =>
      frame.run(flags, async (session) => {
        checkStdin(session, files, flags);
        if (files.length === 0 && !hasContent(flags)) {
          throw new OciError('USAGE', `there is nothing to push to ${target}`, {
            hint: 'name files or directories, or set annotations',
          });
        }
        const subject = await subjectOf(session, flags);
        const packed = await pack(session, files, flags, subject);
        const isTagless = isNameless(target) && (flags.byDigest === true || subject !== undefined);
        const { locator } = parseTargetLocator(target);
        const to = isTagless ? atDigest(locator, packed.root.digest) : target;
        await publishArtifact(session, packed, to, files, flags);
      }),
    );
  return withExamples(
    command,
    'lading artifact push ghcr.io/o/docs:1,latest README.md ./docs',
    'lading artifact push localhost:5000/policy:1 policy.rego:application/vnd.example.rego --artifact-type application/vnd.example.policy',
    'lading artifact push ghcr.io/o/sboms sbom.json:application/spdx+json --artifact-type application/spdx+json --subject ghcr.io/o/app:1',
    'lading artifact push oci:./artifacts:notes notes.txt -a org.opencontainers.image.version=2',
  );
}

function hasContent(flags: {
  readonly annotation?: readonly string[] | undefined;
  readonly annotationFile?: string | undefined;
  readonly config?: string | undefined;
}): boolean {
  return (flags.annotation ?? flags.annotationFile ?? flags.config) !== undefined;
}

function subjectPlatform(): ReturnType<typeof platformOption> {
  const option = platformOption();
  option.description = 'of a subject for many platforms, the image for this one';
  return option;
}

async function subjectOf(
  session: Session,
  { subject, platform }: { readonly subject?: string | undefined; readonly platform?: Platform | undefined },
): Promise<Descriptor | undefined> {
  if (subject !== undefined) return (await openFrom(session, subject)).resolve(platform);
  if (platform === undefined) return undefined;
  throw new OciError('USAGE', '--platform chooses the image to attach to', { hint: 'name it with --subject' });
}

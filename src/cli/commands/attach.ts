/** `attach`: files as an artifact that hangs on an image, in its own repository. */
import { Command, type CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { OciError } from '../../errors.ts';
import { checkStdin, pack, packOptions, publishArtifact } from '../artifact/publish.ts';
import { openFrom } from '../places/ends.ts';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { atDigest, openEnded } from '../places/locator-names.ts';
import { outputOptions, platformOption, registryOptions } from '../options/shared.ts';

export function build(frame: Frame): CommandUnknownOpts {
  const command = packOptions(registryOptions(outputOptions(new Command())))
    .description(
      'Attach files to an image: an SBOM, a signature, a report. They become an artifact without a tag in its repository, which "lading referrers" lists.',
    )
    .argument('<image>', 'a reference, or oci:DIR[:TAG]')
    .argument('[file...]', 'FILE, or FILE:TYPE with its media type; - is stdin (-- -:TYPE), which has no title')
    .addOption(new Option('--artifact-type <type>', 'what it is, a media type').makeOptionMandatory())
    .addOption(ownPlatform())
    .action((image, files, flags) =>
      frame.run(flags, async (session) => {
        checkStdin(session, files, flags);
        if (files.length === 0 && (flags.annotation ?? flags.annotationFile) === undefined) {
          throw new OciError('USAGE', `there is nothing to attach to ${image}`, {
            hint: 'name files, or set annotations',
          });
        }
        const locator = openEnded(image, 'an attachment');
        const subject = await (await openFrom(session, image)).resolve(flags.platform);
        const packed = await pack(session, files, flags, subject);
        await publishArtifact(session, packed, atDigest(locator, packed.root.digest), files, flags);
      }),
    );
  return withExamples(
    command,
    'lading attach ghcr.io/o/app:1 sbom.json:application/spdx+json --artifact-type application/spdx+json',
    'lading attach --platform linux/arm64 localhost:5000/app:1 report.html --artifact-type application/vnd.example.report',
    'lading attach oci:./images:1 --artifact-type application/vnd.example.review -a org.example.reviewed=yes',
  );
}

function ownPlatform(): ReturnType<typeof platformOption> {
  const option = platformOption();
  option.description = 'attach it to the image for this platform, not to the index';
  return option;
}

/** `manifest get` and `manifest push`: manifests as they are, byte for byte. */
import { Command, type CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { isOciError, OciError } from '../../errors.ts';
import { type Manifest, MAX_MANIFEST_BYTES } from '../../model/manifest.ts';
import { quote } from '../../model/quote.ts';
import { manifestFrom } from '../../store/content.ts';
import { documentOptions, writeDocument } from '../document.ts';
import { openFrom } from '../places/ends.ts';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { readInput } from '../places/input-file.ts';
import { atDigest, digestIn, isNameless, openEnded } from '../places/locator-names.ts';
import { openDestination } from '../places/locators.ts';
import { changeOptions, IMAGE_PLACES, outputOptions, platformOption, registryOptions } from '../options/shared.ts';
import { put } from '../transfer/put.ts';
import { orSchema1 } from '../transfer/schema1.ts';

export function build(frame: Frame): CommandUnknownOpts {
  return new Command()
    .description('Print a manifest, byte for byte, or push one.')
    .addCommand(getCommand(frame), { isDefault: true })
    .addCommand(pushCommand(frame));
}

function getCommand(frame: Frame): CommandUnknownOpts {
  const command = documentOptions(registryOptions(outputOptions(new Command('get'))))
    .description('Print the manifest or index of an image, byte for byte.')
    .argument('<image>', IMAGE_PLACES)
    .addOption(platformOption())
    .action((image, flags) =>
      frame.run(flags, async (session) => {
        const from = await openFrom(session, image);
        const current = async (): Promise<Uint8Array> => (await from.manifest(flags.platform)).bytes;
        // For which platform an image of schema 1 is, is known when it is converted.
        const bytes =
          flags.platform === undefined
            ? await orSchema1(session, from, current, async (image) => image.bytes)
            : await current();
        await writeDocument(session, bytes, flags);
      }),
    );
  return withExamples(
    command,
    'lading manifest alpine:3.20',
    'lading manifest get --pretty --platform linux/arm64 alpine',
  );
}

function pushCommand(frame: Frame): CommandUnknownOpts {
  const command = changeOptions(registryOptions(outputOptions(new Command('push'))))
    .description('Push a manifest as it stands in a file. What it refers to has to be there.')
    .argument('<file>', 'the manifest, or - for stdin')
    .argument(
      '<reference>',
      'where to: repository:tag, repository@digest, or oci:DIR:TAG; several tags stand after commas',
    )
    .addOption(new Option('--media-type <type>', 'what it is, where the document itself does not tell'))
    .option('--by-digest', 'give it no tag where none is written')
    .action((file, name, flags) =>
      frame.run(flags, async (session) => {
        const locator = openEnded(name, 'a manifest');
        const bytes = await readInput(session.context, file, MAX_MANIFEST_BYTES);
        const manifest = inFile(file, () => manifestFrom(bytes, flags.mediaType, digestIn(locator)));
        const { digest } = manifest.descriptor;
        if (isNameless(name) && flags.byDigest !== true) {
          throw new OciError('USAGE', `${name} has neither tag nor digest`, {
            hint: `add :TAG or @${digest}, or --by-digest`,
          });
        }
        const to = isNameless(name) ? atDigest(locator, digest) : name;
        const { target, tags, named } = await openDestination(session, to);
        await put(session, { target, manifest, tags, names: named(digest, tags), dryRun: flags.dryRun === true });
      }),
    );
  return withExamples(
    command,
    'lading manifest push index.json localhost:5000/app:1,latest',
    'lading manifest push --by-digest manifest.json oci:./images',
  );
}

/** What is wrong with a document is told of its file. */
function inFile(file: string, read: () => Manifest): Manifest {
  try {
    return read();
  } catch (error) {
    if (!isOciError(error)) throw error;
    throw new OciError(error.code, `${file === '-' ? 'stdin' : quote(file)}: ${error.message}`, {
      hint: error.hint,
      cause: error,
    });
  }
}

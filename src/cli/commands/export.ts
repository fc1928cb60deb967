/** `export`: the merged file system of an image as one tar archive. */
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { OciError } from '../../errors.ts';
import { exportTar } from '../../image/files/export.ts';
import { saveBytes } from '../../node/files/save-content.ts';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { imageOptions, openFiles } from '../files/image-files.ts';
import { IMAGE_PLACES, outputOptions, registryOptions } from '../options/shared.ts';
import { outputPlace } from '../places/output-file.ts';

export function build(frame: Frame): CommandUnknownOpts {
  const command = imageOptions(registryOptions(outputOptions(new Command())))
    .description(
      'Write the files of an image, its layers merged, as one tar archive. The same image becomes the same bytes.',
    )
    .argument('<image>', IMAGE_PLACES)
    .argument('[file]', 'a tar file, which appears when it is complete; - for stdout', '-')
    .action((image, file, flags) =>
      frame.run(flags, async (session) => {
        const { context, output, call, progress } = session;
        if (file === '-' && context.stdout.isTTY === true) {
          throw new OciError('USAGE', 'an archive would upset the terminal', { hint: 'name a file, or pipe it' });
        }
        const { files } = await openFiles(session, image, flags, true);
        const archive = exportTar(files, call);
        if (file !== '-') await saveBytes(archive, outputPlace(context, file), call);
        else for await (const chunk of archive) await output.bytes(chunk);
        progress.close();
      }),
    );
  return withExamples(
    command,
    'lading export alpine:3.20 alpine.tar',
    'lading export alpine:3.20 -',
    'lading export --platform linux/arm64 oci:./alpine:3.20 arm.tar',
  );
}

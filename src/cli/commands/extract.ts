/** `extract`: files of an image written to a directory. */
import { Command, type CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { OciError } from '../../errors.ts';
import { extract, type Extracted } from '../../node/extract/extract.ts';
import { formatSize } from '../terminal/bytes.ts';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { imageOptions, imagePath, openFiles } from '../files/image-files.ts';
import { count, IMAGE_PLACES, outputOptions, registryOptions } from '../options/shared.ts';
import { outputPlace } from '../places/output-file.ts';
import type { Session } from '../session.ts';
import { styled } from '../terminal/style.ts';

export function build(frame: Frame): CommandUnknownOpts {
  const command = imageOptions(registryOptions(outputOptions(new Command())))
    .description(
      'Write files of an image to a directory: of a directory what it holds, of anything else that itself. Nothing is ever written outside, or through a link.',
    )
    .argument('<image>', `${IMAGE_PLACES}; the path may follow: IMAGE:/PATH`)
    .argument(
      '<path>',
      'a directory or file in it, / for all; the directory to write, where the path stands in the name',
    )
    .argument('[dir]', 'the directory to write: a new or an empty one')
    .option('--force', 'write into a directory that is not empty; files there are replaced, directories stay')
    .option('--no-same-owner', 'let the files be yours; for root they are those of their owners')
    .addOption(new Option('--max-bytes <n>', 'refuse more than so many bytes').argParser(count))
    .addOption(new Option('--max-entries <n>', 'refuse more than so many files').argParser(count))
    .action((name, second, third, flags) =>
      frame.run(flags, async (session) => {
        const { image, path, directory } = operands(name, second, third);
        if (directory === '') throw new OciError('USAGE', 'the directory to write has no name');
        const { files, manifest } = await openFiles(session, image, flags, true);
        const { force, sameOwner, maxBytes, maxEntries } = flags;
        const owners = sameOwner ? undefined : false;
        const options = { ...session.call, force, owners, maxBytes, maxEntries };
        const done = await extract(files, path, outputPlace(session.context, directory), options);
        await tell(session, directory, manifest.descriptor.digest, done);
      }),
    );
  return withExamples(
    command,
    'lading extract alpine:3.20 / ./rootfs',
    'lading extract alpine:3.20 etc/apk ./apk',
    'lading extract --force oci:./alpine:3.20:/usr/bin ./bin',
  );
}

function operands(
  name: string,
  second: string,
  third: string | undefined,
): { readonly image: string; readonly path: string; readonly directory: string } {
  if (third !== undefined) return { image: name, path: second, directory: third };
  const { image, path } = imagePath(name);
  if (path !== undefined) return { image, path, directory: second };
  throw new OciError('USAGE', 'it is not said which directory to write, or which files', {
    hint: `all of them: lading extract ${name} / ${second}`,
  });
}

async function tell({ output, progress }: Session, directory: string, digest: string, done: Extracted): Promise<void> {
  progress.close();
  if (output.isJson) await output.json({ directory, digest, ...done });
  else await output.line(directory);
  const { files, directories, bytes, skipped, ownersLost, xattrsLost } = done;
  output.note(
    styled(`${amount(files, 'file')} in ${amount(directories + 1, 'directory')}, ${formatSize(bytes)}`, 'dim'),
  );
  const others = skipped.length - 1;
  if (others >= 0)
    output.note(`left out: ${skipped[0]}${others > 0 ? ` and ${others} more` : ''}: devices are for root to make`);
  if (ownersLost > 0)
    output.note(`${amount(ownersLost, 'file')} of other users became yours: only root can give files away`);
  if (xattrsLost > 0) output.note(`extended attributes are not written: ${amount(xattrsLost, 'file')} had some`);
}

function amount(number: number, what: string): string {
  const many = what.endsWith('y') ? `${what.slice(0, -1)}ies` : `${what}s`;
  return `${number} ${number === 1 ? what : many}`;
}

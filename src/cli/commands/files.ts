/** `files`: what an image has in a directory, or all of it. */
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { FileEntry } from '../../image/files/file-entry.ts';
import { withExamples } from '../examples.ts';
import { fileName, hardLinks, LONG_COLUMNS, longRow, shownFile } from '../files/file-listing.ts';
import type { Frame } from '../frame.ts';
import { type ImageFlags, imageOptions, imagePath, openFiles } from '../files/image-files.ts';
import { IMAGE_PLACES, outputOptions, registryOptions } from '../options/shared.ts';
import type { Session } from '../session.ts';
import type { Piece } from '../terminal/style.ts';

export function build(frame: Frame): CommandUnknownOpts {
  const command = imageOptions(registryOptions(outputOptions(new Command())))
    .description('List the files of an image, its layers merged. The layers are read; nothing of them is kept.')
    .argument('<image>', `${IMAGE_PLACES}; a path may follow: IMAGE:/PATH`)
    .argument('[path]', 'a directory or file in it; the root unless told')
    .option('-l, --long', 'show permissions, owner, size and time (UTC), too')
    .option('-r, --recursive', 'show what is in directories, too')
    .action((name, path, flags) => frame.run(flags, (session) => listFiles(session, imagePath(name, path), flags)));
  return withExamples(
    command,
    'lading files alpine:3.20 etc',
    'lading files -l --recursive alpine:3.20:/usr/bin',
    'lading files -r --json --platform linux/arm64 oci:./alpine:3.20',
  );
}

interface FilesFlags extends ImageFlags {
  readonly long?: true | undefined;
  readonly recursive?: true | undefined;
}

async function listFiles(
  session: Session,
  { image, path = '' }: ReturnType<typeof imagePath>,
  flags: FilesFlags,
): Promise<void> {
  const { output, call } = session;
  const { files, manifest } = await openFiles(session, image, flags, false);
  const layers = manifest.links.flatMap(({ role, descriptor }) => (role === 'layer' ? [descriptor.digest] : []));
  const hardLinkOf = hardLinks();
  const rows: Piece[][] = [];
  const show = async (file: FileEntry): Promise<void> => {
    if (output.isJson) return output.jsonLine(shownFile(file, hardLinkOf(file), layers));
    if (flags.long === true) return void rows.push(longRow(file, hardLinkOf(file)));
    return output.line(fileName(file));
  };
  for await (const file of files.list(path, { ...call, recursive: flags.recursive })) {
    session.progress.close();
    await show(file);
  }
  await output.table(LONG_COLUMNS, rows);
}

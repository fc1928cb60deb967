/** `cat`: a file of an image, byte for byte. */
import { Command, type CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { OciError } from '../../errors.ts';
import type { Bytes } from '../../model/call.ts';
import { saveBytes } from '../../node/files/save-content.ts';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { imageOptions, imagePath, openFiles } from '../files/image-files.ts';
import { IMAGE_PLACES, outputOptions, registryOptions } from '../options/shared.ts';
import { outputPlace } from '../places/output-file.ts';
import { escapeJson } from '../terminal/safe-text.ts';
import type { Session } from '../session.ts';

export function build(frame: Frame): CommandUnknownOpts {
  const command = imageOptions(registryOptions(outputOptions(new Command())))
    .description(
      'Print a file of an image, byte for byte. Of the layers, those above the file and its own are read, no more; links are followed.',
    )
    .argument('<image>', `${IMAGE_PLACES}; the path may follow: IMAGE:/PATH`)
    .argument('[path]', 'the file, where it does not stand in the name')
    .addOption(new Option('-o, --output <file>', 'write to this file; it appears when it is complete'))
    .action((name, inside, flags) =>
      frame.run(flags, async (session) => {
        const { image, path } = imagePath(name, inside);
        if (path === undefined) throw new OciError('USAGE', `it is not said which file of ${image}`);
        const { files } = await openFiles(session, image, flags, true);
        const bytes = files.read(path, session.call);
        if (flags.output === undefined || flags.output === '-') await print(session, bytes, flags.output === '-');
        else await saveBytes(bytes, outputPlace(session.context, flags.output), session.call);
      }),
    );
  return withExamples(
    command,
    'lading cat alpine:3.20 etc/os-release',
    'lading cat --platform linux/arm64 alpine:3.20:/etc/passwd',
    'lading cat -o busybox alpine bin/busybox',
  );
}

/** A stranger's file does not talk to a terminal, unless that is what `--output -` asks for. */
async function print({ context, output, progress }: Session, bytes: Bytes, asIs: boolean): Promise<void> {
  const isShown = context.stdout.isTTY === true && !asIs;
  const decoder = new TextDecoder();
  for await (const chunk of bytes) {
    progress.close();
    if (isShown) await output.raw(shown(decoder.decode(chunk, { stream: true })));
    else await output.bytes(chunk);
  }
  if (isShown) await output.raw(shown(decoder.decode()));
}

function shown(text: string): string {
  return escapeJson(text).replaceAll('\r', '\\r').replaceAll('\\r\n', '\n');
}

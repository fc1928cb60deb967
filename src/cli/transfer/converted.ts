/** Images that are converted on their way (`copy --format`, `--compression`): what is copied is then the converted one. */
import { type Command, Option, type OptionValues } from '@commander-js/extra-typings';
import { OciError } from '../../errors.ts';
import type { Converted } from '../../image/change/convert.ts';
import type { Family } from '../../image/layer/types.ts';
import { compressionOptions, type CompressionFlags, layerOptions } from '../options/change.ts';
import type { ChosenToCopy } from './schema1.ts';
import type { Session } from '../session.ts';

export type ConvertFlags = CompressionFlags & {
  readonly format?: Family | undefined;
  readonly referrers?: true | undefined;
};

/** Annotations that a note names. */
const MAX_NAMED = 20;

/** `--format --compression --compression-level` */
export function convertOptions<A extends unknown[], O extends OptionValues>(
  command: Command<A, O>,
): Command<A, O & Pick<ConvertFlags, 'format'> & CompressionFlags> {
  const families = ['oci', 'docker'] as const;
  command.addOption(new Option('--format <family>', 'convert it to these media types on the way').choices(families));
  return compressionOptions(command, 'compress layers so that are not yet; it gets another digest');
}

/** What is to be copied, converted as the flags say. Whoever has copied it closes it. */
export async function convertChosen(
  session: Session,
  chosen: ChosenToCopy,
  flags: ConvertFlags,
): Promise<ChosenToCopy & { readonly close: () => Promise<void> }> {
  const { format: family, compression, compressionLevel, referrers } = flags;
  if ((family ?? compression ?? compressionLevel) === undefined) return { ...chosen, close: async () => {} };
  if (referrers === true) {
    throw new OciError('USAGE', 'what is attached to an image is not about one that is converted on the way', {
      hint: 'leave out --referrers, or copy the image as it is',
    });
  }
  const { convert } = await import('../../image/change/convert.ts');
  const options = { ...layerOptions(session, { compression, compressionLevel }), family };
  const converted = await convert(chosen.source, chosen.root, options);
  tellLost(session, converted);
  const { source, root } = converted;
  const close = (): Promise<void> => converted.close();
  if (root.digest === chosen.root.digest) return { ...chosen, close };
  return { source, root, convertedFrom: chosen.convertedFrom ?? chosen.root.digest, close };
}

/** Says what docker's documents had no place for. */
export function tellLost({ output }: Session, { lostAnnotations }: Pick<Converted, 'lostAnnotations'>): void {
  if (lostAnnotations.length === 0) return;
  const names = lostAnnotations.slice(0, MAX_NAMED).join(', ');
  const more = lostAnnotations.length > MAX_NAMED ? ` and ${lostAnnotations.length - MAX_NAMED} more` : '';
  output.note(`left out, because docker's media types have no place for annotations: ${names}${more}`);
}

/** The options that choose of what is attached to an image. */
import { type Command, Option, type OptionValues } from '@commander-js/extra-typings';
import type { AttachedFilter } from '../../image/attached/attached.ts';
import type { CopyOptions } from '../../graph/copy.ts';
import { many } from './shared.ts';

export type FilterFlags = {
  readonly artifactType?: readonly string[] | undefined;
  readonly annotation?: readonly string[] | undefined;
  readonly latest?: true | undefined;
  readonly sortAnnotation?: string | undefined;
};

/** `--artifact-type --annotation --latest --sort-annotation` */
export function filterOptions<A extends unknown[], O extends OptionValues>(
  command: Command<A, O>,
): Command<A, O & FilterFlags> {
  for (const option of [
    new Option(
      '--artifact-type <type>',
      'only those of this type, or that attest something of this type; repeat it for more',
    ).argParser(many),
    new Option('--annotation <name[=value]>', 'only those with this annotation; repeat it for more').argParser(many),
    new Option('--latest', 'of each type only the newest'),
    new Option('--sort-annotation <name>', 'the highest of this annotation first; --latest then means that one'),
  ]) {
    command.addOption(option);
  }
  return command;
}

/** What the flags choose; undefined: they choose nothing. */
export function filterOf(flags: FilterFlags): AttachedFilter | undefined {
  const { artifactType, annotation, latest, sortAnnotation: sortBy } = flags;
  if ((artifactType ?? annotation ?? latest ?? sortBy) === undefined) return undefined;
  const annotations = annotation && Object.fromEntries(annotation.map(pairOf));
  return { artifactTypes: artifactType, annotations, latest, sortBy };
}

function pairOf(text: string): readonly [name: string, value: string | undefined] {
  const at = text.indexOf('=');
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/** `--referrer-type` of commands that copy; it takes `--referrers` along. */
export function referrerTypeOption(): Option<'--referrer-type <type>', undefined, undefined, readonly string[]> {
  return new Option('--referrer-type <type>', 'the same, but only what is of this type; repeat it for more')
    .argParser(many)
    .implies({ referrers: true });
}

export type ReferrerFlags = {
  readonly referrers?: true | undefined;
  readonly referrerType?: readonly string[] | undefined;
};

/** What of it is copied. */
export function wantedReferrers({ referrers, referrerType: types }: ReferrerFlags): CopyOptions['referrers'] {
  if (types === undefined) return referrers;
  return ({ artifactType, annotations }) =>
    [artifactType, annotations?.['dev.sigstore.bundle.predicateType']].some(
      (type) => type !== undefined && types.includes(type),
    );
}

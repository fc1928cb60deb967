/** From the behaviours of a vendor to what they come to. */
import type { IngestRegistry } from '../../store/types.ts';
import type { Wrap } from '../wrap.ts';
import type { Behaviour, ElsewhereForm, TokenForm } from './vendor.ts';

export interface Parts {
  /** The realm of Basic. */
  readonly basic: string | undefined;
  readonly tokens: TokenForm | undefined;
  readonly elsewhere: readonly ElsewhereForm[];
  /** `''`, or `/prefix`. */
  readonly pathPrefix: string;
}

const UNLESS_TOLD = { knownOnly: false, forUser: false, alsoBasic: false };

export function partsOf(behaviours: readonly Behaviour[]): Parts {
  const tokens = behaviours.flatMap((one) => ('tokens' in one ? [one.tokens] : []));
  return {
    basic: behaviours.flatMap((one) => ('basic' in one ? [one.basic] : []))[0],
    tokens: tokens.length === 0 ? undefined : (Object.assign({}, UNLESS_TOLD, ...tokens) as TokenForm),
    elsewhere: behaviours.flatMap((one) => ('elsewhere' in one ? [one.elsewhere] : [])),
    pathPrefix: behaviours.flatMap((one) => ('pathPrefix' in one ? [one.pathPrefix] : []))[0] ?? '',
  };
}

/** The wraps around the registry, or around its token server; those that have to know what is served, where that is told. */
export function wrapsAt(
  place: 'registry' | 'tokens',
  behaviours: readonly Behaviour[],
  registry?: IngestRegistry,
): readonly Wrap[] {
  return behaviours.flatMap((one) => {
    if ('wrap' in one) return (one.at ?? 'registry') === place ? [one.wrap()] : [];
    return 'wrapFor' in one && place === 'registry' && registry !== undefined ? [one.wrapFor(registry)] : [];
  });
}

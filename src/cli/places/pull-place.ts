/** Where `pull` puts an image: by the path that the user gave, or else by the image's own name. */
import path from 'node:path';
import {
  formatLocator,
  isPath,
  isSaved,
  type Locator,
  parseLocator,
  tagOf as tagIn,
  withDefaultName,
} from '../../node/locator.ts';

/** A directory is a layout, a name that ends in `.tar` an archive; the image keeps its tag. */
export function pullPlace(name: string, place: string | undefined): Locator {
  const image = parseLocator(name);
  return place === undefined ? ownPlace(image) : placeOf(place, image);
}

function ownPlace(image: Locator): Locator {
  return { kind: 'oci', path: ownName(image), ...tagOf(image) };
}

function ownName(image: Locator): string {
  if (isPath(image)) return path.basename(image.path).replace(/\.tar$/, '');
  const { reference } = image;
  // Of an image that is named by its id alone, nothing else is known.
  return reference === undefined ? formatLocator(image).replace(/^.*:/, '') : path.posix.basename(reference.path);
}

function placeOf(place: string, image: Locator): Locator {
  if (/^(oci|oci-archive|docker-archive|docker-daemon):/.test(place)) {
    const locator = parseLocator(place);
    const isNamed = isSaved(locator) ? locator.reference !== undefined : 'tag' in locator;
    return isNamed ? locator : named(locator, image);
  }
  return named({ kind: place.endsWith('.tar') || place === '-' ? 'oci-archive' : 'oci', path: place }, image);
}

/** In docker archives and engines an image has its repository's name, too, which a layout does not know. */
function named(locator: Locator, image: Locator): Locator {
  if (locator.kind === 'registry') return locator;
  if (!isSaved(locator)) return { ...locator, ...tagOf(image) };
  const whole = withDefaultName(image);
  if (!('reference' in whole) || whole.reference?.tag === undefined) return locator;
  const { digest: _, ...reference } = whole.reference;
  return { ...locator, reference };
}

/** The tag that the image has where it comes from. By digest alone it has none. */
function tagOf(image: Locator): { readonly tag?: string } {
  const tag = tagIn(withDefaultName(image));
  return tag === undefined ? {} : { tag };
}

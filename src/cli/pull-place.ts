/** Where `pull` puts an image: by the path that the user gave, or else by the image's own name. */
import path from 'node:path';
import { type Locator, parseLocator, tagOf as tagIn, withDefaultName } from '../node/locator.ts';

/** A directory is a layout, a name that ends in `.tar` an archive; the image keeps its tag. */
export function pullPlace(name: string, place: string | undefined): Locator {
  const image = parseLocator(name);
  return place === undefined ? ownPlace(image) : placeOf(place, image);
}

function ownPlace(image: Locator): Locator {
  if (image.kind !== 'registry')
    return { kind: 'oci', path: path.basename(image.path).replace(/\.tar$/, ''), ...tagOf(image) };
  return { kind: 'oci', path: path.posix.basename(image.reference.path), ...tagOf(image) };
}

function placeOf(place: string, image: Locator): Locator {
  if (/^(oci|oci-archive|docker-archive):/.test(place)) {
    const locator = parseLocator(place);
    const isNamed = locator.kind === 'docker-archive' ? locator.reference !== undefined : 'tag' in locator;
    return isNamed ? locator : named(locator, image);
  }
  return named({ kind: place.endsWith('.tar') || place === '-' ? 'oci-archive' : 'oci', path: place }, image);
}

/** In a docker archive an image has its repository's name, too, which a layout does not know. */
function named(locator: Locator, image: Locator): Locator {
  if (locator.kind === 'registry') return locator;
  if (locator.kind !== 'docker-archive') return { ...locator, ...tagOf(image) };
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

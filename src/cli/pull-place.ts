/** Where `pull` puts an image: by the path that the user gave, or else by the image's own name. */
import path from 'node:path';
import { withDefaultTag } from '../model/reference.ts';
import { type Locator, parseLocator } from '../node/locator.ts';

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
    return isNamed ? locator : withName(locator, image);
  }
  return withName({ kind: place.endsWith('.tar') || place === '-' ? 'oci-archive' : 'oci', path: place }, image);
}

function withName(locator: Locator, image: Locator): Locator {
  if (locator.kind === 'registry') return locator;
  if (locator.kind !== 'docker-archive') return { ...locator, ...tagOf(image) };
  return image.kind === 'registry' ? { ...locator, reference: withDefaultTag(image.reference) } : locator;
}

/** The tag that the image has where it comes from. By digest alone it has none. */
function tagOf(image: Locator): { readonly tag?: string } {
  if (image.kind === 'docker-archive') return {};
  const { tag } = image.kind === 'registry' ? withDefaultTag(image.reference) : image;
  return tag === undefined ? {} : { tag };
}

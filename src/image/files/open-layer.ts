/** Which reader a layer gets. */
import type { Descriptor } from '../../model/descriptor.ts';
import type { Source } from '../../store/types.ts';
import { lazyLayer } from '../toc/open.ts';
import type { LayerReader } from './layer-entries.ts';
import { type LayerReadOptions, plainLayer } from './plain.ts';

/** Opens a layer for its files; nothing is read yet. Whoever opens it closes it. */
export function openLayer(source: Source, layer: Descriptor, options: LayerReadOptions = {}): LayerReader {
  const content = source.blob(layer);
  return options.whole === true ? plainLayer(content, options) : lazyLayer(content, options);
}

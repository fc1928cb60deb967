/** What differs between two images, as the JSON of the command. */
import type { ImageComparison } from '../../image/diff/comparison.ts';
import type { FileFacts } from '../../image/diff/file-facts.ts';
import type { FileChange } from '../../image/diff/files.ts';
import type { HistoryChange, HistoryStep } from '../../image/diff/history.ts';
import type { ImageDiff } from '../../image/diff/image-diff.ts';
import type { Descriptor } from '../../model/descriptor.ts';
import { formatPlatform } from '../../model/platform.ts';
import type { DiffNames } from './line.ts';
import { shownFile } from '../files/file-listing.ts';

export function diffJson({ before, after, isDifferent, index, images }: ImageDiff, names: DiffNames): object {
  return {
    before: { reference: names.before, ...plain(before) },
    after: { reference: names.after, ...plain(after) },
    different: isDifferent,
    index,
    images: images.map(imageJson),
  };
}

function imageJson(image: ImageComparison): object {
  const { platform, kind, before, after, manifest, config, history, layers, files, packages, unread } = image;
  return {
    platform: platform && formatPlatform(platform),
    kind,
    before: before && plain(before),
    after: after && plain(after),
    manifest,
    config,
    history: history?.map(historyJson),
    layers: layers?.layers,
    layersSize: layers?.sizes,
    files: files?.map(fileJson),
    packages,
    unread: unread && plain(unread),
  };
}

function plain({ mediaType, digest, size }: Descriptor): object {
  return { mediaType, digest, size };
}

function historyJson({ kind, before, after }: HistoryChange): object {
  return { kind, before: before && stepJson(before), after: after && stepJson(after) };
}

function stepJson({
  position,
  created,
  created_by: createdBy,
  author,
  comment,
  empty_layer: emptyLayer,
}: HistoryStep): object {
  return { position, created, createdBy, author, comment, emptyLayer };
}

function fileJson({ kind, path, differs, before, after, unsure }: FileChange): object {
  return { kind, path, differs, before: before && factsJson(before), after: after && factsJson(after), unsure };
}

function factsJson({ layer, ...facts }: FileFacts): object {
  const { path: _, hardlink: _none, ...shown } = shownFile({ ...facts, path: '' }, undefined, []);
  return { ...shown, layer };
}

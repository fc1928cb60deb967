/** The page of `inspect`: blocks under titles, each a small table. */
import { formatSize } from '../terminal/bytes.ts';
import { type Column, columns } from '../terminal/columns.ts';
import type { Inspection, InspectedImage } from './inspection.ts';
import { type Piece, styled } from '../terminal/style.ts';

type Rows = readonly (readonly Piece[])[];

/** The lines of the page. */
export function inspectionPage(told: Inspection): Piece[][] {
  const { image, manifests = [], referrers, tags = [] } = told;
  const of = manifests.length > 0 && image.platform !== undefined ? ` of ${image.platform}` : '';
  return [
    ...columns([{}, {}], headRows(told)),
    ...block('Annotations', [{}, {}], pairs(told.annotations)),
    ...block(
      'Manifests',
      [{}, {}, { align: 'right' }, {}],
      manifests.map((entry) => [
        entry.platform ?? '-',
        entry.digest,
        formatSize(entry.size),
        markOf(entry.digest, image),
      ]),
    ),
    ...block(`Image${of}`, [{}, {}], imageRows(image, manifests.length > 0)),
    ...block(
      'Environment',
      [{}],
      (image.config?.Env ?? []).map((line) => [line]),
    ),
    ...block('Labels', [{}, {}], pairs(image.config?.Labels)),
    ...block('Layers', [{}, { align: 'right' }, {}], layerRows(image)),
    ...block('History', [{}, {}], historyRows(image)),
    ...block(
      'Attached',
      [{}, {}, { align: 'right' }],
      referrers.map((one) => [one.digest, one.artifactType ?? '-', formatSize(one.size)]),
    ),
    ...block(
      'Tags',
      [{}],
      tags.map((tag) => [tag]),
    ),
  ];
}

function block(title: string, layout: readonly Column[], rows: Rows): Piece[][] {
  if (rows.length === 0) return [];
  return [[''], [styled(title, 'bold')], ...columns(layout, rows).map((line) => ['  ', ...line])];
}

function headRows(told: Inspection): Piece[][] {
  return named({
    Name: told.reference,
    Digest: told.digest,
    'Media type': told.mediaType,
    'Artifact type': told.artifactType,
    'Attached to': told.subject,
  });
}

function imageRows(image: InspectedImage, isChild: boolean): Piece[][] {
  const { config = {} } = image;
  const words = (list: readonly string[] | undefined): string | undefined =>
    list === undefined || list.length === 0 ? undefined : JSON.stringify(list);
  const keys = (map: object | undefined): string | undefined =>
    map === undefined ? undefined : Object.keys(map).join(', ') || undefined;
  return named({
    Digest: isChild ? image.digest : undefined,
    Platform: image.platform,
    Created: image.created,
    Author: image.author,
    User: config.User,
    'Working directory': config.WorkingDir,
    Entrypoint: words(config.Entrypoint),
    Command: words(config.Cmd),
    Ports: keys(config.ExposedPorts),
    Volumes: keys(config.Volumes),
    'Stop signal': config.StopSignal,
    Layers: `${image.layers.length}, ${formatSize(image.layersSize)}`,
  });
}

function layerRows({ layers }: InspectedImage): Piece[][] {
  return layers.map(({ digest, size, mediaType }) => [digest, formatSize(size), styled(shortType(mediaType), 'dim')]);
}

/** Without the words that all media types of layers begin with. */
function shortType(mediaType: string): string {
  return mediaType.replace(/^application\/vnd\.(?:oci\.image|docker\.image\.rootfs)\./, '');
}

function historyRows({ history = [] }: InspectedImage): Piece[][] {
  return history.map(({ created = '', createdBy = '', comment = '', emptyLayer }) => [
    styled(created.slice(0, 19), 'dim'),
    styled((createdBy || comment).replace(/\s+/g, ' '), emptyLayer === true ? 'dim' : 'cyan'),
  ]);
}

function pairs(map: Readonly<Record<string, string>> | undefined): Piece[][] {
  return Object.entries(map ?? {}).map(([name, value]) => [styled(name, 'dim'), value]);
}

function named(values: Readonly<Record<string, string | undefined>>): Piece[][] {
  return Object.entries(values).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[styled(name, 'dim'), value]],
  );
}

function markOf(digest: string, image: InspectedImage): Piece {
  return digest === image.digest ? styled('shown below', 'dim') : '';
}

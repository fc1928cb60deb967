/** The fields of configs and manifests, and what differs in them. History and layers are left to others. */
import { isObject } from '../../model/descriptor.ts';
import type { ImageConfig } from '../../model/image-config.ts';
import type { Manifest } from '../../model/manifest.ts';
import { diffFields, type Field, type FieldChange, members } from './fields.ts';

export interface DocumentOptions {
  /** Times of creation are not compared. */
  readonly ignoreTimes?: boolean | undefined;
}

const CREATED = 'org.opencontainers.image.created';

/** What differs between two configs: each field, variables and labels by their names. */
export function diffConfigs(
  before: ImageConfig,
  after: ImageConfig,
  options: DocumentOptions = {},
): readonly FieldChange[] {
  return diffFields(told(configFields(before), options), told(configFields(after), options));
}

/** What differs between two manifests, or two indexes, beside what they consist of: media types, subject, annotations. */
export function diffManifests(
  before: Manifest,
  after: Manifest,
  options: DocumentOptions = {},
): readonly FieldChange[] {
  return diffFields(told(manifestFields(before), options), told(manifestFields(after), options));
}

function told(fields: readonly Field[], { ignoreTimes = false }: DocumentOptions): readonly Field[] {
  return ignoreTimes ? fields.filter(({ field, key }) => field !== 'created' && key !== CREATED) : fields;
}

function configFields(image: ImageConfig): readonly Field[] {
  return Object.entries(image).flatMap(([field, value]: [string, unknown]): readonly Field[] => {
    if (field === 'history') return [];
    if (field === 'rootfs') return isObject(value) ? [{ field: 'rootfs.type', value: value.type }] : [];
    return field === 'config' && isObject(value) ? Object.entries(value).flatMap(containerFields) : [{ field, value }];
  });
}

const MAPS = ['Labels', 'ExposedPorts', 'Volumes'];

function containerFields([name, value]: [string, unknown]): readonly Field[] {
  const field = `config.${name}`;
  if (name === 'Env' && Array.isArray(value)) return value.map((line) => variable(field, String(line)));
  return MAPS.includes(name) ? members(field, value) : [{ field, value }];
}

function variable(field: string, line: string): Field {
  const at = line.indexOf('=');
  return at < 0 ? { field, key: line, value: null } : { field, key: line.slice(0, at), value: line.slice(at + 1) };
}

const PARTS = ['manifests', 'layers'];

function manifestFields({ document, descriptor: { mediaType } }: Manifest): readonly Field[] {
  const rest = Object.entries(document).filter(([field]) => field !== 'mediaType' && !PARTS.includes(field));
  const fields = rest.flatMap(([field, value]: [string, unknown]): readonly Field[] => {
    if (value === null) return [];
    if (field === 'annotations') return members(field, value);
    if (field === 'config' && isObject(value)) return [{ field: 'config.mediaType', value: value.mediaType }];
    return field === 'subject' && isObject(value) ? [{ field, value: value.digest }] : [{ field, value }];
  });
  return [{ field: 'mediaType', value: mediaType }, ...fields];
}

/**
 * The config of an image that was of schema 1: of its last step what says how it is run, and its history of all of them.
 * What it does not tell is left out: nothing is made up.
 */
import type { Digest } from '../../model/digest.ts';
import { parseImageConfig } from '../../model/image-config.ts';
import type { Schema1Document, Schema1Layer } from '../../model/schema1.ts';
import { isObject } from '../../model/descriptor.ts';

/** A step of the image's making; without a layer it changed no file. */
export interface Schema1Step extends Pick<Schema1Layer, 'v1'> {
  readonly layer?: { readonly diffId: Digest } | undefined;
}

const FIELDS = ['created', 'author', 'architecture', 'variant', 'os', 'os.version', 'os.features', 'config'] as const;

/**
 * The bytes of the config.
 * @param steps the lowest first.
 * @throws OciError `MANIFEST_INVALID`
 */
export function schema1Config({ architecture }: Schema1Document, steps: readonly Schema1Step[]): Uint8Array {
  const last: Record<string, unknown> = { architecture, ...told(steps.at(-1)?.v1 ?? {}) };
  const config = {
    ...told(Object.fromEntries(FIELDS.map((name) => [name, last[name]]))),
    rootfs: { type: 'layers', diff_ids: steps.flatMap(({ layer }) => layer?.diffId ?? []) },
    history: steps.map(historyOf),
  };
  const bytes = new TextEncoder().encode(JSON.stringify(config));
  parseImageConfig(bytes);
  return bytes;
}

/** As docker converted it. */
function historyOf({ v1, layer }: Schema1Step): object {
  const { created, author, comment, container_config: container } = v1;
  const command: unknown = isObject(container) ? container.Cmd : undefined;
  const createdBy = Array.isArray(command) ? command.join(' ') : undefined;
  return told({ created, author, created_by: createdBy, comment, empty_layer: layer === undefined ? true : undefined });
}

/** Go writes out what was never set. */
function told(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null && value !== '');
  return Object.fromEntries(entries);
}

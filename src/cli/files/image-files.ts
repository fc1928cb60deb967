/** What the commands that look into images have in common: how a file of an image is named, and how the files are opened. */
import { type Command, Option, type OptionValues } from '@commander-js/extra-typings';
import { type FileSystem, openFileSystem } from '../../image/files/file-system.ts';
import type { Manifest } from '../../model/manifest.ts';
import type { Platform } from '../../model/platform.ts';
import { spoolToDisk } from '../../node/files/spool.ts';
import { openFrom } from '../places/ends.ts';
import { type LayerFlags, layerCache, layerOptions } from '../places/layer-cache.ts';
import { platformOption } from '../options/shared.ts';
import type { Session } from '../session.ts';

export type ImageFlags = LayerFlags & {
  readonly platform?: Platform | undefined;
  readonly foreignLayers?: true | undefined;
};

/** `--platform --foreign-layers --cache --whole` */
export function imageOptions<A extends unknown[], O extends OptionValues>(
  command: Command<A, O>,
): Command<A, O & ImageFlags> {
  command.addOption(platformOption());
  command.addOption(new Option('--foreign-layers', 'read layers that are kept elsewhere, too'));
  return layerOptions(command);
}

export interface ImagePath {
  readonly image: string;
  /** Undefined: none is named. */
  readonly path: string | undefined;
}

/**
 * The image and the path that `IMAGE PATH` or `IMAGE:/PATH` names. In the second form the path begins at the last `:/`, unless that
 * belongs to a locator: `oci:/srv/images:1` has no path, `oci:/srv/images:1:/etc` has one.
 */
export function imagePath(text: string, path?: string): ImagePath {
  if (path !== undefined) return { image: text, path };
  const [, image, inside] = /^(.+):(\/.*)$/s.exec(text) ?? [];
  const isPlace = image === undefined || /^(oci|oci-archive|docker-archive)(:[A-Za-z])?$/.test(image);
  return isPlace ? { image: text, path: undefined } : { image, path: inside };
}

/** The files of one image; they close with the session. */
export interface OpenFiles {
  readonly files: FileSystem;
  readonly manifest: Manifest;
  /** The image as the user named it. */
  readonly describe: string;
}

/**
 * @param readsTwice layers of a registry are then kept in a temporary file.
 * @throws OciError `NOT_FOUND`, `REFERENCE_INVALID`
 */
export async function openFiles(
  session: Session,
  image: string,
  { platform, ...flags }: ImageFlags,
  readsTwice: boolean,
): Promise<OpenFiles> {
  const from = await openFrom(session, image);
  const manifest = await from.image(platform);
  const spool = readsTwice && from.repository !== undefined ? spoolToDisk() : undefined;
  const { concurrency } = session.flags;
  const reading = { spool, concurrency, cache: await layerCache(session, flags), whole: flags.whole };
  const files = openFileSystem(from.source, manifest, reading);
  session.defer(() => files.close());
  return { files, manifest, describe: from.describe };
}

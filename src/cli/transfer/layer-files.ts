/**
 * `--layers` of `pull` and `push`: an image as plain files in a directory: the layers and the config by their digests, and `manifest.json`.
 */
import path from 'node:path';
import { OciError } from '../../errors.ts';
import { type Manifest, MAX_MANIFEST_BYTES } from '../../model/manifest.ts';
import type { Schema1Image } from '../../model/schema1.ts';
import { keepManifest, keptManifest } from '../../node/layers/kept-manifest.ts';
import { openLayers, pullLayers } from '../../node/layers/layer-files.ts';
import { manifestFrom } from '../../store/content.ts';
import { type From, fromPlace, openFrom } from '../places/ends.ts';
import { readInput } from '../places/input-file.ts';
import { openDestination } from '../places/locators.ts';
import { orSchema1 } from './schema1.ts';
import type { Session } from '../session.ts';
import { tellTransfer, transfer, type TransferFlags } from './transfer.ts';

/** Keeps one image; the manifest comes last. @throws OciError `USAGE` for several platforms */
export async function pullFiles(
  session: Session,
  name: string,
  dir: string,
  { platform = [] }: TransferFlags,
): Promise<void> {
  if (platform.length > 1) throw new OciError('USAGE', '--layers takes one platform');
  const from = await openFrom(session, name);
  const directory = path.resolve(session.context.cwd, dir);
  const current = async (): Promise<void> => pullImage(session, from, directory, await from.image(platform[0]));
  if (platform.length > 0) return current();
  return orSchema1(session, from, current, (image) => pullSchema1(session, from, directory, image));
}

async function pullImage(session: Session, from: From, directory: string, image: Manifest): Promise<void> {
  const { output, call, flags } = session;
  const options = { ...call, concurrency: flags.concurrency, config: true };
  const files = await pullLayers(from.source, image, directory, options);
  const manifest = await keepManifest(image, directory, call);
  const of = (role: 'config' | 'layer') => {
    const digests = new Set(
      image.links.filter((link) => link.role === role).map(({ descriptor }) => descriptor.digest),
    );
    return files.filter(({ digest }) => digests.has(digest));
  };
  const layers = of('layer');
  const { digest } = image.descriptor;
  if (output.isJson) {
    return output.json({ source: from.describe, directory, digest, manifest, config: of('config')[0], layers });
  }
  for (const { file } of layers) await output.line(file);
}

/** Of docker's retired schema 1, the blobs of the layers: there is no config, and nothing that could be pushed again. */
async function pullSchema1(
  { call, flags, output }: Session,
  { source, describe }: From,
  directory: string,
  image: Schema1Image,
): Promise<void> {
  const { schema1Blobs } = await import('../../image/schema1/schema1.ts');
  const options = { ...call, concurrency: flags.concurrency };
  const layers = await pullLayers(source, await schema1Blobs(source, image, options), directory, options);
  if (output.isJson) return output.json({ source: describe, directory, digest: image.digest, layers });
  for (const { file } of layers) await output.line(file);
}

/** Where the files are, and the manifest: a file, or `-` for stdin; `manifest.json` of the directory unless told. */
export interface FilesFlags {
  readonly layers: string;
  readonly manifest?: string | undefined;
}

/** Pushes the image of a directory. @throws OciError `LAYER_MISSING` before anything is sent */
export async function pushFiles(
  session: Session,
  files: FilesFlags,
  reference: string,
  flags: TransferFlags,
): Promise<void> {
  const { context, call } = session;
  const directory = path.resolve(context.cwd, files.layers);
  const manifest = await manifestOf(session, directory, files.manifest);
  const to = await openDestination(session, reference);
  const options = { ...call, concurrency: session.flags.concurrency };
  const source = await openLayers(manifest, directory, to.target, options).catch(async (error: unknown) => {
    await to.abort();
    throw error;
  });
  const { digest } = manifest.descriptor;
  const from = fromPlace(session, { source, reference: digest, describe: files.layers, at: () => files.layers });
  await tellTransfer(session, await transfer(session, from, to, flags), to);
}

async function manifestOf({ context, call }: Session, directory: string, file: string | undefined): Promise<Manifest> {
  if (file === undefined) return keptManifest(directory, call);
  return manifestFrom(await readInput(context, file, MAX_MANIFEST_BYTES));
}

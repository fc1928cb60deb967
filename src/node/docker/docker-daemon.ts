/**
 * Images in a docker engine. It is read and written in the form of `docker save`: what it gives is kept in a temporary file while it is
 * read, what it gets is made in one and sent when it is complete. Which image is meant is told by a locator.
 */
import { tmpdir } from 'node:os';
import { OciError } from '../../errors.ts';
import type { HttpResponse } from '../../http/types.ts';
import { type DockerArchive, isSame, readDockerArchive } from '../../layout/docker-archive.ts';
import { SAVED_MANIFEST } from '../../layout/docker-manifest.ts';
import type { Call } from '../../model/call.ts';
import { isDigest } from '../../model/digest.ts';
import { familiarReference } from '../../model/reference.ts';
import type { Target } from '../../store/types.ts';
import { createSavedBlobs } from './docker-archive-blobs.ts';
import type { DockerArchiveDraft } from './docker-archive-file.ts';
import { dockerArchiveTarget } from './docker-archive-target.ts';
import { type Engine, openEngine } from './docker-daemon-engine.ts';
import type { EngineOptions } from './docker-daemon-host.ts';
import { findImage, loadImages, saveImages } from './docker-daemon-images.ts';
import { readWindow } from '../files/file-io.ts';
import { type DockerDaemonLocator, formatLocator } from '../locator.ts';
import { openTarFiles, type TarFiles } from '../tar/tar-files.ts';
import { unfinished } from '../tar/tar-output.ts';
import { openTemporaryFile } from '../files/temporary-file.ts';

export interface DockerDaemonOptions extends Call {
  /** Where the engine is; as docker's command finds it unless told. */
  readonly engine?: EngineOptions | undefined;
}

/** Images that an engine has saved. */
export interface SavedByEngine {
  readonly source: DockerArchive;
  /** What the image is called in the source. @throws OciError `LAYOUT_INVALID` when there is not one */
  readonly choose: () => string;
  readonly close: () => Promise<void>;
}

/**
 * Has an engine save an image, by its id where one is told. A name without a tag stands for all images of that repository.
 * @throws OciError `NOT_FOUND` when it has no such image, `UNREACHABLE`, `DENIED`, `SERVER_ERROR`, `PROTOCOL`, `LAYOUT_INVALID`
 */
export async function openDockerDaemon(
  locator: DockerDaemonLocator,
  { engine: where, signal, on }: DockerDaemonOptions = {},
): Promise<SavedByEngine> {
  const call: Call = { signal, on };
  const engine = await openEngine(where, call);
  const saved = await saveImages(engine, await imageToSave(engine, locator, call), call);
  const files = await spooled(saved, call);
  try {
    const source = await readSaved(files, formatLocator(locator), call);
    return { source, choose: () => chooseSaved(source, locator), close: () => files.close() };
  } catch (error) {
    await files.close();
    throw error;
  }
}

/** The archive in a temporary file: it can be read anywhere then. */
async function spooled(saved: HttpResponse, { signal }: Call): Promise<TarFiles> {
  try {
    return await openTarFiles('-', { input: saved.body, signal });
  } finally {
    await saved.cancel();
  }
}

/** What the engine calls it. A digest beside a name may be that of a manifest in a repository, or the engine's own id. */
async function imageToSave(engine: Engine, locator: DockerDaemonLocator, call: Call): Promise<string> {
  const { reference, id } = locator;
  const name = reference && familiarReference(reference);
  if (id === undefined && name !== undefined && reference?.tag === undefined) return name;
  const pinned = id && reference && familiarReference({ domain: reference.domain, path: reference.path, digest: id });
  for (const image of id === undefined ? [name] : [pinned, id]) {
    if (image !== undefined && (await findImage(engine, image, call)) !== undefined) return image;
  }
  const problem = `${formatLocator(locator)} is not there: the docker engine at ${engine.name} has no such image`;
  throw new OciError('NOT_FOUND', problem, {
    hint: '"docker image ls" lists those that it has',
    missing: 'manifest',
  });
}

async function readSaved(files: TarFiles, name: string, call: Call): Promise<DockerArchive> {
  if (files.entries.has(SAVED_MANIFEST)) return readDockerArchive({ ...files, name }, call);
  throw new OciError('LAYOUT_INVALID', `what the docker engine gave for ${name} has no ${SAVED_MANIFEST}`);
}

/** The engine knows what was meant, and gives no other: podman calls `app` `localhost/app`, and what was asked for by id nothing. */
function chooseSaved({ images, indexOf }: DockerArchive, locator: DockerDaemonLocator): string {
  const name = locator.id === undefined && locator.reference ? familiarReference(locator.reference) : undefined;
  if (name !== undefined && indexOf(name) !== undefined) return name;
  const [first, ...others] = images;
  if (first !== undefined && others.every((other) => isSame(first, other))) return '@0';
  const what = first === undefined ? 'no image' : 'several images';
  throw new OciError('LAYOUT_INVALID', `the docker engine gave ${what} for ${formatLocator(locator)}`);
}

/**
 * Begins what an engine is to load: single images under whole names. It gets them at the commit, all or none; whatever it had under those
 * names loses them. Where nothing was put, nothing is sent.
 * @throws OciError `UNREACHABLE`, `DENIED`, `PROTOCOL`, `DISK_FULL`, `IO`
 */
export async function createDockerDaemon({
  engine: where,
  signal,
  on,
}: DockerDaemonOptions = {}): Promise<DockerArchiveDraft> {
  const call: Call = { signal, on };
  // Before anything is fetched for it.
  const engine = await openEngine(where, call);
  const file = await openTemporaryFile();
  const { handle, path } = file;
  const blobs = createSavedBlobs(handle, `the docker engine at ${engine.name}`, tmpdir());
  const { target, finish } = dockerArchiveTarget(blobs);
  let isEmpty = true;
  const putManifest: Target['putManifest'] = (manifest, options) => {
    isEmpty = false;
    return target.putManifest(manifest, options);
  };
  /** A name that was not put yet stands for what the engine has under it. */
  const resolve: Target['resolve'] = async (reference, options = {}) =>
    (await target.resolve(reference, options)) ??
    (isDigest(reference) ? undefined : findImage(engine, reference, options));
  const deliver = async (): Promise<void> => {
    const { size } = await handle.stat();
    const body = { size, open: () => readWindow(handle, 0, size, path, signal) };
    if (!isEmpty) await loadImages(engine, body, call);
    await file.close();
  };
  const output = { handle, folder: tmpdir(), deliver, drop: () => file.close() };
  return { target: { ...target, resolve, putManifest }, ...unfinished(output, finish) };
}

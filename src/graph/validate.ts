/** Reading everything under a root to prove it: every digest, size and link, and the diff ids of the layers. */
import { isOciError, OciError } from '../errors.ts';
import { decompress } from '../bytes/decompress.ts';
import { hasherFor } from '../bytes/hash.ts';
import { drain } from '../bytes/read.ts';
import type { Bytes, Call } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
import type { Digest } from '../model/digest.ts';
import { type Link, type Manifest } from '../model/manifest.ts';
import { isForeign } from '../store/links.ts';
import type { Source } from '../store/types.ts';
import { manifestAt } from './manifest-at.ts';
import { counted } from './progress.ts';
import { rootOf } from './root.ts';
import { imageConfig } from './select.ts';
import { MAX_DEPTH } from './copy.ts';
import { DEFAULT_BOUNDS, type Tasks, withTasks } from './tasks.ts';

export interface ValidateOptions extends Call {
  /** Only look whether everything is there, with the right size; read no blob. */
  readonly quick?: boolean | undefined;
  /** Things read at a time; unless told 4, and 16 where no blob is read. */
  readonly concurrency?: number | undefined;
}

export interface Problem {
  readonly descriptor: Descriptor;
  readonly error: OciError;
}

export interface Validation {
  readonly manifests: number;
  readonly blobs: number;
  /** Of manifests and blobs, each digest once. */
  readonly bytes: number;
  readonly problems: readonly Problem[];
}

interface Run {
  readonly source: Source;
  readonly options: ValidateOptions;
  readonly call: Call;
  readonly tasks: Tasks;
  readonly seen: { manifests: number; blobs: number; bytes: number; problems: Problem[] };
}

/**
 * Validates an image, index or artifact. What is wrong is listed, not thrown; only what ends the reading itself
 * (the network, the caller's signal) is thrown.
 */
export async function validate(
  source: Source,
  reference: string | Descriptor,
  options: ValidateOptions = {},
): Promise<Validation> {
  return withTasks(options.concurrency ?? boundOf(options), options.signal, async (tasks) => {
    const seen = { manifests: 0, blobs: 0, bytes: 0, problems: [] as Problem[] };
    const run: Run = { source, options, tasks, seen, call: { signal: tasks.signal, on: options.on } };
    await checkManifest(run, await rootOf(source, reference, run.call), 0);
    return seen;
  });
}

function boundOf({ quick }: ValidateOptions): number {
  return quick === true ? DEFAULT_BOUNDS.calls : DEFAULT_BOUNDS.transfers;
}

async function checkManifest(run: Run, descriptor: Descriptor, depth: number): Promise<void> {
  const { source, tasks, call, seen } = run;
  await tasks.once(descriptor.digest, async () => {
    const manifest = await attempt(run, descriptor, () => manifestAt(source, descriptor, call));
    if (manifest === undefined) return;
    seen.manifests++;
    seen.bytes += manifest.bytes.length;
    if (depth > MAX_DEPTH)
      throw new OciError('LIMIT', `${descriptor.digest} is nested deeper than ${MAX_DEPTH} indexes`);
    const diffIds = await diffIdsOf(run, manifest);
    await tasks.each(manifest.links.entries(), ([at, link]) =>
      link.role === 'manifest'
        ? checkManifest(run, link.descriptor, depth + 1)
        : checkBlob(run, link, diffIds?.[at - 1]),
    );
  });
}

/** The diff id of each layer, where this is an image; a count that differs is a problem of its own. */
async function diffIdsOf(run: Run, manifest: Manifest): Promise<readonly Digest[] | undefined> {
  if (run.options.quick === true) return undefined;
  const { descriptor = manifest.descriptor } = manifest.links.find(({ role }) => role === 'config') ?? {};
  const config = await attempt(run, descriptor, () => imageConfig(run.source, manifest, run.call));
  const ids = config?.rootfs?.diff_ids;
  if (ids === undefined) return undefined;
  const layers = manifest.links.filter(({ role }) => role === 'layer').length;
  if (ids.length === layers) return ids;
  const message = `${manifest.descriptor.digest} has ${layers} layers, but its config lists ${ids.length} diff ids`;
  run.seen.problems.push({ descriptor: manifest.descriptor, error: new OciError('MANIFEST_INVALID', message) });
  return undefined;
}

async function checkBlob(run: Run, link: Link, diffId: Digest | undefined): Promise<void> {
  const { source, options, tasks, seen, call } = run;
  const { descriptor } = link;
  await tasks.once(descriptor.digest, async () => {
    if (isForeign(link) && (await tasks.run(() => source.stat(descriptor.digest, call))) === undefined) return;
    const check = options.quick === true ? statBlob : readBlob;
    if ((await attempt(run, descriptor, () => check(run, link, diffId))) !== true) return;
    seen.blobs++;
    seen.bytes += descriptor.size;
  });
}

async function statBlob({ source, call }: Run, { descriptor }: Link): Promise<true> {
  const there = await source.stat(descriptor.digest, call);
  if (there === undefined)
    throw new OciError('NOT_FOUND', `blob ${descriptor.digest} is not there`, { missing: 'blob' });
  if (there.size === descriptor.size) return true;
  throw new OciError('SIZE_MISMATCH', `${descriptor.digest} has ${there.size} bytes, not ${descriptor.size}`);
}

async function readBlob(run: Run, { descriptor }: Link, diffId: Digest | undefined): Promise<true> {
  const { source, call } = run;
  call.on?.({ type: 'start', descriptor });
  const bytes = counted(source.blob(descriptor), call.on).open(call);
  if (diffId === undefined) await drain(bytes);
  else await checkDiffId(run, bytes, descriptor, diffId);
  call.on?.({ type: 'done', descriptor, outcome: 'exists' });
  return true;
}

async function checkDiffId({ source, call }: Run, bytes: Bytes, descriptor: Descriptor, diffId: Digest): Promise<void> {
  const { digest } = descriptor;
  const hasher = hasherFor(diffId);
  try {
    for await (const chunk of decompress(bytes, { signal: call.signal })) hasher.update(chunk);
  } catch (error) {
    if (!isOciError(error, 'LAYOUT_INVALID', 'TOO_LARGE')) throw error;
    // Damaged bytes stop unpacking before their digest can be told: whether it is right says more.
    await drain(source.blob(descriptor).open(call));
    throw new OciError(error.code, `layer ${digest} does not unpack: ${error.message}`, { cause: error });
  }
  const actual = hasher.digest();
  if (actual === diffId) return;
  throw new OciError('DIGEST_MISMATCH', `layer ${digest} unpacks to ${actual}, but the config says ${diffId}`);
}

const PROBLEMS = [
  'NOT_FOUND',
  'DIGEST_MISMATCH',
  'SIZE_MISMATCH',
  'MANIFEST_INVALID',
  'DESCRIPTOR_INVALID',
  'DIGEST_INVALID',
  'LAYOUT_INVALID',
  'TOO_LARGE',
  'UNSUPPORTED',
  'VERSION_UNSUPPORTED',
] as const;

/** Runs one check inside the limit; a problem of the content is listed and answered with undefined. */
async function attempt<T>(
  { tasks, seen }: Run,
  descriptor: Descriptor,
  check: () => Promise<T>,
): Promise<T | undefined> {
  return tasks.run(async () => {
    try {
      return await check();
    } catch (error) {
      if (!isOciError(error, ...PROBLEMS)) throw error;
      // A config is read twice: for its diff ids, and as a blob.
      const isKnown = seen.problems.some(
        (one) => one.descriptor.digest === descriptor.digest && one.error.code === error.code,
      );
      if (!isKnown) seen.problems.push({ descriptor, error });
      return undefined;
    }
  });
}

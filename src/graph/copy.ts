/**
 * The one copy: walks the graph from a root and puts what the target lacks, content before what refers to it.
 * It changes no byte, so digests are equal at both ends; what is to be changed is an overlay that is copied.
 */
import { isOciError, OciError } from '../errors.ts';
import type { Activity, Call, Outcome } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
import type { Digest } from '../model/digest.ts';
import type { Link, Manifest } from '../model/manifest.ts';
import { isManifestType } from '../model/media-types.ts';
import { isForeign } from '../store/links.ts';
import type { Turn } from '../store/turn.ts';
import type { Source, Target } from '../store/types.ts';
import { DIGEST_TAG_KINDS, digestTagged } from './digest-tags.ts';
import { manifestAt } from './manifest-at.ts';
import { counted } from './progress.ts';
import { orUnderTag, rootOf } from './root.ts';
import { boundsOf, type Tasks, withTasks } from './tasks.ts';

export interface CopyOptions extends Call {
  /** The names to give the root at the target; without any it is kept under its digest. */
  readonly tags?: readonly string[] | undefined;
  /**
   * Copy what is attached to the image, and to each of its platforms, too; a function chooses which. That is what names it as its
   * subject, and what cosign keeps under tags of its digest (`sha256-<hex>.sig`, `.att`, `.sbom`), which the target gets as well.
   * What BuildKit attests is a part of the index, and comes along in any case.
   */
  readonly referrers?: boolean | ((referrer: Descriptor) => boolean) | undefined;
  /**
   * Copy layers that are kept elsewhere by their media type or `urls`, as long as the source has them; those of an image that is there
   * already, too, so that as with `force` each blob is asked for.
   */
  readonly foreignLayers?: boolean | undefined;
  /** Do not trust that what is under an existing manifest is there, too. */
  readonly force?: boolean | undefined;
  /**
   * Requests at a time, whatever they are for. Unless told, 16 that are small, and of blobs of 1 MiB and more four on their way beside them.
   */
  readonly concurrency?: number | undefined;
  /**
   * What names in `tags` stand for at the target, undefined: nothing, where that was asked just now: those are not asked again.
   */
  readonly standing?: ReadonlyMap<string, Descriptor | undefined> | undefined;
}

/** The deepest nesting of indexes that is followed. */
export const MAX_DEPTH = 8;

/** Blobs from this size, in bytes, wait for their turn to be moved: what is smaller takes about as long as a question. */
const LARGE = 1024 * 1024;

/** One copy under way. */
interface Run {
  readonly from: Source;
  readonly to: Target;
  readonly options: CopyOptions;
  readonly tasks: Tasks;
  readonly call: Call;
  /** Whose referrers are copied, or being copied: a registry may list one as attached to itself. */
  readonly subjects: Set<Digest>;
  /** The manifests that those which were read lead to. */
  readonly children: Map<Digest, readonly Descriptor[]>;
}

/**
 * Copies an image, index or artifact with all that it consists of. What is already there is not sent again.
 * @returns the descriptor of the root; it has the same digest at both ends.
 * @throws OciError `NOT_FOUND`, `DIGEST_MISMATCH`, `SIZE_MISMATCH`, `MANIFEST_BLOB_UNKNOWN`, `LIMIT`, and whatever the two ends throw
 */
export async function copy(
  from: Source,
  reference: string | Descriptor,
  to: Target,
  options: CopyOptions = {},
): Promise<Descriptor> {
  const { concurrency, signal, on } = options;
  return orUnderTag(from, reference, { signal, on }, (named) =>
    withTasks(boundsOf(concurrency), signal, async (tasks) => {
      const call: Call = { signal: tasks.signal, on };
      const run: Run = { from, to, options, tasks, call, subjects: new Set(), children: new Map() };
      const root = await copyRoot(run, named);
      if (options.referrers !== undefined && options.referrers !== false) await copyReferrers(run, root, 0);
      return root;
    }),
  );
}

/** Asks both ends at once: what is to be copied, and what the names stand for now. */
async function copyRoot(run: Run, reference: string | Descriptor): Promise<Descriptor> {
  const { from, options, tasks, call } = run;
  const names = options.tags ?? [];
  const [root, ...found] = await Promise.all([
    tasks.run(() => rootOf(from, reference, call)),
    ...names.map((name) => (options.standing?.has(name) ? options.standing.get(name) : standingAt(run, name))),
  ]);
  const standing = new Map(names.map((name, at) => [name, found[at]?.digest]));
  const named = names.length > 0 && found.every((descriptor) => descriptor?.digest === root.digest);
  const trust = trusts(options);
  if (named && trust) tell(run, root, 'exists');
  else await copyManifest(run, root, { depth: 0, trust, tags: names, standing });
  return root;
}

/** Whoever put a manifest there may have left out what is kept elsewhere. */
function trusts({ force, foreignLayers }: CopyOptions): boolean {
  return force !== true && foreignLayers !== true;
}

function standingAt({ to, tasks, call }: Run, reference: string): Promise<Descriptor | undefined> {
  return tasks.run(() => to.resolve(reference, { ...call, forWriting: true }));
}

/** How a manifest is copied. */
interface Step {
  readonly depth: number;
  /** Where a manifest exists at the target, believe that the rest does. */
  readonly trust: boolean;
  /** What contains it comes after it. */
  readonly isPart?: boolean | undefined;
  /** The names that it gets. With a list, be it empty, it is put in any case. */
  readonly tags?: readonly string[] | undefined;
  /** What the names stand for. */
  readonly standing?: ReadonlyMap<string, Digest | undefined> | undefined;
  /** The manifest, where it has been read. */
  readonly manifest?: Manifest | undefined;
}

/** Copies a manifest after all it links to. */
async function copyManifest(run: Run, descriptor: Descriptor, step: Step): Promise<void> {
  const { depth, trust, tags } = step;
  if (depth > MAX_DEPTH) throw new OciError('LIMIT', `${descriptor.digest} is nested deeper than ${MAX_DEPTH} indexes`);
  await run.tasks.once(`${descriptor.digest} ${String(trust)} ${tags?.join() ?? '-'}`, async () => {
    const isThere = async (): Promise<boolean> => trust && (await standingAt(run, descriptor.digest)) !== undefined;
    const read = (): Promise<Manifest> => readManifest(run, descriptor, step);
    if (tags === undefined) {
      // What is there is not read: many registries count that.
      if (await isThere()) return tell(run, descriptor, 'exists');
      return sendManifest(run, await read(), step, false);
    }
    // A root is put in any case: a layout may have it as garbage only, which is not to be collected any more. So both ends are asked at once.
    const [exists, manifest] = await Promise.all([isThere(), read()]);
    return sendManifest(run, manifest, step, exists);
  });
}

async function readManifest(run: Run, descriptor: Descriptor, step: Step): Promise<Manifest> {
  const { from, tasks, call, children } = run;
  const manifest = step.manifest ?? (await tasks.run(() => manifestAt(from, descriptor, call)));
  children.set(descriptor.digest, childrenIn(manifest));
  return manifest;
}

function childrenIn({ links }: Manifest): readonly Descriptor[] {
  return links.filter(({ role }) => role === 'manifest').map(({ descriptor }) => descriptor);
}

async function sendManifest(run: Run, manifest: Manifest, step: Step, exists: boolean): Promise<void> {
  if (!exists) await copyLinks(run, manifest, step);
  await putManifest(run, manifest, step);
}

async function copyLinks(run: Run, manifest: Manifest, { depth, trust }: Step): Promise<void> {
  await run.tasks.each(manifest.links, (link) =>
    link.role === 'manifest'
      ? copyManifest(run, link.descriptor, { depth: depth + 1, trust, isPart: true })
      : copyBlob(run, link, trust),
  );
}

async function copyBlob(run: Run, link: Link, trust: boolean): Promise<void> {
  const { from, to, tasks, call, options } = run;
  const { descriptor } = link;
  if (isForeign(link) && options.foreignLayers !== true) return tell(run, descriptor, 'skipped');
  await tasks.once(`${descriptor.digest} ${String(trust)}`, () => {
    const put = async (turn?: Turn): Promise<void> => {
      call.on?.({ type: 'start', descriptor });
      tell(run, descriptor, await to.putBlob(counted(from.blob(descriptor), call.on), { ...call, turn }));
    };
    return descriptor.size < LARGE ? tasks.run(() => put()) : tasks.transfer(put);
  });
}

/** Existence is not closure: a target that misses something after all gets the whole subtree again, once. */
async function putManifest(run: Run, manifest: Manifest, step: Step): Promise<void> {
  const { to, tasks, call } = run;
  const { trust, tags, standing, isPart } = step;
  const put = (): Promise<Outcome> => to.putManifest(manifest, { ...call, tags, standing, isPart });
  const outcome = await tasks.run(() =>
    put().catch((error: unknown) => {
      if (trust && isOciError(error, 'MANIFEST_BLOB_UNKNOWN')) return undefined;
      throw error;
    }),
  );
  if (outcome !== undefined) return tell(run, manifest.descriptor, outcome);
  await copyLinks(run, manifest, { ...step, trust: false });
  tell(run, manifest.descriptor, await tasks.run(put));
}

/** What is attached to an image and to each of its platforms, and what is attached to that. */
async function copyReferrers(run: Run, subject: Descriptor, depth: number): Promise<void> {
  if (depth > MAX_DEPTH)
    throw new OciError('LIMIT', `referrers of ${subject.digest} are nested deeper than ${MAX_DEPTH}`);
  const { subjects, tasks } = run;
  if (subjects.size === subjects.add(subject.digest).size) return;
  if (subjects.size > MAX_SUBJECTS) throw new OciError('LIMIT', `more than ${MAX_SUBJECTS} manifests with referrers`);
  const ofChildren = async (): Promise<void> =>
    tasks.each(await childrenOf(run, subject), (child) => copyReferrers(run, child, depth + 1));
  await tasks.each([ofChildren, () => copyAttached(run, subject, depth)], (part) => part());
}

/** The manifests that one leads to; it is read only where it was not before and may lead to any. */
async function childrenOf({ from, tasks, call, children }: Run, subject: Descriptor): Promise<readonly Descriptor[]> {
  const known = children.get(subject.digest);
  if (known !== undefined || isManifestType(subject.mediaType)) return known ?? [];
  return childrenIn(await tasks.run(() => from.manifest(subject, call)));
}

async function copyAttached(run: Run, subject: Descriptor, depth: number): Promise<void> {
  const { from, tasks, call, options } = run;
  const wanted = typeof options.referrers === 'function' ? options.referrers : () => true;
  const trust = trusts(options);
  const [attached, tagged] = await Promise.all([
    tasks.run(() => collect(from.referrers(subject, call))),
    Promise.all(DIGEST_TAG_KINDS.map((kind) => tasks.run(() => digestTagged(from, subject.digest, kind, call)))),
  ]);
  await tasks.each(attached.filter(wanted), async (referrer) => {
    await copyManifest(run, referrer, { depth: 1, trust });
    await copyReferrers(run, referrer, depth + 1);
  });
  await tasks.each(tagged, async (one) => {
    if (one?.manifest === undefined || !wanted(one.descriptor)) return;
    await copyTagged(run, one.manifest, one.tag, trust);
    await copyReferrers(run, one.descriptor, depth + 1);
  });
}

/** What cosign keeps under a tag keeps it: by that alone it is found. */
async function copyTagged(run: Run, manifest: Manifest, tag: string, trust: boolean): Promise<void> {
  const { descriptor } = manifest;
  const found = await standingAt(run, tag);
  if (trust && found?.digest === descriptor.digest) return tell(run, descriptor, 'exists');
  const standing = new Map([[tag, found?.digest]]);
  await copyManifest(run, descriptor, { depth: 1, trust, tags: [tag], standing, manifest });
}

const MAX_REFERRERS = 1000;
const MAX_SUBJECTS = 10_000;

async function collect(descriptors: AsyncIterable<Descriptor>): Promise<Descriptor[]> {
  const found: Descriptor[] = [];
  for await (const descriptor of descriptors) {
    if (found.push(descriptor) > MAX_REFERRERS) throw new OciError('LIMIT', `more than ${MAX_REFERRERS} referrers`);
  }
  return found;
}

function tell({ call }: Run, descriptor: Descriptor, outcome: Outcome): void {
  const activity: Activity = { type: 'done', descriptor, outcome };
  call.on?.(activity);
}

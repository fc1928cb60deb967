/**
 * Deleting all that a repository holds. The protocol has no request for that: each manifest is deleted by its digest, with its tags, its
 * children and what is attached to it. Blobs, and the empty repository's name, are left to the registry's own clean-up.
 */
import { isOciError, OciError, throwIfAborted } from '../errors.ts';
import type { Call } from '../model/call.ts';
import type { Digest } from '../model/digest.ts';
import type { Store } from '../store/types.ts';
import { mapLimited } from './collect.ts';
import { type DeletionPlan, planDeletion, type PlannedDeletion, type PlanOptions } from './plan-deletion.ts';

/** What came of one manifest. */
export type DeletionStep =
  | (PlannedDeletion & {
      /** `absent`: it had gone by itself, e.g. with its index. */ readonly outcome: 'deleted' | 'absent';
    })
  | (LeftManifest & { readonly outcome: 'left' });

/** A manifest that could not be deleted, or that is needed by one that could not be. */
export interface LeftManifest extends PlannedDeletion {
  readonly error: OciError;
}

export interface RepositoryDeletion {
  /** The tags that there were. */
  readonly tags: readonly string[];
  /** The manifests that were deleted; with `dryRun`, those that would be. */
  readonly deleted: readonly Digest[];
  /** Those that could not be, and why. */
  readonly left: readonly LeftManifest[];
}

export interface CarryOutOptions extends PlanOptions {
  /** Told of each manifest when it is done with. */
  readonly onStep?: ((step: DeletionStep) => void) | undefined;
}

export interface DeleteRepositoryOptions extends CarryOutOptions {
  /** Only find out what would be deleted. */
  readonly dryRun?: boolean | undefined;
}

/**
 * Deletes every tag and manifest of a repository that can be found: what is tagged, what an index lists, what is attached to those. What
 * a registry refuses to delete stays whole, with all that it lists and all that is attached to it. A repository that is empty or unknown
 * is left as it is.
 * @returns what was deleted, and with its error what was `left`.
 * @throws OciError when nothing could be deleted: `UNSUPPORTED` where the registry deletes nothing, `DENIED`, `UNAUTHORIZED` …
 */
export async function deleteRepository(
  store: Store,
  { dryRun = false, ...options }: DeleteRepositoryOptions = {},
): Promise<RepositoryDeletion> {
  const plan = await planDeletion(store, options);
  if (!dryRun) return carryOut(store, plan, options);
  return { tags: plan.tags, deleted: plan.steps.flat().map(({ digest }) => digest), left: [] };
}

/**
 * Deletes what was planned. Manifests that have come since stay; tags that have been given since to a manifest of the plan go with it,
 * for manifests are deleted by their digests.
 * @throws as {@link deleteRepository}
 */
export async function carryOut(
  store: Store,
  { tags, steps }: DeletionPlan,
  { concurrency = 4, onStep, signal, on }: CarryOutOptions = {},
): Promise<RepositoryDeletion> {
  const deleted: Digest[] = [];
  const left: LeftManifest[] = [];
  const deleteOne = attempts(store, { signal, on });
  for (const step of steps) {
    for await (const done of mapLimited(step, concurrency, deleteOne)) {
      if (done.outcome === 'deleted') deleted.push(done.digest);
      if (done.outcome === 'left') left.push(leftOf(done));
      onStep?.(done);
    }
  }
  if (deleted.length === 0 && left[0] !== undefined) throw left[0].error;
  return { tags, deleted, left };
}

function leftOf({ digest, tags, neededBy, error }: LeftManifest): LeftManifest {
  return { digest, tags, neededBy, error };
}

/** These would befall every other manifest, too, each after all its retries. */
const LASTING = ['UNREACHABLE', 'TLS', 'TIMEOUT', 'RATE_LIMITED', 'UNAUTHORIZED', 'TOKEN_INVALID'] as const;

/** Deletes manifests one by one; the failure of one is no reason to keep the others, unless it lasts or needs them. */
function attempts(store: Store, call: Call): (planned: PlannedDeletion) => Promise<DeletionStep> {
  const left = new Map<Digest, OciError>();
  let lasting: OciError | undefined;
  const leave = (planned: PlannedDeletion, error: OciError): DeletionStep => {
    left.set(planned.digest, error);
    return { ...planned, outcome: 'left', error };
  };
  return async (planned) => {
    throwIfAborted(call.signal);
    const reason = lasting ?? neededReason(planned, left);
    if (reason !== undefined) return leave(planned, reason);
    try {
      return { ...planned, outcome: await store.delete({ manifest: planned.digest }, call) };
    } catch (error) {
      throwIfAborted(call.signal);
      if (!isOciError(error)) throw error;
      if (isOciError(error, ...LASTING)) lasting = error;
      return leave(planned, error);
    }
  };
}

/** Without its images an index is no image any more, without its signatures an image is not trusted. */
function neededReason(
  { digest, neededBy }: PlannedDeletion,
  left: ReadonlyMap<Digest, OciError>,
): OciError | undefined {
  const needing = neededBy.find((one) => left.has(one));
  const cause = needing === undefined ? undefined : left.get(needing);
  return cause && new OciError(cause.code, `${digest} is kept, because ${needing} could not be deleted`, { cause });
}

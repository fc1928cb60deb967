/** Deleting a whole repository with care: what would go is told first, a person is asked, and each manifest is told when it is done with. */
import {
  type CarryOutOptions,
  carryOut,
  type DeletionStep,
  type RepositoryDeletion,
} from '../../graph/delete-repository.ts';
import type { DeletionPlan, PlannedDeletion } from '../../graph/plan-deletion.ts';
import { formatReference, type Reference } from '../../model/reference.ts';
import type { Store } from '../../store/types.ts';
import { EXIT } from '../exit-codes.ts';
import { confirm } from '../terminal/input.ts';
import type { ChangeFlags } from '../options/shared.ts';
import type { Session } from '../session.ts';
import { styled } from '../terminal/style.ts';

export interface RepositoryRemoval {
  readonly store: Store;
  readonly reference: Reference;
  readonly plan: DeletionPlan;
  readonly options: CarryOutOptions;
}

/** Deletes, or tells what would be deleted. @throws OciError `USAGE` where nobody can be asked, `UNSUPPORTED`, `DENIED` */
export async function removeAll(session: Session, removal: RepositoryRemoval, flags: ChangeFlags): Promise<number> {
  const { context, output, call } = session;
  const { store, plan, options, reference } = removal;
  const planned = plan.steps.flat();
  const nothing: RepositoryDeletion = { tags: plan.tags, deleted: [], left: [] };
  if (planned.length === 0) return tell(session, removal, nothing, 'absent');
  if (flags.dryRun === true) {
    return tell(session, removal, { ...nothing, deleted: planned.map(({ digest }) => digest) }, 'planned');
  }
  if (flags.yes !== true) {
    for (const one of planned) output.note(`${nameIn(removal, one)} goes`);
    const what = `${counted(planned.length, 'manifest')} and ${counted(plan.tags.length, 'tag')}`;
    if (!(await confirm(context, `delete ${formatReference(reference)}: ${what}?`, call.signal))) {
      output.note('nothing was deleted');
      return EXIT.failed;
    }
  }
  let done = 0;
  const onStep = (step: DeletionStep): void => {
    const progress = `${++done} of ${planned.length}: ${nameIn(removal, step)}`;
    if (step.outcome !== 'left') output.note(`${progress} ${step.outcome === 'absent' ? 'had gone' : 'deleted'}`);
    else output.warn(`${progress} is left: ${step.error.message} (${step.error.code})`);
  };
  const result = await carryOut(store, plan, { ...options, onStep });
  return tell(session, removal, result, result.left.length === 0 ? 'deleted' : 'partial');
}

/** A manifest's whole name, and its tags. */
function nameIn({ reference }: RepositoryRemoval, { digest, tags }: PlannedDeletion): string {
  const name = formatReference({ ...reference, digest });
  return tags.length === 0 ? name : `${name} (${tags.join(', ')})`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

type Outcome = 'deleted' | 'partial' | 'planned' | 'absent';

async function tell(
  { output }: Session,
  removal: RepositoryRemoval,
  result: RepositoryDeletion,
  outcome: Outcome,
): Promise<number> {
  if (output.isJson) await output.json(asJson(removal, result, outcome));
  else for (const name of namesOf(removal, result)) await output.line(name);
  if (outcome === 'planned') output.note(styled('nothing was deleted: this was a dry run', 'dim'));
  if (outcome === 'absent') output.note(styled('it was not there', 'dim'));
  return outcome === 'partial' ? EXIT.partial : EXIT.done;
}

function asJson(
  { reference }: RepositoryRemoval,
  { tags, deleted, left }: RepositoryDeletion,
  outcome: Outcome,
): object {
  const failures = left.map(({ digest, tags: names, error }) => ({
    digest,
    tags: names,
    code: error.code,
    message: error.message,
  }));
  return { repository: formatReference(reference), outcome, tags, deleted, left: failures };
}

/** Every name that is gone: the tags, and the manifests by their digests. */
function namesOf({ reference, plan }: RepositoryRemoval, { deleted }: RepositoryDeletion): string[] {
  const gone = new Set(deleted);
  return plan.steps
    .flat()
    .filter(({ digest }) => gone.has(digest))
    .flatMap(({ digest, tags }) => [...tags.map((tag) => ({ tag })), { digest }])
    .map((name) => formatReference({ ...reference, ...name }));
}

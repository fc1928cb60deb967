/** Deleting with care: what would go is told first, a person is asked, and only then is it deleted. */
import { isOciError, OciError } from '../../errors.ts';
import type { Digest } from '../../model/digest.ts';
import { formatReference, type Reference } from '../../model/reference.ts';
import type { Deletion, Store } from '../../store/types.ts';
import { collect } from '../../graph/collect.ts';
import { EXIT } from '../exit-codes.ts';
import { confirm } from '../terminal/input.ts';
import type { ChangeFlags } from '../options/shared.ts';
import type { Session } from '../session.ts';
import { styled } from '../terminal/style.ts';
import { listTags } from '../tags/list.ts';

export interface Removal {
  readonly store: Store;
  /** What is deleted, by its whole name. */
  readonly name: string;
  readonly what: Deletion;
  /** In words: `the tag`, `the manifest`, `the blob`. */
  readonly kind: string;
  /** Whole names of what goes with it. */
  readonly alongside: readonly string[];
  /** What is not there is no error. */
  readonly ignoreMissing: boolean;
}

/** Deletes, or tells what would be deleted. @throws OciError `NOT_FOUND`, `USAGE` where nobody can be asked, `UNSUPPORTED` */
export async function remove(session: Session, removal: Removal, flags: ChangeFlags): Promise<number> {
  const { context, output, call } = session;
  const { store, name, what, kind, alongside } = removal;
  for (const one of alongside) output.note(`${one} goes with it`);
  if (flags.dryRun === true) return tell(session, removal, 'planned');
  if (flags.yes !== true && !(await confirm(context, `delete ${kind} ${name}?`, call.signal))) {
    output.note('nothing was deleted');
    return EXIT.failed;
  }
  const outcome = await store.delete(what, call);
  if (outcome === 'absent' && !removal.ignoreMissing) {
    throw new OciError('NOT_FOUND', `${kind} ${name} is not there`, {
      hint: '--ignore-missing makes this no error',
      missing: 'blob' in what ? 'blob' : 'manifest',
    });
  }
  return tell(session, removal, outcome);
}

async function tell({ output }: Session, { name, alongside }: Removal, outcome: string): Promise<number> {
  if (output.isJson) await output.json({ reference: name, outcome, alongside });
  else await output.line(name);
  if (outcome === 'planned') output.note(styled('nothing was deleted: this was a dry run', 'dim'));
  if (outcome === 'absent') output.note(styled('it was not there', 'dim'));
  return EXIT.done;
}

/** The deletion of a tag: of the tag alone, whatever else names the same manifest. */
export function tagRemoval(store: Store, reference: Reference, tag: string, ignoreMissing: boolean): Removal {
  const { digest: _, ...named } = reference;
  return { store, name: formatReference(named), what: { tag }, kind: 'the tag', alongside: [], ignoreMissing };
}

/** The tags that name a manifest: they go when it is deleted. A registry that lists none is no reason to keep it. */
export async function tagsOf({ call, flags, output }: Session, store: Store, digest: Digest): Promise<string[]> {
  const options = { ...call, forDigest: digest, concurrency: flags.concurrency };
  try {
    return (await collect(listTags(store, options))).map(({ tag }) => tag);
  } catch (error) {
    if (!isOciError(error, 'UNSUPPORTED', 'DENIED')) throw error;
    output.note('which tags go with it is not known: the registry does not list them');
    return [];
  }
}

/** The steps of two histories, side by side. Steps of the same words are the same step, made again where its time differs. */
import type { HistoryEntry } from '../../model/image-config.ts';
import type { DocumentOptions } from './documents.ts';
import type { ChangeKind } from './fields.ts';
import { align } from './sequence.ts';

export interface HistoryStep extends HistoryEntry {
  /** From 0, the oldest step first. */
  readonly position: number;
}

/** A step that only one of the images has, or that was made at another time. */
export interface HistoryChange {
  readonly kind: ChangeKind;
  readonly before?: HistoryStep | undefined;
  readonly after?: HistoryStep | undefined;
}

/** What differs, in the order of the steps. */
export function diffHistories(
  before: readonly HistoryEntry[],
  after: readonly HistoryEntry[],
  { ignoreTimes = false }: DocumentOptions = {},
): readonly HistoryChange[] {
  return align(before.map(wordsOf), after.map(wordsOf)).flatMap((at): HistoryChange[] => {
    const old = stepAt(before, at.before);
    const current = stepAt(after, at.after);
    if (old === undefined) return [{ kind: 'added', after: current }];
    if (current === undefined) return [{ kind: 'removed', before: old }];
    return ignoreTimes || old.created === current.created ? [] : [{ kind: 'changed', before: old, after: current }];
  });
}

function stepAt(steps: readonly HistoryEntry[], position: number | undefined): HistoryStep | undefined {
  const step = position === undefined ? undefined : steps[position];
  return step && position !== undefined ? { position, ...step } : undefined;
}

function wordsOf({ created_by: by, comment, author, empty_layer: isEmpty }: HistoryEntry): string {
  return JSON.stringify([by, comment, author, isEmpty === true]);
}

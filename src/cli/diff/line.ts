/** A line on something that differs between two images, whatever it is and however it is shown. */

/** As in a unified diff; `~` for what has changed, nothing for a remark. */
export type Sign = '+' | '-' | '~' | ' ';

export interface DiffLine {
  readonly sign: Sign;
  readonly text: string;
  /** Layers that were not read may tell otherwise. */
  readonly isUnsure?: boolean | undefined;
}

export const SIGNS = { added: '+', removed: '-', changed: '~' } as const;

/** What stands after a line that is not sure, and what it says. */
export const MARK = '(?)';
export const MARK_MEANS: string = `${MARK} the layers that both images begin with were not read and may have it, too`;

/** The two images, as the user named them. */
export interface DiffNames {
  readonly before: string;
  readonly after: string;
}

/** What `check-table` prints: a line a row, below the heading of its section, and a summary. */
import type { Verdict } from './judge.ts';
import type { Problem } from './rows.ts';

const PROMISE_WIDTH = 60;
const TITLE_WIDTH = 160;

export function report(document: string, verdicts: readonly Verdict[], problems: readonly Problem[]): string {
  const width = Math.max(...verdicts.map(({ row }) => row.id.length), 0);
  const lines = verdicts.flatMap((verdict, at) => {
    const { section } = verdict.row;
    const heading = section === verdicts[at - 1]?.row.section ? [] : ['', section];
    return [...heading, rowLine(verdict, width)];
  });
  const wrong = problems.map(({ line, text }) => `✖ ${[document, line].filter(Boolean).join(':')}: ${text}`);
  return [...lines, '', ...wrong, summary(verdicts, problems)].join('\n');
}

function rowLine({ row, shown, told }: Verdict, width: number): string {
  const promise = cut(row.promise, PROMISE_WIDTH).padEnd(PROMISE_WIDTH);
  return `${shown ? '✔' : '✖'} ${row.id.padEnd(width)}  ${promise}  ${cut(told, TITLE_WIDTH)}`;
}

function summary(verdicts: readonly Verdict[], problems: readonly Problem[]): string {
  const shown = verdicts.filter((verdict) => verdict.shown).length;
  const wrong = problems.length === 0 ? '' : `, ${problems.length} wrong in the table`;
  return `${verdicts.length} promises: ${shown} shown, ${verdicts.length - shown} missing${wrong}`;
}

function cut(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text;
}

/** Whether a row is shown by the tests of its files: at least one with its id has passed, none has failed, none is left out instead. */
import { leadingIds, seriesOf } from './ids.ts';
import type { Problem, Row } from './rows.ts';
import type { FileRun, TestResult } from './run-file.ts';

export interface Verdict {
  readonly row: Row;
  readonly shown: boolean;
  /** The title that shows it, or what is missing. */
  readonly told: string;
}

export type Runs = ReadonlyMap<string, FileRun | 'absent'>;

/** @param elsewhere the files whose titles have an id, to help who has not named one yet */
export function judge(row: Row, runs: Runs, elsewhere: (id: string) => readonly string[]): Verdict {
  const fault = faultOf(row, runs, elsewhere);
  if (fault !== undefined) return { row, shown: false, told: fault };
  const passed = resultsOf(row, runs).filter(({ kind, outcome }) => kind === 'test' && outcome === 'passed');
  const more = passed.length > 1 ? ` (+${passed.length - 1})` : '';
  return { row, shown: true, told: `${titleOf(passed[0])}${more}` };
}

function faultOf(row: Row, runs: Runs, elsewhere: (id: string) => readonly string[]): string | undefined {
  if (row.files.length === 0)
    return ['no test is named', ...elsewhere(row.id).map((file) => `its id stands in ${file}`)].join('; ');
  const broken = row.files.map((file) => brokenFile(file, runs)).find((fault) => fault !== undefined);
  if (broken !== undefined) return broken;
  const results = resultsOf(row, runs);
  const failed = results.find(({ outcome }) => outcome === 'failed');
  if (failed !== undefined) return `failed: ${titleOf(failed)}: ${failed.reason}`;
  const without = row.files.find((file) => !hasId(row.id, file, runs));
  if (without !== undefined) return `no test of this id in ${without}`;
  if (results.some(({ kind, outcome }) => kind === 'test' && outcome === 'passed')) return undefined;
  const skipped = results.find(({ outcome }) => outcome === 'skipped') ?? skippedSuites(row.files, runs)[0];
  return skipped === undefined ? `no test of this id in ${row.files.join(', ')}` : `skipped: ${skipped.reason}`;
}

function brokenFile(file: string, runs: Runs): string | undefined {
  const result = runs.get(file);
  if (result === undefined || result === 'absent') return `${file} is not there`;
  return result.died ? `${file} did not run to its end (npm test -- ${file} shows why)` : undefined;
}

/** Tests inside a suite that is skipped are not even reported: there the suite may stand for them. */
function hasId(id: string, file: string, runs: Runs): boolean {
  return ofId(id, resultsIn(file, runs)).length > 0 || skippedSuites([file], runs).length > 0;
}

function resultsOf({ id, files }: Row, runs: Runs): readonly TestResult[] {
  return files.flatMap((file) => ofId(id, resultsIn(file, runs)));
}

function ofId(id: string, results: readonly TestResult[]): readonly TestResult[] {
  return results.filter(({ titles }) => titles.some((title) => leadingIds(title).includes(id)));
}

function skippedSuites(files: readonly string[], runs: Runs): readonly TestResult[] {
  const results = files.flatMap((file) => resultsIn(file, runs));
  return results.filter(({ kind, outcome }) => kind === 'suite' && outcome === 'skipped');
}

function resultsIn(file: string, runs: Runs): readonly TestResult[] {
  const result = runs.get(file);
  return result === undefined || result === 'absent' ? [] : result.results;
}

function titleOf(result: TestResult | undefined): string {
  return result?.titles.join(' > ') ?? '';
}

/** Titles with an id of these series that no row has: a promise that is shown and not listed, or a slip. */
export function unlisted(rows: readonly Row[], runs: Runs): readonly Problem[] {
  const ids = new Set(rows.map(({ id }) => id));
  const series = new Set([...ids].map(seriesOf));
  return [...runs.keys()].flatMap((file) => {
    const titles = new Set(resultsIn(file, runs).flatMap((result) => result.titles));
    return [...titles].flatMap((title) =>
      leadingIds(title)
        .filter((id) => series.has(seriesOf(id)) && !ids.has(id))
        .map((id) => ({ text: `${id} has no row, and stands in ${file}: ${title}` })),
    );
  });
}

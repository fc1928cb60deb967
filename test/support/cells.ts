/** A test that runs many cells of one kind tells how many, for the table of `npm run test:reliability`. */
import type { TestContext } from 'node:test';

export function tellCells(test: TestContext, cells: number, failed: number): void {
  test.diagnostic(`cells: ${cells}, failed: ${failed}`);
}

/** What tests have told, in the output of a TAP reporter; each stands for as many as it tells, and not for itself. */
export function toldCells(tap: string): { readonly tests: number; readonly cells: number; readonly failed: number } {
  const told = [...tap.matchAll(/^ *# cells: (\d+), failed: (\d+)$/gm)];
  const sum = (at: number): number => told.reduce((all, match) => all + Number(match[at]), 0);
  return { tests: told.length, cells: sum(1), failed: sum(2) };
}

/**
 * What has been measured, group by group, each with the run that it is of: kept beside the page, so that a run of some groups replaces
 * theirs and leaves those of the others, which another machine may have measured on another day.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Measured } from './runner.ts';
import type { Scaled } from './scale/scale.ts';
import type { Setting } from './setting.ts';
import { type Group, groups } from './works.ts';

export interface GroupRecord {
  readonly group: Group;
  readonly setting: Setting;
  readonly works: readonly Measured[];
  /** Of the group `scale`. */
  readonly scale?: readonly Scaled[] | undefined;
}

/** The records of both, those of `fresh` where both have some, in the order of the groups. */
export function merged(before: readonly GroupRecord[], fresh: readonly GroupRecord[]): readonly GroupRecord[] {
  const records = new Map([...before, ...fresh].map((record) => [record.group, record]));
  return groups.flatMap((group) => records.get(group) ?? []);
}

/** Without a file there are none. @throws Error when it is no such file */
export function readRecords(file: string): readonly GroupRecord[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return [];
  }
  return JSON.parse(text) as readonly GroupRecord[];
}

/** A sample a line, so that a change of one group is a change of its lines. */
export function writeRecords(file: string, records: readonly GroupRecord[]): void {
  const lines = JSON.stringify(records, rounded, 1).replaceAll(/\{\s+("wallMs"[^{}]*?)\s+\}/g, (_, sample: string) => {
    return `{ ${sample.replaceAll(/\s+/g, ' ')} }`;
  });
  writeFileSync(file, `${lines}\n`);
}

/** No clock here tells more than a hundredth of a millisecond. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value * 100) / 100 : value;
}

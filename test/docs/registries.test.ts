/** The tables of `docs/registries.md` say what the sources say, and its program runs. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as quirks from '../../src/testing/quirks.ts';
import { codeBlocks, runProgram } from '../support/code-blocks.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string): string => readFileSync(root + file, 'utf8');

interface Row {
  readonly name: string;
  readonly cells: readonly string[];
}

/** The rows of the table under a heading. */
function rowsUnder(heading: string): readonly Row[] {
  const [, section = ''] = read('docs/registries.md').split(new RegExp(`^## ${heading}$`, 'm'));
  const lines = (section.split(/^## /m)[0] ?? '').matchAll(/^\| `([^`]+)` \|(.*)\|$/gm);
  return [...lines].map(([, name = '', rest = '']) => ({ name, cells: rest.split('|').map((cell) => cell.trim()) }));
}

const rows = rowsUnder('Quirks');
const functions = Object.entries(quirks).flatMap(([name, value]) => (typeof value === 'function' ? [name] : []));
const quirkSources = readdirSync(`${root}src/testing/quirks`).map((file) => read(`src/testing/quirks/${file}`));
/** What is said between the quirk before and this one: its comment, and those of its options. */
const commentOf = (name: string): string => {
  const source = quirkSources.find((text) => text.includes(`export function ${name}(`)) ?? '';
  return source.split(`export function ${name}(`)[0]?.split('export function ').at(-1) ?? '';
};
const profileSource = read('src/testing/quirks.ts').split('export const profiles')[1] ?? '';

/** The calls that a profile is made of, as they are written. */
const callsOf = (text: string): string[] => [...text.matchAll(/\w+\([^()]*\)/g)].map(([call]) => call);
const sourceOfProfile = (name: string): string => {
  const [, rest = ''] = profileSource.split(
    new RegExp(`^  '?${name.replaceAll('.', '\\.')}'?: \\(\\) =>\\s+combine\\(`, 'm'),
  );
  return rest.split(/^ {2}['\w]|^};/m)[0] ?? '';
};

interface Shown {
  readonly file: string;
  readonly title: string;
  readonly kind: string;
}

function shownBy({ name, cells }: Row): Shown {
  const [, file = '', title = '', kind = ''] =
    /^`(test\/[\w/-]+\.test\.ts)`: (.+?)(?: \((scripted|served only)\))?$/.exec(cells[3] ?? '') ?? [];
  assert.ok(file !== '', `${name}: the last cell names no test`);
  return { file, title, kind };
}

/** Does a test of this title stand in the file? What fills a hole of a template has to stand there, or be a profile's name. */
function hasTest(text: string, title: string): boolean {
  const titles = text.matchAll(/\b(?:test|it|testStore)\(\s*(['"`])((?:(?!\1).)+)\1/g);
  return [...titles].some(([, , pattern = '']) => {
    const parts = pattern.split(/\$\{[^}]+\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    const filled = new RegExp(`^${parts.join('(.+)')}$`).exec(title)?.slice(1);
    return filled?.every((value) => value in quirks.profiles || text.includes(value)) ?? false;
  });
}

/** Does this file run something against the quirk, by its name or by that of a profile with it? */
function meets(text: string, name: string, title: string): boolean {
  if (text.includes(`quirks.${name}(`)) return true;
  const profile = Object.keys(quirks.profiles).find((one) => title.endsWith(` ${one}`)) ?? 'none';
  return text.includes('Object.entries(profiles)') && sourceOfProfile(profile).includes(`${name}(`);
}

const clientTests = readdirSync(`${root}test`, { recursive: true })
  .map((file) => `test/${String(file)}`)
  .filter((file) => file.endsWith('.test.ts') && !/^test\/(?:testing|docs)\//.test(file));

describe('the table of quirks', () => {
  test('has a row for each quirk, and for nothing else', () => {
    assert.deepEqual(rows.map(({ name }) => name).sort(), functions.sort());
    for (const { name, cells } of rows) assert.ok(cells.length === 4 && !cells.includes(''), `${name} lacks a cell`);
  });

  for (const row of rows) {
    test(`names a test that shows ${row.name}`, () => {
      const { file, title, kind } = shownBy(row);
      const text = read(file);
      assert.ok(hasTest(text, title), `${file} has no test "${title}"`);
      if (kind !== 'scripted') assert.ok(meets(text, row.name, title), `${file} does not use ${row.name}`);
      assert.equal(file.startsWith('test/testing/'), kind === 'served only');
      if (kind === '') return;
      const better = clientTests.filter((other) => read(other).includes(`quirks.${row.name}(`));
      assert.deepEqual(better, [], `${row.name} is ${kind} no longer`);
    });
  }

  test('cites what the comment of the quirk cites', () => {
    for (const { name, cells } of rows) {
      const comment = commentOf(name);
      for (const [cited] of (cells[1] ?? '').matchAll(/[\w./-]+#\d+|GHSA(?:-\w{4}){3}/g))
        assert.ok(comment.includes(cited), `${name} does not cite ${cited}`);
      assert.equal(/#\d|GHSA-/.test(comment), /#\d|GHSA-/.test(cells[1] ?? ''), `${name}: seen at`);
    }
  });
});

test('the table of profiles has what the profiles have', () => {
  const table = rowsUnder('Profiles').map(({ name, cells }) => [name, callsOf(cells[0] ?? '')]);
  const sources = Object.keys(quirks.profiles).map((name) => [name, callsOf(sourceOfProfile(name))]);
  assert.deepEqual(table, sources);
  for (const [name, calls] of sources) assert.ok(calls?.length, `no quirk was found in the source of ${String(name)}`);
});

test('the program tests a client against every profile', async () => {
  const [program = ''] = await codeBlocks('docs/registries.md', 'js');
  // A program of its own, that reports for people and not to the runner of this test.
  const output = await runProgram(program, { NODE_TEST_CONTEXT: undefined });
  assert.match(output, new RegExp(`\\bpass ${Object.keys(quirks.profiles).length}\\n`));
});

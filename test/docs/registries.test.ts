/** The tables of `docs/registries.md` say what the sources say, and its program runs. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as quirks from '../../src/testing/quirks.ts';
import { type ElsewhereForm, type Vendor, vendors } from '../../src/testing/vendors.ts';
import { codeBlocks, runProgram } from '../support/code-blocks.ts';
import { hasTest, namedTests, readProjectFile as read } from '../support/named-tests.ts';
import { vendorTable } from '../support/vendor-table.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

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

/** The wraps that a vendor's behaviours make, as they are written. */
const wrapsOf = ({ behaviours }: Vendor): string =>
  behaviours
    .map((one) => {
      if ('wrap' in one) return String(one.wrap);
      if ('wrapFor' in one) return String(one.wrapFor);
      return 'elsewhere' in one ? elsewhereWraps[one.elsewhere.endpoint] : '';
    })
    .join('\n');
const elsewhereWraps: Readonly<Record<ElsewhereForm['endpoint'], string>> = {
  blob: 'redirectBlobs() refuseAuthorization()',
  manifest: 'redirectManifests() refuseAuthorization()',
  upload: 'refuseAuthorization()',
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

/** Does this file run something against the quirk, by its name or by that of a vendor with it? */
function meets(text: string, name: string, title: string): boolean {
  if (text.includes(`quirks.${name}(`)) return true;
  const vendor = vendors.find((one) => ` ${title}:`.includes(` ${one.name}:`));
  return vendor !== undefined && /profiles|endor/.test(text) && wrapsOf(vendor).includes(`${name}(`);
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

describe('the quirks by number', () => {
  const [, section = ''] = read('docs/registries.md').split(/^## By number$/m);
  const numbered = [...(section.split(/^## /m)[0] ?? '').matchAll(/^\| (\d+) \|(.*)\|$/gm)].map(
    ([, number, rest = '']) => ({
      number: Number(number),
      cells: rest.split('|').map((cell) => cell.trim()),
    }),
  );

  test('are a hundred, and each says where it is', () => {
    assert.deepEqual(
      numbered.map(({ number }) => number),
      Array.from({ length: 100 }, (_, at) => at + 1),
    );
    for (const { number, cells } of numbered) {
      assert.ok(cells.length === 3 && !cells.includes(''), `${number} lacks a cell`);
      const here = cells[2] ?? '';
      const named = namedTests(here);
      const switched = [...here.matchAll(/(?<=^|; )`(\w+)`/g)].map(([, name = '']) => name);
      assert.ok(named.length + switched.length > 0, `${number} is nowhere`);
      for (const name of switched) assert.ok(functions.includes(name), `${number}: there is no quirk ${name}`);
      for (const { file, title } of named)
        assert.ok(hasTest(read(file), title), `${number}: ${file} has no test "${title}"`);
    }
  });
});

test('the table of profiles has what the vendors say of themselves, and where it is known from', () => {
  const [, section = ''] = read('docs/registries.md').split(/^## Profiles$/m);
  const table = (section.split(/^## /m)[0] ?? '').split('\n').filter((line) => line.startsWith('|'));
  assert.equal(table.join('\n'), vendorTable());
});

test('the programs run: one against every profile, one against a vendor with all of its origins', async () => {
  const [first = '', second = ''] = await codeBlocks('docs/registries.md', 'js');
  // A program of its own, that reports for people and not to the runner of this test.
  const output = await runProgram(first, { NODE_TEST_CONTEXT: undefined });
  assert.match(output, new RegExp(`\\bpass ${Object.keys(quirks.profiles).length}\\n`));
  assert.equal(await runProgram(second, {}), '');
});

/** The checker of the tables of promises: no table that says more than its tests do gets past it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readTable } from '../../scripts/table/rows.ts';

const script = fileURLToPath(new URL('../../scripts/check-table.ts', import.meta.url));
const head = '# Title\n\n## Part\n\n| id | promise | API | test |\n|---|---|---|---|\n';
const suite = "import assert from 'node:assert/strict';\nimport { before, describe, test } from 'node:test';\n";

interface Case {
  readonly rows: readonly string[];
  /** What stands in the test files, by the last part of their names. */
  readonly tests?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

/** A row as it should be, whose tests are in `test/a.test.ts`. */
const row = (id: string, file = '`test/a.test.ts`'): string => `| ${id} | Does ${id}. | \`call()\` | ${file} |`;

/** Checks a made-up document in a directory of its own. */
async function check({ rows, tests = {}, args = [] }: Case): Promise<{ code: unknown; lines: readonly string[] }> {
  const directory = await mkdtemp(join(tmpdir(), 'lading-table-'));
  try {
    await writeFile(join(directory, 'table.md'), `${head}${rows.join('\n')}\n`);
    await mkdir(join(directory, 'test'));
    for (const [name, body] of Object.entries(tests)) {
      const file = join(directory, 'test', `${name}.test.ts`);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, suite + body);
    }
    return await runScript(directory, ['table.md', ...args]);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function runScript(cwd: string, args: readonly string[]): Promise<{ code: unknown; lines: readonly string[] }> {
  // A run of its own, that is not part of this one.
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
  const loader = ['--import', import.meta.resolve('tsx'), '-C', 'source'];
  const child = spawn(process.execPath, [...loader, script, ...args], { cwd, env });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const [out, code] = await Promise.all([text(child.stdout), ended, text(child.stderr)]);
  return { code, lines: out.trim().split('\n') };
}

/** The table is refused, with these lines, and with this summary. */
async function refused(table: Case, wanted: RegExp | readonly RegExp[], summary: RegExp): Promise<void> {
  const { code, lines } = await check(table);
  for (const line of [wanted].flat()) assert.match(lines.join('\n'), line);
  assert.match(lines.at(-1) ?? '', summary);
  assert.equal(code, 1);
}

const oneMissing = /^1 promises: 0 shown, 1 missing$/;

const passing = { a: "test('X-1: t', () => {});" };

describe('a table of promises', { concurrency: 2 }, () => {
  test('is right when each row has a test that passes, alone or in a suite of its id, in one file or two', async () => {
    const tests = {
      a: "test('X-1 X-2: both', () => {}); describe('Y1, Y2: a suite', () => { test('of one', () => {}); });",
      b: "describe('other', () => { test('X-2: again', async (t) => { await t.test('X-3: within', () => {}); }); });",
    };
    const both = '`test/a.test.ts`, `test/b.test.ts`';
    const rows = [row('X-1'), row('X-2', both), row('X-3', '`test/b.test.ts`'), row('Y1'), row('Y2')];
    const { code, lines } = await check({ rows, tests });
    assert.equal(code, 0, lines.join('\n'));
    assert.deepEqual(
      lines.map((line) => line.replace(/ {2,}/g, '  ')),
      [
        'Part',
        '✔ X-1  Does X-1.  X-1 X-2: both',
        '✔ X-2  Does X-2.  X-1 X-2: both (+2)',
        '✔ X-3  Does X-3.  other > X-2: again > X-3: within',
        '✔ Y1  Does Y1.  Y1, Y2: a suite > of one',
        '✔ Y2  Does Y2.  Y1, Y2: a suite > of one',
        '',
        '5 promises: 5 shown, 0 missing',
      ],
    );
  });

  test('may have ids of a list and a group of it, which are asked for by group', async () => {
    const tests = { a: "test('LIST-A1 LIST-B12: both', () => {}); test('LIST-A2: other', () => {});" };
    const rows = [row('LIST-A1'), row('LIST-A2'), row('LIST-B12')];
    const { code, lines } = await check({ rows, tests, args: ['LIST-A'] });
    assert.equal(code, 0, lines.join('\n'));
    assert.deepEqual(lines.at(-1), '2 promises: 2 shown, 0 missing');
    const unlisted = { a: `${tests.a} test('LIST-B3: slip', () => {});` };
    await refused(
      { rows, tests: unlisted },
      /^✖ table\.md: LIST-B3 has no row/m,
      /^3 promises: 3 shown, 0 missing, 1 wrong/,
    );
  });

  test('is refused for a row without a test of its id, though another id contains it or another title speaks of it', async () => {
    const tests = { a: "test('X-12: another', () => {}); test('as X-1 says', () => {}); test('HX-1: no', () => {});" };
    const rows = [row('X-1'), row('X-12')];
    await refused(
      { rows, tests },
      /^✖ X-1 .* no test of this id in test\/a\.test\.ts$/m,
      /^2 promises: 1 shown, 1 mis/,
    );
  });

  test('is refused for a row of which a test fails, though another one passes', async () => {
    const tests = { a: "test('X-1: good', () => {}); test('X-1: bad', () => assert.fail('it broke'));" };
    await refused({ rows: [row('X-1')], tests }, /^✖ X-1 .* failed: X-1: bad: it broke$/m, oneMissing);
  });

  test('is refused for a row whose test is skipped, with the reason', async () => {
    const needs = "{ skip: 'skipped: tool is not installed (apt-get install tool)' }";
    const tests = { a: `test('X-1: real', ${needs}, () => {}); test('X-2: later', { todo: true }, () => {});` };
    const rows = [row('X-1'), row('X-2')];
    const told = [/^✖ X-1 .* skipped: tool is not installed \(apt-get/m, /^✖ X-2 .* skipped: to be done$/m];
    await refused({ rows, tests }, told, /2 missing$/);
  });

  test('tells of each row what it lacks', async () => {
    const hook = "before(() => { throw new Error('no'); }); test('t', () => {});";
    const hung = "test('waits', () => new Promise((resolve) => setTimeout(resolve, 60_000)));";
    const cases: readonly [file: string, body: string | undefined, told: RegExp][] = [
      ['hook', `describe('X-1: s', () => { ${hook} });`, /^✖ X-1 .* failed: X-1: s/],
      [
        'empty',
        "describe('X-2: empty', () => {}); test('other', () => {});",
        /^✖ X-2 .* no test of this id in test\/empty/,
      ],
      [
        'suite',
        "describe('s', { skip: 'no tool' }, () => { test('X-3: t', () => {}); });",
        /^✖ X-3 .* skipped: no tool$/,
      ],
      ['absent', undefined, /^✖ X-4 .* test\/absent\.test\.ts is not there$/],
      ['broken', "await import('./nowhere.ts');", /^✖ X-5 .* test\/broken\.test\.ts did not run to its end/],
      [
        'ended',
        `test('X-6: t', () => {}); setTimeout(process.exit, 1, 1); ${hung}`,
        /^✖ X-6 .* did not run to its end/,
      ],
    ];
    const ours = cases.map(([file], at) => row(`X-${at + 1}`, `\`test/${file}.test.ts\``));
    const second = [
      row('X-7', '`test/right.test.ts`, `test/empty.test.ts`'),
      row('X-8', '`test/right.test.ts`, `test/suite.test.ts`'),
    ];
    const right = "test('X-7 X-8: t', () => {});";
    const bodies = cases.flatMap(([file, body]) => (body === undefined ? [] : [[file, body] as const]));
    const { code, lines } = await check({
      rows: [...ours, ...second],
      tests: { right, ...Object.fromEntries(bodies) },
    });
    for (const [at, [, , told]] of cases.entries()) assert.match(lines[at + 1] ?? '', told);
    assert.match(lines[7] ?? '', /^✖ X-7 .* no test of this id in test\/empty\.test\.ts$/);
    // What is skipped there is shown elsewhere.
    assert.match(lines[8] ?? '', /^✔ X-8 /);
    assert.equal(code, 1);
  });

  test('is refused for a row without a file, and says where its id stands', async () => {
    const tests = { a: "for (const id of ['X-1']) test(id, () => {});", 'sub/b': 'test(`X-1: ${1}`, () => {});' };
    const told =
      /^✖ X-1 .* no test is named; its id stands in test\/a\.test\.ts; its id stands in test\/sub\/b\.test\.ts$/m;
    await refused({ rows: [row('X-1', '?')], tests }, told, oneMissing);
  });

  test('is refused for an id that stands twice, whatever its tests do', async () => {
    const table = { rows: [row('X-1'), row('X-1')], tests: passing };
    const line = /^✖ table\.md:8: X-1 stands twice, first in line 7$/m;
    await refused(table, line, /^2 promises: 2 shown, 0 missing, 1 wrong in the table$/);
  });

  test('is refused for a title with an id that has no row', async () => {
    const tests = {
      a: "test('X-1: t', () => {}); test('X-7: unknown', () => {}); test('UTF-8: no id of ours', () => {});",
    };
    const line = /^✖ table\.md: X-7 has no row, and stands in test\/a\.test\.ts: X-7: unknown$/m;
    await refused({ rows: [row('X-1')], tests }, line, /^1 promises: 1 shown, 0 missing, 1 wrong in the table$/);
  });

  test('that has no rows, or none that was asked for, shows nothing', async () => {
    await refused({ rows: [] }, /^✖ table\.md: there is no row with an id$/m, /^0 promises/);
    const asked = { rows: [row('X-1')], tests: passing, args: ['Y'] };
    await refused(asked, /^✖ table\.md: no row is called Y$/m, /^0 promises/);
  });
});

describe('a row', () => {
  const wrong: readonly [what: string, line: string, told: string][] = [
    ['an empty cell', '| X-2 | Does. | | `test/a.test.ts` |', 'X-2 has nothing under "API"'],
    ['a cell too few', '| X-2 | Does. | `test/a.test.ts` |', 'X-2 has 3 cells, not 4'],
    ['a file that is not written as one', row('X-2', 'test/a.test.ts'), 'X-2: "test/a.test.ts" is no test file'],
    ['a file that is no test', row('X-2', '`src/a.ts`'), 'X-2: "`src/a.ts`" is no test file'],
    ['what is no id', row('x2'), '"x2" is no id'],
    ['no table', `\n${row('X-2')}`, 'X-2 stands in no table that begins with "id" and ends with "test"'],
  ];
  for (const [what, line, told] of wrong) {
    test(`with ${what} is told with its line`, () => {
      const { problems } = readTable(`${head}${row('X-1')}\n${line}\n`);
      assert.deepEqual(problems, [{ line: line.startsWith('\n') ? 9 : 8, text: told }]);
    });
  }

  test('in a block of code is none, and a bar that is escaped ends no cell', () => {
    const { rows, problems } = readTable(
      `\`\`\`\n${head}${row('X-1')}\n\`\`\`\n${head}${row('X-2').replace('Does', 'a \\| b')}`,
    );
    assert.deepEqual(problems, []);
    assert.deepEqual(
      rows.map(({ id, promise, section, files }) => ({ id, promise, section, files })),
      [{ id: 'X-2', promise: 'a \\| b X-2.', section: 'Part', files: ['test/a.test.ts'] }],
    );
  });
});

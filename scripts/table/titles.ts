/** The titles of tests as they stand in a source file, without running it. */
import { readdirSync, readFileSync } from 'node:fs';
import { type Expression, parseSync, type TemplateElement, Visitor } from 'oxc-parser';
import { leadingIds } from './ids.ts';

const testers: ReadonlySet<string> = new Set(['test', 'it', 'describe', 'suite']);

/** The titles of its tests and suites; of a template, what stands before its first hole. */
export function titlesIn(file: string, text: string): readonly string[] {
  const titles: string[] = [];
  new Visitor({
    CallExpression({ callee, arguments: [title] }) {
      if (title === undefined || title.type === 'SpreadElement' || !testers.has(nameOf(callee))) return;
      const found = stringOf(title);
      if (found !== undefined) titles.push(found);
    },
  }).visit(programOf(file, text));
  return titles;
}

/** Every string that begins with an id: a title, or what one is made of, as in a table of cases. */
export function idsIn(file: string, text: string): ReadonlySet<string> {
  const ids = new Set<string>();
  const keep = (found: string | undefined): void => {
    if (found !== undefined) for (const id of leadingIds(found)) ids.add(id);
  };
  new Visitor({
    Literal: (node) => keep(stringOf(node)),
    TemplateLiteral: (node) => keep(stringOf(node)),
  }).visit(programOf(file, text));
  return ids;
}

/** The test files below `test/` of a directory. */
export function testFiles(root: string): readonly string[] {
  const names = readdirSync(`${root}/test`, { recursive: true, encoding: 'utf8' });
  const tests = names.filter((name) => name.endsWith('.test.ts'));
  return tests.map((name) => `test/${name.replaceAll('\\', '/')}`).sort();
}

/** Which test files of a directory have an id. */
export function filesWithIds(root: string): (id: string) => readonly string[] {
  const found = testFiles(root).map((file) => [file, idsIn(file, readFileSync(`${root}/${file}`, 'utf8'))] as const);
  return (id) => found.filter(([, ids]) => ids.has(id)).map(([file]) => file);
}

function programOf(file: string, text: string): ReturnType<typeof parseSync>['program'] {
  const { program, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`);
  return program;
}

/** `test`, and `test` of `context.test`. */
function nameOf(callee: Expression): string {
  if (callee.type === 'Identifier') return callee.name;
  if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') return '';
  return callee.property.name;
}

function stringOf(node: Expression): string | undefined {
  if (node.type === 'TemplateLiteral') return headOf(node.quasis[0]);
  return node.type === 'Literal' && typeof node.value === 'string' ? node.value : undefined;
}

function headOf(element: TemplateElement | undefined): string | undefined {
  return element?.value.cooked ?? undefined;
}

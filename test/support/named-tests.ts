/** Tests that a document names by their file and title: do they stand there? */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { vendors } from '../../src/testing/vendors.ts';

/** With a slash at its end. */
export const projectRoot: string = fileURLToPath(new URL('../..', import.meta.url));

/** The text of a file of the project. */
export function readProjectFile(file: string): string {
  return readFileSync(projectRoot + file, 'utf8');
}

/** What an acceptance table knows a title by stands before it; a document does without. */
const bare = (title: string): string => title.replace(/^(?:[A-Z][A-Z-]*\d+ ?)+: /, '');

/** Does a test of this title stand in the text? What fills a hole of a template has to stand there, or be a vendor's name. */
export function hasTest(text: string, title: string): boolean {
  const titles = text.matchAll(/\b(?:test|it|testStore)\(\s*(['"`])((?:(?!\1).)+)\1/g);
  return [...titles].some(([, , pattern = '']) => {
    const parts = bare(pattern)
      .split(/\$\{[^}]+\}/)
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    const filled = new RegExp(`^${parts.join('(.+)')}$`).exec(bare(title))?.slice(1);
    return filled?.every((value) => vendors.some(({ name }) => name === value) || text.includes(value)) ?? false;
  });
}

export interface NamedTest {
  readonly file: string;
  readonly title: string;
}

/** The tests that a text names, each by a file in backquotes, a colon and its title, with semicolons between. */
export function namedTests(text: string): readonly NamedTest[] {
  const found = text.matchAll(/`(test\/[\w/-]+\.test\.ts)`: (.+?)(?=; `|$)/g);
  return [...found].map(([, file = '', title = '']) => ({ file, title: title.trim() }));
}

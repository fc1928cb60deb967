/** The threat model names tests that are there, for every attacker; the security policy leads to it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasTest, namedTests, readProjectFile } from '../support/named-tests.ts';

const attackers = [
  'The registry',
  'The target of a redirect, of an upload location, or of a link',
  'The token server',
  'The author of an image or artifact',
  'Another user of the machine',
  'The network',
  'Somebody who may write to another repository',
  'A hostile mirror',
  'The name of a credential helper',
  'The terminal and the CI system',
];

const model = readProjectFile('docs/threat-model.md');

/** The text under a heading, without its subsections. */
function sectionOf(heading: string): string {
  const [, section] = model.split(`\n## ${heading}\n`);
  return (section ?? '').split(/^## /m)[0] ?? '';
}

for (const attacker of attackers) {
  test(`what is promised against "${attacker}" is shown by tests, and what is not is said`, () => {
    const section = sectionOf(attacker);
    const promises = section.split('\n').filter((line) => /^\| (?!promise)/.test(line));
    assert.ok(promises.length >= 3, 'hardly anything is promised');
    assert.match(section, /^Not promised: /m);
    for (const promise of promises) {
      const [, , shownBy = ''] = promise.split('|').map((cell) => cell.trim());
      const named = namedTests(shownBy);
      assert.ok(named.length > 0, `nothing shows: ${promise}`);
      for (const { file, title } of named) {
        assert.ok(hasTest(readProjectFile(file), title), `${file} has no test "${title}"`);
      }
    }
  });
}

test('every section with promises is about one of them', () => {
  const headings = [...model.matchAll(/^## (.+)$/gm)].map(([, heading = '']) => heading);
  assert.deepEqual(
    headings.filter((heading) => sectionOf(heading).includes('| promise |')),
    attackers,
  );
});

test('the security policy leads to it', () => {
  assert.match(readProjectFile('SECURITY.md'), /\]\(docs\/threat-model\.md\)/);
});

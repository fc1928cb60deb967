/** Texts that would do something to a terminal or to a CI system's log, and what no output may hold. */
import assert from 'node:assert/strict';

/** What strangers write into names and texts: each would do something to a terminal, or to a CI system's log. */
export const payloads: readonly string[] = [
  '\u001b[2J\u001b[H',
  '\u001b[31mred',
  '\u001b]0;title\u0007',
  '\u001b]8;;http://evil/\u001b\\link\u001b]8;;\u001b\\',
  '\u001b]52;c;ZXZpbA==\u0007',
  '\u001bP+q544e\u001b\\',
  '\u001b_Gq=1\u001b\\',
  '\u009b2J',
  '\u009d0;x\u009c',
  '\u0090q\u009c',
  'a\rb',
  'a\nb',
  'a\n::set-output name=x::y',
  '::add-mask::secret',
  '\n::error::gone',
  '##[command]x',
  'a\bb\bc',
  '\u0007bell',
  '\u0000nul',
  '\u007fdel',
  'a\u202egnp.exe',
  '\u2066x\u2069',
  'zero\u200bwidth\ufeff',
  '\u2028line\u2029paragraph',
];

/** No control byte but the line break, no bidi or invisible character, and no line that commands a CI system. */
export function assertSafe(text: string, where: string): void {
  const active = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/u.exec(text);
  assert.equal(
    active,
    null,
    `${where}: ${JSON.stringify(text.slice(Math.max(0, (active?.index ?? 0) - 40), (active?.index ?? 0) + 10))}`,
  );
  assert.doesNotMatch(text, /^\s*::/m, where);
  assert.doesNotMatch(text, /##\[/, where);
}

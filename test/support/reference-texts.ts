/** References for property tests. */
import * as fc from 'fast-check';

const letters = (characters: string, minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...characters.split('')), minLength, maxLength });
const lower = 'abcxyz019';
const component = fc
  .array(fc.tuple(letters(lower, 1, 5), fc.constantFrom('.', '_', '__', '-', '---')), { minLength: 1, maxLength: 3 })
  .map((parts) => parts.map(([word, joint], at) => (at === 0 ? word : joint + word)).join(''));
const path = fc.array(component, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
const host = fc.constantFrom(
  'docker.io',
  'localhost',
  'ghcr.io',
  'Upper.Example',
  'a-b.c',
  '10.0.0.1',
  '[::1]',
  '[2001:db8::1]',
);
const domain = fc
  .tuple(host, fc.option(fc.integer({ min: 1, max: 65535 }), { nil: undefined }))
  .map(([name, port]) => (port === undefined ? name : `${name}:${port}`));
const tag = fc.tuple(letters('aZ9_', 1, 1), letters('aZ9_.-', 0, 20)).map((parts) => parts.join(''));
const digest = fc
  .tuple(fc.constantFrom(['sha256', 64] as const, ['sha512', 128] as const), letters('0123456789abcdef', 128, 128))
  .map(([[algorithm, length], hex]) => `${algorithm}:${hex.slice(0, length)}` as const);
const optional = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined });
// a name without a registry begins with a word that is none
const name = fc
  .oneof(fc.tuple(domain, path), fc.tuple(letters(lower, 1, 9), path), fc.tuple(letters(lower, 1, 9)))
  .map((parts) => parts.join('/'));
/** A reference that is valid, however it is written. */
export const referenceTexts: fc.Arbitrary<string> = fc
  .tuple(name, optional(tag), optional(digest))
  .map(([n, t, g]) => `${n}${t === undefined ? '' : `:${t}`}${g === undefined ? '' : `@${g}`}`);

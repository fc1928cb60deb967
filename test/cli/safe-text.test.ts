import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { escapeJson, inertLine, safeJson, safeText } from '../../src/cli/terminal/safe-text.ts';
import { renderLine } from '../../src/cli/terminal/style.ts';

test('writes out everything that a terminal would obey or hide', () => {
  assert.equal(safeText('a\u001b[2Jb'), 'a\\x1b[2Jb');
  assert.equal(safeText('\u009b31m\u007f\r\n\t\0'), '\\x9b31m\\x7f\\r\\n\\t\\x00');
  assert.equal(safeText('x\u202ey\u2066z\u200b\ufeff'), 'x\\u202ey\\u2066z\\u200b\\ufeff');
  assert.equal(safeText('\u2028\u2029'), '\\u2028\\u2029');
  assert.equal(safeText('\u{e0041}'), '\\u{e0041}');
  assert.equal(safeText('\ud800x'), '\\ud800x');
});

test('leaves what people write as it is', () => {
  for (const text of ['alpine:3.20', 'größe', '日本語', '🚢', 'a  b']) assert.equal(safeText(text), text);
});

test('no text gives a control, format or separator character', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.doesNotMatch(safeText(text), /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
    }),
  );
});

test('no line is a command to a CI system', () => {
  assert.equal(inertLine('::set-output name=x::y'), '\\x3a:set-output name=x::y');
  assert.equal(inertLine('  ::add-mask::y'), '  \\x3a:add-mask::y');
  assert.equal(inertLine('a ##[group]b'), 'a \\x23#[group]b');
  assert.equal(inertLine('a::b'), 'a::b');
  assert.equal(renderLine([{ text: '::warning::x', style: 'red' }], true), '\\x3a:warning::x');
});

test('JSON keeps its value and loses what a terminal would obey', () => {
  fc.assert(
    fc.property(fc.json(), fc.string({ unit: 'binary' }), (json, text) => {
      const value: unknown = [JSON.parse(json), text];
      const shown = safeJson(value, 2);
      assert.deepEqual(JSON.parse(shown), JSON.parse(JSON.stringify(value)));
      assert.doesNotMatch(shown.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }),
  );
  assert.equal(escapeJson('{\n"a":"\u009b"}'), '{\n"a":"\\u009b"}');
});

test('colours are put on after the text is safe', () => {
  assert.equal(renderLine([{ text: 'a\u001bb', style: 'red' }, 'c'], true), '\u001b[31ma\\x1bb\u001b[39mc');
  assert.equal(renderLine([{ text: 'a', style: 'red' }, 'c'], false), 'ac');
});

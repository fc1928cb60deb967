import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { render } from '../../scripts/api-surface.mjs';

test('the public API is the one that was agreed on', () => {
  const golden = readFileSync(new URL('surface.golden.txt', import.meta.url), 'utf8');
  assert.equal(render(), golden, 'run: npm run build && node scripts/api-surface.mjs > test/api/surface.golden.txt');
});

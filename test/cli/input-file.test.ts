import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { processContext } from '../../src/cli/context.ts';
import { readInput } from '../../src/cli/places/input-file.ts';
import { rejection } from '../support/failure.ts';

test('a file is read whole, as far as it is not too large; one without an end is given up', async () => {
  const cwd = await mkdtemp(path.join(tmpdir(), 'lading-input-'));
  const context = { ...processContext(), cwd };
  try {
    await writeFile(path.join(cwd, 'small'), 'hello');
    assert.equal(new TextDecoder().decode(await readInput(context, 'small', 5)), 'hello');
    await rejection('TOO_LARGE', readInput(context, 'small', 4));
    await rejection('TOO_LARGE', readInput(context, '/dev/zero', 1000));
    const { message, hint } = await rejection('IO', readInput(context, 'missing', 10));
    assert.match(message, /read missing: ENOENT/);
    assert.match(hint ?? '', /not there/);
  } finally {
    await rm(cwd, { recursive: true });
  }
});

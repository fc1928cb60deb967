import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cli } from '../support/cli.ts';
import { assertGolden } from '../support/golden.ts';

const names = ['alpine', 'ghcr.io/o/app:1', `localhost:5000/a/b:x@sha256:${'a'.repeat(64)}`];

test('shows the parts of names, from arguments and from stdin, one object a line', async () => {
  const args = await cli(['parse', '--json', ...names]);
  assert.equal(args.code, 0);
  assertGolden('parse.ndjson', args.stdout);
  const piped = await cli(['parse', '--json'], { stdin: `${names.join('\n')}\n` });
  assert.equal(piped.stdout, args.stdout);
});

test('an invalid name is told, the others are shown all the same', async () => {
  const { code, stdout, stderr } = await cli(['parse', 'alpine:3', 'Upper/Case', 'debian']);
  assert.equal(code, 2);
  assert.equal(stdout, 'docker.io/library/alpine:3\ndocker.io/library/debian\n');
  assert.match(stderr, /^error: "Upper\/Case" is not a reference: .* \(REFERENCE_INVALID\)/);
  const json = await cli(['parse', '--json', 'Upper/Case']);
  assert.equal(json.code, 2);
  const told = JSON.parse(json.stdout) as { input: string; valid: boolean; error: string };
  assert.equal(told.input, 'Upper/Case');
  assert.equal(told.valid, false);
  assert.match(told.error, /lower case/);
});

test('a name that looks like another alphabet is refused, pointing at the letter', async () => {
  const { code, stderr } = await cli(['parse', 'ɡcr.io/x/y']);
  assert.equal(code, 2);
  assert.match(stderr, /U\+0261/);
});

test('without names it does not wait for a terminal', async () => {
  assert.equal((await cli(['parse'], { stdinIsTTY: true })).code, 2);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cli } from '../support/cli.ts';
import { assertGolden } from '../support/golden.ts';

const names = ['alpine', 'ghcr.io/o/app:1', `localhost:5000/a/b:x@sha256:${'a'.repeat(64)}`];

test('A2 NODE-1 NODE-3 NODE-4 NODE-7: shows the parts of names and the view of node-docker-registry-client, from arguments and from stdin, one object a line', async () => {
  const args = await cli(['parse', '--json', ...names]);
  assert.equal(args.code, 0);
  assertGolden('parse.ndjson', args.stdout);
  const piped = await cli(['parse', '--json'], { stdin: `${names.join('\n')}\n` });
  assert.equal(piped.stdout, args.stdout);
});

test('A1: an invalid name is told, the others are shown all the same', async () => {
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

const rows = (stdout: string): string[][] => stdout.split('\n').map((line) => line.split(/ +/));

test('A2: --repo shows the other view in text, too, a block a name', async () => {
  const { code, stdout } = await cli(['parse', '--repo', 'mongo:3', 'localhost:5000/app']);
  assert.equal(code, 0);
  assert.deepEqual(rows(stdout), [
    ['reference', 'docker.io/library/mongo:3'],
    ['domain', 'docker.io'],
    ['path', 'library/mongo'],
    ['tag', '3'],
    ['familiar', 'mongo:3'],
    ['index', 'docker.io'],
    ['remoteName', 'library/mongo'],
    ['localName', 'mongo'],
    ['canonicalName', 'docker.io/mongo'],
    ['official', 'true'],
    [''],
    ['reference', 'localhost:5000/app'],
    ['domain', 'localhost:5000'],
    ['path', 'app'],
    ['familiar', 'localhost:5000/app'],
    ['index', 'localhost:5000'],
    ['remoteName', 'app'],
    ['localName', 'localhost:5000/app'],
    ['canonicalName', 'localhost:5000/app'],
    ['official', 'false'],
    [''],
  ]);
  assert.doesNotMatch((await cli(['parse', 'mongo'])).stdout, /remoteName/);
});

test('NODE-2 NODE-6 NODE-10: an official repository is one, however it is written, and means latest', async () => {
  const { stdout } = await cli(['parse', '--json', 'mongo', 'docker.io/mongo', 'index.docker.io/library/mongo']);
  const shown = stdout.trim().split('\n');
  assert.equal(shown.length, 3);
  for (const line of shown) {
    assert.deepEqual((JSON.parse(line) as { repo: object }).repo, {
      index: { name: 'docker.io', official: true },
      official: true,
      remoteName: 'library/mongo',
      localName: 'mongo',
      canonicalName: 'docker.io/mongo',
      tag: 'latest',
    });
  }
});

test('NAME-4 NODE-5: a scheme before the registry is taken with --repo, and refused without', async () => {
  const name = 'https://quay.io/trentm/foo';
  const taken = await cli(['parse', '--json', '--repo', name]);
  assert.equal(taken.code, 0);
  assert.deepEqual(JSON.parse(taken.stdout), {
    input: name,
    valid: true,
    domain: 'quay.io',
    path: 'trentm/foo',
    reference: 'quay.io/trentm/foo',
    familiar: 'quay.io/trentm/foo',
    repo: {
      index: { scheme: 'https', name: 'quay.io', official: false },
      official: false,
      remoteName: 'trentm/foo',
      localName: 'quay.io/trentm/foo',
      canonicalName: 'quay.io/trentm/foo',
      tag: 'latest',
    },
  });
  assert.match((await cli(['parse', '--repo', name])).stdout, /^scheme +https$/m);
  const refused = await cli(['parse', name]);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /starts with "https:\/\/".*hint: leave https:\/\/ out.*--repo/);
  const json = await cli(['parse', '--json', name]);
  assert.match((JSON.parse(json.stdout) as { hint: string }).hint, /--repo/);
  const other = await cli(['parse', '--repo', 'ftp://quay.io/foo', 'http://docker.io/foo']);
  assert.equal(other.code, 2);
  assert.match(other.stderr, /leave ftp:\/\/ out.*\n.*http to the official registry is disallowed/);
  assert.doesNotMatch(other.stderr, /--repo/);
});

test('NAME-7 NODE-9: --default-registry has the names that tell none', async () => {
  const shown = async (...argv: string[]) => (await cli(['parse', '--json', ...argv])).stdout.trim().split('\n');
  const told = await shown('--default-registry', 'http://localhost:5000', 'app:1', 'ghcr.io/o/app');
  const read = told.map((line) => JSON.parse(line) as { reference: string; repo: { index: object } });
  assert.deepEqual(
    read.map(({ reference }) => reference),
    ['localhost:5000/app:1', 'ghcr.io/o/app'],
  );
  assert.deepEqual(
    read.map(({ repo }) => repo.index),
    [
      { scheme: 'http', name: 'localhost:5000', official: false },
      { name: 'ghcr.io', official: false },
    ],
  );
  for (const host of ['foo', 'ghcr.io/o', 'http://docker.io', 'https://me:hunter2@ghcr.io']) {
    const { code, stdout, stderr } = await cli(['parse', '--default-registry', host, 'app']);
    assert.equal(code, 2);
    assert.equal(stdout, '');
    assert.match(stderr, /REFERENCE_INVALID/);
    assert.doesNotMatch(stderr, /hunter2/);
  }
});

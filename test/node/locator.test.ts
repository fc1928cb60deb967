import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import {
  formatLocator,
  type Locator,
  nameIn,
  parseLocator,
  parseTargetLocator,
  withDefaultName,
  withName,
} from '../../src/node/locator.ts';
import { failure } from '../support/failure.ts';

const digest = `sha256:${'a'.repeat(64)}` as const;
const oci = (path: string, rest: object = {}) => ({ kind: 'oci', path, ...rest });
const archive = (path: string, rest: object = {}) => ({ kind: 'oci-archive', path, ...rest });
const alpine = { domain: 'docker.io', path: 'library/alpine', tag: '3' };

/** Text, what it means, and how it is written again where that differs. */
const table: readonly (readonly [text: string, locator: object, written?: string])[] = [
  ['alpine:3', { kind: 'registry', reference: alpine }],
  [
    `ghcr.io/o/app:1@${digest}`,
    { kind: 'registry', reference: { domain: 'ghcr.io', path: 'o/app', tag: '1', digest } },
  ],
  ['docker.io/library/oci:1', { kind: 'registry', reference: { domain: 'docker.io', path: 'library/oci', tag: '1' } }],
  ['oci', { kind: 'registry', reference: { domain: 'docker.io', path: 'library/oci' } }],
  ['dir:1', { kind: 'registry', reference: { domain: 'docker.io', path: 'library/dir', tag: '1' } }],
  ['oci:dir', oci('dir')],
  ['oci:./a/b:v1', oci('./a/b', { tag: 'v1' })],
  ['oci:/abs/dir:latest', oci('/abs/dir', { tag: 'latest' })],
  [`oci:dir@${digest}`, oci('dir', { digest })],
  [`oci:dir:v1@${digest}`, oci('dir', { tag: 'v1', digest })],
  ['oci:..', oci('..')],
  ['oci:C:\\images\\app', oci('C:\\images\\app')],
  ['oci:C:\\images\\app:v1', oci('C:\\images\\app', { tag: 'v1' })],
  ['oci:C:/images/app', oci('C:/images/app')],
  ['oci:C:/images/app:v1', oci('C:/images/app', { tag: 'v1' })],
  ['oci:a:b/c', oci('a:b/c')],
  ['oci:a:b/c:v1', oci('a:b/c', { tag: 'v1' })],
  ['oci:a:b:', oci('a:b')],
  ['oci:a:b:v1', oci('a:b', { tag: 'v1' })],
  ['oci:dir:', oci('dir'), 'oci:dir'],
  [`oci:a:b:@${digest}`, oci('a:b', { digest })],
  ['oci:me@home/dir:v1', oci('me@home/dir', { tag: 'v1' })],
  ['oci:dir with spaces:v1', oci('dir with spaces', { tag: 'v1' })],
  ['oci:ünïcode', oci('ünïcode')],
  ['oci:dir:not a tag', oci('dir:not a tag')],
  ['oci-archive:f.tar', archive('f.tar')],
  ['oci-archive:f.tar:v1', archive('f.tar', { tag: 'v1' })],
  ['oci-archive:-', archive('-')],
  ['oci-archive:-:v1', archive('-', { tag: 'v1' })],
  ['-', archive('-'), 'oci-archive:-'],
  ['docker-archive:f.tar', { kind: 'docker-archive', path: 'f.tar' }],
  ['docker-archive:f.tar:alpine:3', { kind: 'docker-archive', path: 'f.tar', reference: alpine }],
  ['docker-archive:f.tar.gz:alpine:3', { kind: 'docker-archive', path: 'f.tar.gz', reference: alpine }],
  ['docker-archive:a:b.tar:alpine:3', { kind: 'docker-archive', path: 'a:b.tar', reference: alpine }],
  ['docker-archive:save:alpine:3', { kind: 'docker-archive', path: 'save', reference: alpine }],
  ['docker-archive:-:alpine:3', { kind: 'docker-archive', path: '-', reference: alpine }],
  ['docker-archive:C:\\save:alpine:3', { kind: 'docker-archive', path: 'C:\\save', reference: alpine }],
  ['docker-archive:f.tar:@2', { kind: 'docker-archive', path: 'f.tar', index: 2 }],
  ['docker-archive:-:@0', { kind: 'docker-archive', path: '-', index: 0 }],
  ['docker-archive:a:b.tar:', { kind: 'docker-archive', path: 'a:b.tar' }],
  ['docker-archive:a:b:', { kind: 'docker-archive', path: 'a:b' }],
  ['docker-archive:C:\\x.tar', { kind: 'docker-archive', path: 'C:\\x.tar' }],
  ['docker-daemon:alpine:3', { kind: 'docker-daemon', reference: alpine }],
  ['docker-daemon:alpine', { kind: 'docker-daemon', reference: { domain: 'docker.io', path: 'library/alpine' } }],
  [`docker-daemon:${digest}`, { kind: 'docker-daemon', id: digest }],
  [`docker-daemon:alpine:3@${digest}`, { kind: 'docker-daemon', reference: alpine, id: digest }],
  [
    'docker.io/library/docker-daemon:1',
    { kind: 'registry', reference: { domain: 'docker.io', path: 'library/docker-daemon', tag: '1' } },
  ],
  [
    'docker-archive:f.tar:localhost:5000/a:1',
    { kind: 'docker-archive', path: 'f.tar', reference: { domain: 'localhost:5000', path: 'a', tag: '1' } },
  ],
];

for (const [text, locator, written] of table) {
  test(`reads ${text.slice(0, 60)}`, () => {
    assert.deepEqual(parseLocator(text), locator);
    assert.equal(formatLocator(parseLocator(text)), written ?? text);
  });
}

const refused: readonly (readonly [text: string, says: RegExp])[] = [
  ['docker://alpine', /leave docker:\/\/ out/],
  ['https://ghcr.io/a', /leave https:\/\/ out/],
  ['oci://dir', /write oci:dir/],
  ['oci-archive:///tmp/x.tar', /write oci-archive:\/tmp\/x\.tar/],
  ['oci:', /names no path.*oci:DIR/],
  ['oci::', /names no path/],
  [`oci:@${digest}`, /names no path/],
  ['docker-archive:', /names no path.*docker-archive:FILE/],
  ['oci:a\0b', /zero byte/],
  ['./dir', /is a path.*oci:DIR/],
  ['/tmp/x.tar', /is a path.*oci-archive:FILE/],
  ['../x', /is a path/],
  ['~/x', /is a path/],
  ['C:\\x', /is a path/],
  ['ocidir://dir:v1', /another tool's scheme.*oci:DIR/],
  ['dir:/tmp/x', /another tool's scheme/],
  ['docker-daemon:', /names no image.*docker-daemon:NAME/],
  ['docker-daemon://alpine', /write docker-daemon:alpine/],
  ['containers-storage:alpine:3', /podman save/],
  ['docker-archive:f.tar:Bad/Ref', /lower case/],
  ['Alpine', /lower case/],
  ['', /empty/],
  ['constructor:a:b', /a tag is/],
];

for (const [text, says] of refused) {
  test(`refuses ${JSON.stringify(text)}, and says what to write`, () => {
    const error = failure('REFERENCE_INVALID', () => parseLocator(text));
    assert.match(`${error.message} ${error.hint ?? ''}`, says);
  });
}

test('refuses a digest that is none', () => {
  failure('DIGEST_INVALID', () => parseLocator('oci:dir@sha256:abc'));
  const long = `dir@sha${'1'.repeat(300_000)}`; // each digit could begin what follows: quadratic, it took minutes
  assert.deepEqual(parseLocator(`oci:${long}`), oci(long));
  failure('DIGEST_INVALID', () => parseLocator('alpine@sha256:abc'));
});

test('a target may list tags', () => {
  const parse = (text: string) => {
    const { locator, moreTags } = parseTargetLocator(text);
    return [formatLocator(locator), ...moreTags];
  };
  assert.deepEqual(parse('ghcr.io/o/app:1,1.2,latest'), ['ghcr.io/o/app:1', '1.2', 'latest']);
  assert.deepEqual(parse('localhost:5000/app:1,2'), ['localhost:5000/app:1', '2']);
  assert.deepEqual(parse('oci:dir:1,2'), ['oci:dir:1', '2']);
  assert.deepEqual(parse('oci:a,b'), ['oci:a,b']);
  assert.deepEqual(parse('oci-archive:x,y.tar:1'), ['oci-archive:x,y.tar:1']);
  assert.deepEqual(parse('docker-archive:x.tar:app:1,2'), ['docker-archive:x.tar:app:1', '2']);
  assert.deepEqual(parse('alpine'), ['alpine']);
  for (const bad of ['app:1,', 'app:1,,2', 'app:1,-x', 'app,b'])
    failure('REFERENCE_INVALID', () => parseTargetLocator(bad));
});

test('another image of a place is named by its tag, or in a docker archive by its whole name', () => {
  const other = (text: string, name: string): string => formatLocator(withName(parseLocator(text), name));
  assert.equal(other(`ghcr.io/o/app:1@${digest}`, '2'), 'ghcr.io/o/app:2');
  assert.equal(other(`oci:dir:1@${digest}`, '2'), 'oci:dir:2');
  assert.equal(other('docker-archive:f.tar:app:1', '2'), 'docker-archive:f.tar:app:2');
  assert.equal(other('docker-archive:f.tar:app:1', 'ghcr.io/o/app:2'), 'docker-archive:f.tar:ghcr.io/o/app:2');
  assert.equal(other('docker-archive:f.tar:@1', 'app:2'), 'docker-archive:f.tar:app:2');
  assert.equal(other(`docker-daemon:app:1@${digest}`, '2'), 'docker-daemon:app:2');
  assert.equal(other('docker-daemon:app', 'ghcr.io/o/app:2'), 'docker-daemon:ghcr.io/o/app:2');
});

test('what an image is called in its place', () => {
  const name = (text: string): string | undefined => nameIn(withDefaultName(parseLocator(text)));
  assert.deepEqual(['app', 'app:1', `app@${digest}`].map(name), ['latest', '1', undefined]);
  assert.deepEqual(['oci:dir', 'oci:dir:1'].map(name), [undefined, '1']);
  assert.deepEqual(
    ['', ':app', ':docker.io/library/app:1', ':ghcr.io/o/app:1', ':@3', `:app@${digest}`].map((ending) =>
      name(`docker-archive:f.tar${ending}`),
    ),
    [undefined, 'app:latest', 'app:1', 'ghcr.io/o/app:1', '@3', undefined],
  );
});

test('whatever its path, a layout locator is read as it was written', () => {
  const path = fc
    .string({
      unit: fc.constantFrom('a', 'v1', ':', '/', '\\', '@', '.', ' ', 'C', 'sha256', '-'),
      minLength: 1,
      maxLength: 8,
    })
    .filter((text) => !text.startsWith('//') && !text.includes('@sha256'));
  const tag = fc.option(fc.constantFrom('v1', 'latest', '_x'), { nil: undefined });
  const some = fc.option(fc.constant(digest), { nil: undefined });
  fc.assert(
    fc.property(fc.constantFrom('oci', 'oci-archive'), path, tag, some, (kind, where, name, hash) => {
      const locator = {
        kind,
        path: where,
        ...(name === undefined ? {} : { tag: name }),
        ...(hash === undefined ? {} : { digest: hash }),
      };
      assert.deepEqual(parseLocator(formatLocator(locator as Locator)), locator);
    }),
    { numRuns: 2000 },
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOciError } from '../../src/errors.ts';
import { checkRepositoryName, checkTag, parseReference } from '../../src/model/reference.ts';
import { failure } from '../support/failure.ts';

const hex = 'f'.repeat(64);

/** Text, and what the message or its hint has to say. */
const invalid: readonly (readonly [text: string, says: RegExp])[] = [
  ['', /empty/],
  [':justtag', /name of the repository is missing/],
  [`@sha256:${hex}`, /name of the repository is missing/],
  ['docker.io/', /name of the repository is missing/],
  ['library/', /name of the repository is missing/],
  ['busybox:', /tag after the colon is missing/],
  [hex, /image id.*repository@sha256:/],
  // letters
  ['Uppercase:tag', /must be lower case.*write uppercase, not Uppercase/],
  ['test:5000/Uppercase/lowercase:tag', /must be lower case/],
  ['docker.io/docker/Docker', /must be lower case.*write docker, not Docker/],
  ['Foo/FarB', /must be lower case/],
  ['aa/asdf$$^/aa', /character 8, "\$",/],
  ['a^a', /character 2, "\^",/],
  ['my app', /character 3, U\+0020,/],
  ['registry.com:8080/myapp:invalid~tag', /character 32, "~",/],
  ['ɡcr.io/app', /character 1, U\+0261, is not ASCII.*look like a letter/],
  ['ghcr.io/аpp', /character 9, U\+0430, is not ASCII/],
  ['gh‮cr.io/app', /character 3, U\+202E, is not ASCII/],
  ['ｇhcr.io/app', /character 1, U\+FF47, is not ASCII/],
  ['münchen.de/app', /character 2, U\+00FC/],
  ['🐳.com/app', /character 1, U\+1F433/],
  ['app\r\nHost: evil', /character 4, U\+000D, is not allowed/],
  ['app\0', /character 4, U\+0000/],
  // schemes
  ['https://github.com/docker/docker', /starts with "https:\/\/".*leave https:\/\/ out/],
  ['docker://alpine', /leave docker:\/\/ out/],
  ['HTTP://alpine', /leave HTTP:\/\/ out/],
  // registries
  ['-docker.io/docker/docker', /"-docker.io" is not a registry's host/],
  ['docker./docker', /is not a registry's host/],
  ['.docker/docker', /is not a registry's host/],
  ['do..cker/docker', /is not a registry's host/],
  ['do__cker:8080/docker', /is not a registry's host/],
  ['bad_hostname.com:8080/myapp:tag', /is not a registry's host/],
  ['foo.com:http/bar', /is not a registry's host/],
  ['localhost:http/name', /is not a registry's host/],
  ['fc00::1:5000/debian', /is not a registry's host/],
  ['[fd00:1:2::3]75050/a', /is not a registry's host/],
  ['[fd00:1:2::3]::75050/a', /is not a registry's host/],
  ['[fd00123123123]:7505/a', /is not a registry's host/],
  ['[2001:db8:3:4::192.0.2.33]:5000/debian', /is not a registry's host/],
  ['[fe80::1%eth0]:5000/repo', /character 9, "%",/],
  ['host:99999/repo', /is not a registry's host/],
  ['999.1.1.1/repo', /is not a registry's host/],
  [`${'a.'.repeat(200)}a/repo`, /is not a registry's host/],
  // repositories
  ['[2001:db8::1]', /malformed/],
  ['[2001:db8::1]:5000', /malformed/],
  ['-docker', /malformed/],
  ['-docker/docker', /malformed/],
  ['docker-/docker', /malformed/],
  ['foo/bar-', /malformed/],
  ['foo.com/a-/a/a', /malformed/],
  ['____/____', /malformed/],
  ['_docker/_docker', /malformed/],
  ['docker///docker', /malformed/],
  ['a/a/a/a/', /malformed/],
  ['foo.com/', /missing/],
  ['docker/dock..er', /malformed.*joined by one of/],
  ['docker/dock_.er', /malformed/],
  ['docker/dock-.er', /malformed/],
  ['docker/dock___er', /malformed/],
  ['example.com/..dots/myimage', /malformed/],
  ['example.com/../../etc', /malformed/],
  [`domain/${'a'.repeat(256)}:tag`, /longer than 255/],
  [`example.com/${'a'.repeat(256)}`, /longer than 255/],
  ['a/'.repeat(5000), /longer than 1024/],
  // tags
  ['a:-tag', /begin with \. or -/],
  ['a:.tag', /begin with \. or -/],
  ['a:b:c', /"b:c": a tag is/],
  [`a:${'t'.repeat(129)}`, /tag is longer than 128/],
];

for (const [text, says] of invalid) {
  test(`refuses ${JSON.stringify(text).slice(0, 60)}, and says why`, () => {
    const error = failure('REFERENCE_INVALID', () => parseReference(text));
    assert.match(`${error.message} ${error.hint ?? ''}`, says);
    assert.ok(error.message.length < 500);
  });
}

for (const digest of [
  '',
  'bad',
  '2bad',
  'sha256:badbadbadbad',
  `sha256:${'f'.repeat(34)}`,
  `invaliddigest:${hex}`,
  `sha1:${'f'.repeat(40)}`,
]) {
  test(`refuses the digest @${digest.slice(0, 30)}`, () => {
    failure('DIGEST_INVALID', () => parseReference(`repo@${digest}`));
  });
}

test('repeats no password', () => {
  const texts = {
    'https://me:hunter2@ghcr.io/app': 'REFERENCE_INVALID',
    'me:hunter2@ghcr.io/app': 'DIGEST_INVALID',
  } as const;
  for (const [text, code] of Object.entries(texts)) {
    const error = failure(code, () => parseReference(text));
    assert.doesNotMatch(`${error.message}${error.hint ?? ''}`, /hunter2/);
  }
});

test('is quick on text made to make a backtracking grammar slow', { timeout: 2000 }, () => {
  for (const unit of ['a-', 'a', 'a.', 'a_', 'a__', '-', 'a/', '1.', 'A-', ':', '[:']) {
    for (const text of [
      unit.repeat(500).slice(0, 1000),
      `${unit.repeat(500).slice(0, 999)}:`,
      `x.y/${unit.repeat(500).slice(0, 990)}!`,
    ]) {
      for (let count = 0; count < 20; count++) {
        try {
          parseReference(text);
        } catch (error) {
          assert.ok(isOciError(error));
        }
      }
    }
  }
});

test('checks names and tags by themselves', () => {
  assert.equal(checkRepositoryName('library/alpine'), 'library/alpine');
  assert.equal(checkTag('v1.0_a-B'), 'v1.0_a-B');
  for (const name of ['', 'A', 'a:1', 'a@b', '../a', '/a', 'a/', 'a b', 'a\n', 'a'.repeat(256)]) {
    failure('REFERENCE_INVALID', () => checkRepositoryName(name));
  }
  for (const tag of ['', '.', '-a', 'a/b', 'a b', 'a\n', 'ä', `sha256:${hex}`, 't'.repeat(129)]) {
    failure('REFERENCE_INVALID', () => checkTag(tag));
  }
});

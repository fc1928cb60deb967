import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOciError } from '../../src/errors.ts';
import { checkRepositoryName, checkTag, isRepositoryName, parseReference } from '../../src/model/reference.ts';
import { failure } from '../support/failure.ts';
import { INVALID_REFERENCES } from '../support/invalid-references.ts';

const hex = 'f'.repeat(64);

for (const [text, says] of INVALID_REFERENCES) {
  test(`A1 NAME-1: refuses ${JSON.stringify(text).slice(0, 60)}, and says why`, () => {
    const error = failure('REFERENCE_INVALID', () => parseReference(text));
    assert.match(`${error.message} ${error.hint ?? ''}`, says);
    assert.ok(error.hint !== undefined);
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
  test(`A1 NAME-1: refuses the digest @${digest.slice(0, 30)}`, () => {
    failure('DIGEST_INVALID', () => parseReference(`repo@${digest}`));
  });
}

test('NAME-6: a user name is refused, and no password is repeated', () => {
  const texts = {
    'https://me:hunter2@ghcr.io/app': 'REFERENCE_INVALID',
    'https://me:hunter2@ghcr.io': 'REFERENCE_INVALID',
    'https://me:a/hunter2/b@ghcr.io/app': 'REFERENCE_INVALID',
    'me:hunter2@ghcr.io/app': 'REFERENCE_INVALID',
    'Me:hunter2:x@ghcr.io/app': 'REFERENCE_INVALID',
    'me:hunter2/x@ghcr.io/app': 'REFERENCE_INVALID',
    'me:a@hunter2@ghcr.io/app': 'REFERENCE_INVALID',
    'me:hunter2~@ghcr.io': 'REFERENCE_INVALID',
    'Me:hunter2:x@ghcr.io': 'DIGEST_INVALID',
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
    assert.equal(isRepositoryName(name), false);
  }
  assert.ok(isRepositoryName('library/alpine') && isRepositoryName('a'.repeat(255)));
  for (const tag of ['', '.', '-a', 'a/b', 'a b', 'a\n', 'ä', `sha256:${hex}`, 't'.repeat(129)]) {
    failure('REFERENCE_INVALID', () => checkTag(tag));
  }
});

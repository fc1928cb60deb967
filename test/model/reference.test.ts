import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  checkDomain,
  familiarReference,
  formatReference,
  parseReference,
  referenceTarget,
  withDefaultTag,
} from '../../src/model/reference.ts';
import { failure } from '../support/failure.ts';
import { VALID_REFERENCES } from '../support/valid-references.ts';

const hex = 'f'.repeat(64);
const sha = `sha256:${hex}`;

for (const [text, domain, path, tag, digest, familiar] of VALID_REFERENCES) {
  test(`A1 NAME-1 GO-2: reads ${text.slice(0, 80)}`, () => {
    const reference = parseReference(text);
    const wanted = { domain, path, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
    assert.deepEqual(reference, wanted);
    assert.deepEqual(parseReference(formatReference(reference)), wanted);
    if (familiar !== undefined) assert.equal(familiarReference(reference), familiar);
  });
}

test('NAME-2: adds latest only where there is neither tag nor digest', () => {
  const named = (text: string) => formatReference(withDefaultTag(parseReference(text)));
  assert.equal(named('busybox'), 'docker.io/library/busybox:latest');
  assert.equal(named('gcr.io/library/busybox'), 'gcr.io/library/busybox:latest');
  assert.equal(named('busybox:1'), 'docker.io/library/busybox:1');
  assert.equal(named(`busybox@${sha}`), `docker.io/library/busybox@${sha}`);
});

test('NAME-3: tag and digest are both kept; asks for the digest before the tag before latest', () => {
  const both = parseReference(`a:1@${sha}`);
  assert.deepEqual([both.tag, both.digest], ['1', sha]);
  assert.equal(referenceTarget(both), sha);
  assert.equal(referenceTarget(parseReference('a:1')), '1');
  assert.equal(referenceTarget(parseReference('a')), 'latest');
});

test('NAME-7: takes another default registry, which has no library', () => {
  const options = { defaultDomain: 'localhost:5000' };
  assert.equal(formatReference(parseReference('app:1', options)), 'localhost:5000/app:1');
  assert.equal(formatReference(parseReference('ghcr.io/app:1', options)), 'ghcr.io/app:1');
  assert.equal(formatReference(parseReference('app', { defaultDomain: 'index.docker.io' })), 'docker.io/library/app');
});

test('NAME-8: a reference of another registry is refused, and both are named', () => {
  const app = parseReference('Quay.io/o/app:1');
  assert.equal(checkDomain(app, 'quay.io'), app);
  const alpine = parseReference('index.docker.io/alpine');
  for (const hub of ['docker.io', 'index.docker.io', 'registry-1.docker.io'])
    assert.equal(checkDomain(alpine, hub), alpine);
  for (const other of ['ghcr.io', 'quay.io:443', 'quay.io.evil.test', 'docker.io']) {
    const error = failure('REFERENCE_INVALID', () => checkDomain(app, other));
    assert.equal(error.message, `"Quay.io/o/app:1" is in "Quay.io", not in "${other}"`);
    assert.ok(error.hint);
  }
});

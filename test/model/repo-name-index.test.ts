import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseReference } from '../../src/model/reference.ts';
import { parseIndex, parseRepo, parseRepoAndRef } from '../../src/model/repo-name.ts';
import { failure } from '../support/failure.ts';
import { referenceTexts } from '../support/reference-texts.ts';

const mine = { scheme: 'https', name: 'myreg.example.com:1234', official: false } as const;
const addresses = ['docker.io', 'https://docker.io', 'http://localhost:5000', 'quay.io', '[::1]:5000', mine.name];

test('NAME-7 NODE-9: a default index, as text or as an object, has the names that tell none', () => {
  for (const defaultIndex of ['https://myreg.example.com:1234', mine, { ...mine, official: true }]) {
    assert.deepEqual(parseRepo('foo/bar', defaultIndex), {
      index: mine,
      official: false,
      remoteName: 'foo/bar',
      localName: 'myreg.example.com:1234/foo/bar',
      canonicalName: 'myreg.example.com:1234/foo/bar',
    });
  }
  assert.equal(parseRepo('mongo', mine).remoteName, 'mongo');
  assert.equal(parseRepo('mongo', 'registry-1.docker.io').remoteName, 'library/mongo');
  assert.equal(parseRepo('foo/bar', { name: 'index.docker.io', official: false }).canonicalName, 'docker.io/foo/bar');
});

test('NAME-7 NODE-9: a name that tells its registry takes nothing of the default index', () => {
  const other = { name: 'quay.io', official: false };
  assert.deepEqual(parseRepo('quay.io/a', mine).index, other);
  assert.deepEqual(parseRepo('quay.io/a', 'http://quay.io').index, other);
  assert.deepEqual(parseRepo('http://quay.io/a', 'https://quay.io').index, { scheme: 'http', ...other });
  assert.deepEqual(parseRepo('docker.io/a', mine).index, { name: 'docker.io', official: true });
});

test('NAME-7 NODE-9: a default index obeys the rules of an index', () => {
  const refused = ['foo', 'quay.io/a', 'http://docker.io', { name: 'foo', official: false }];
  for (const defaultIndex of [...refused, { scheme: 'http', name: 'docker.io', official: true } as const]) {
    assert.ok(failure('REFERENCE_INVALID', () => parseRepoAndRef('a', defaultIndex)).hint);
  }
});

test('A3 NODE-9: the default index is neither changed nor shared', () => {
  const given = Object.freeze({ ...mine });
  const { index } = parseRepo('a', given);
  assert.notEqual(index, given);
  Object.assign(index, { name: 'changed.test', scheme: 'http' });
  assert.deepEqual(parseRepo('a', given).index, { ...mine });
  Object.assign(parseIndex(), { name: 'changed.test' });
  Object.assign(parseRepo('a').index, { name: 'changed.test' });
  assert.deepEqual(parseRepo('a').index, { name: 'docker.io', official: true });
});

test('NAME-9 A3: the canonical name means the same, whatever the default index, which stays as it is', () => {
  const indexes = fc.constantFrom(...addresses).chain((text) => fc.constantFrom(text, Object.freeze(parseIndex(text))));
  fc.assert(
    fc.property(referenceTexts, indexes, indexes, (text, one, other) => {
      const before = JSON.stringify(one);
      const read = parseRepoAndRef(text, one);
      assert.equal(JSON.stringify(one), before);
      const { index, remoteName, localName, canonicalName, tag, digest } = read;
      const suffix = `${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
      const { name, official } = index;
      assert.deepEqual(parseRepoAndRef(`${canonicalName}${suffix}`, other), { ...read, index: { name, official } });
      assert.equal(parseRepo(canonicalName, other).canonicalName, canonicalName);
      assert.deepEqual(parseReference(localName), { domain: name, path: remoteName });
    }),
    { numRuns: 500 },
  );
});

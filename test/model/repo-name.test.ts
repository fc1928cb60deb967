import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatReference, parseReference, withDefaultTag } from '../../src/model/reference.ts';
import {
  parseIndex,
  parseIndexedReference,
  parseRepo,
  parseRepoAndRef,
  parseRepoAndTag,
} from '../../src/model/repo-name.ts';
import { failure } from '../support/failure.ts';
import { INVALID_REFERENCES } from '../support/invalid-references.ts';
import { VALID_REFERENCES } from '../support/valid-references.ts';

const hex = 'f'.repeat(64);
const sha = `sha256:${hex}`;
const hub = { name: 'docker.io', official: true };
const local = { name: 'localhost:5000', official: false };

test('A2 NODE-1 NODE-3 NODE-4 NODE-5 NODE-6: the examples of the README of node-docker-registry-client, to the letter', () => {
  const shown = (value: unknown) => JSON.stringify(value, null, 4);
  assert.equal(
    shown(parseRepo('mongo')),
    `{
    "index": {
        "name": "docker.io",
        "official": true
    },
    "official": true,
    "remoteName": "library/mongo",
    "localName": "mongo",
    "canonicalName": "docker.io/mongo"
}`,
  );
  assert.equal(
    shown(parseRepoAndTag('myreg.example.com:5000/busybox:foo')),
    `{
    "index": {
        "name": "myreg.example.com:5000",
        "official": false
    },
    "official": false,
    "remoteName": "busybox",
    "localName": "myreg.example.com:5000/busybox",
    "canonicalName": "myreg.example.com:5000/busybox",
    "tag": "foo"
}`,
  );
  assert.equal(
    shown(parseRepoAndTag('https://quay.io/trentm/foo')),
    `{
    "index": {
        "scheme": "https",
        "name": "quay.io",
        "official": false
    },
    "official": false,
    "remoteName": "trentm/foo",
    "localName": "quay.io/trentm/foo",
    "canonicalName": "quay.io/trentm/foo",
    "tag": "latest"
}`,
  );
});

/** Text, then its registry, whether it is official, and the three names. */
const names: readonly (readonly [string, object, boolean, string, string, string])[] = [
  ['busybox', hub, true, 'library/busybox', 'busybox', 'docker.io/busybox'],
  ['docker.io/mongo', hub, true, 'library/mongo', 'mongo', 'docker.io/mongo'],
  ['docker.io/library/mongo', hub, true, 'library/mongo', 'mongo', 'docker.io/mongo'],
  ['index.docker.io/mongo', hub, true, 'library/mongo', 'mongo', 'docker.io/mongo'],
  ['registry-1.docker.io/library/mongo', hub, true, 'library/mongo', 'mongo', 'docker.io/mongo'],
  ['google/python', hub, false, 'google/python', 'google/python', 'docker.io/google/python'],
  ['d/docker', hub, false, 'd/docker', 'd/docker', 'docker.io/d/docker'],
  ['a--b/c', hub, false, 'a--b/c', 'a--b/c', 'docker.io/a--b/c'],
  ['localhost', hub, true, 'library/localhost', 'localhost', 'docker.io/localhost'],
  ['localhost:5000/blarg', local, false, 'blarg', 'localhost:5000/blarg', 'localhost:5000/blarg'],
  ['http://localhost:5000/x', { scheme: 'http', ...local }, false, 'x', 'localhost:5000/x', 'localhost:5000/x'],
  ['https://docker.io/mongo', { scheme: 'https', ...hub }, true, 'library/mongo', 'mongo', 'docker.io/mongo'],
  ['HTTPS://index.docker.io/a/b', { scheme: 'https', ...hub }, false, 'a/b', 'a/b', 'docker.io/a/b'],
  [
    'registry.gitlab.com/user.name/repo-a/repo-b',
    { name: 'registry.gitlab.com', official: false },
    false,
    'user.name/repo-a/repo-b',
    'registry.gitlab.com/user.name/repo-a/repo-b',
    'registry.gitlab.com/user.name/repo-a/repo-b',
  ],
  // the short name of another repository is not given to these
  ['library/foo/bar', hub, true, 'library/foo/bar', 'library/foo/bar', 'docker.io/library/foo/bar'],
  ['docker.io/foo.bar/baz', hub, false, 'foo.bar/baz', 'docker.io/foo.bar/baz', 'docker.io/foo.bar/baz'],
  [`docker.io/${hex}`, hub, true, `library/${hex}`, `docker.io/library/${hex}`, `docker.io/library/${hex}`],
  [
    'ghcr.io/library/a',
    { name: 'ghcr.io', official: false },
    false,
    'library/a',
    'ghcr.io/library/a',
    'ghcr.io/library/a',
  ],
];

for (const [text, index, official, remoteName, localName, canonicalName] of names) {
  const ids = /^https?:/i.test(text) ? 'A2 NAME-4 NODE-5' : 'A2';
  test(`${ids}: the view of ${text.slice(0, 60)}`, () => {
    const repo = { index, official, remoteName, localName, canonicalName };
    assert.deepEqual(parseRepo(text), repo);
    assert.deepEqual(parseRepoAndRef(text), { ...repo, tag: 'latest' });
    assert.deepEqual(parseRepoAndRef(`${text}:1`), { ...repo, tag: '1' });
    assert.deepEqual(parseRepoAndRef(`${text}@${sha}`), { ...repo, digest: sha });
    assert.deepEqual(parseRepoAndTag(`${text}:1@${sha}`), { ...repo, tag: '1', digest: sha });
  });
}

test('A2 NODE-2: all ways to write an official repository have one view', () => {
  const mongo = parseRepo('mongo');
  for (const text of ['library/mongo', 'docker.io/mongo', 'docker.io/library/mongo', 'index.docker.io/mongo']) {
    assert.deepEqual(parseRepo(text), mongo);
  }
});

test('NODE-7 NAME-3: a digest takes the place of latest, and may stand beside a tag', () => {
  assert.deepEqual(parseRepoAndRef(`localhost:5000/blarg@${sha}`), {
    index: local,
    official: false,
    remoteName: 'blarg',
    localName: 'localhost:5000/blarg',
    canonicalName: 'localhost:5000/blarg',
    digest: sha,
  });
  const { tag, digest } = parseRepoAndRef(`a:1@${sha}`);
  assert.deepEqual([tag, digest], ['1', sha]);
  assert.equal(parseRepoAndTag, parseRepoAndRef);
});

test('NODE-10: what nobody names is docker.io and latest', () => {
  assert.equal(parseIndex().name, 'docker.io');
  assert.equal(withDefaultTag(parseReference('a')).tag, 'latest');
  assert.equal(parseRepoAndTag('a').tag, 'latest');
});

test('A2: every valid reference has a view that means the same', () => {
  for (const [text, domain, path, tag, digest] of VALID_REFERENCES) {
    const repo = parseRepoAndRef(text);
    assert.deepEqual(repo.index, { name: domain, official: domain === 'docker.io' });
    assert.equal(repo.remoteName, path);
    assert.equal(repo.tag, tag ?? (digest === undefined ? 'latest' : undefined));
    assert.equal(repo.digest, digest);
    for (const name of [repo.localName, repo.canonicalName]) assert.deepEqual(parseReference(name), { domain, path });
    assert.ok(repo.canonicalName.startsWith(`${domain}/`));
  }
});

test('A2: what is no reference has none', () => {
  for (const [text] of INVALID_REFERENCES.filter(([one]) => !/^https?:\/\//i.test(one))) {
    for (const parse of [parseRepo, parseRepoAndRef]) assert.ok(failure('REFERENCE_INVALID', () => parse(text)).hint);
  }
  for (const text of ['busybox@', 'busybox@cafebabe', 'localhost:5000/blarg@sha256:cafebabe']) {
    failure('DIGEST_INVALID', () => parseRepoAndRef(text));
  }
});

test('NAME-4: a scheme stands before a registry and a repository, and is http or https', () => {
  const refused: Readonly<Record<string, RegExp>> = {
    'https://quay.io': /"quay.io" is a registry, and no repository follows it/,
    'https://quay.io/': /name of the repository is missing/,
    'https://quay.io//evil/x': /malformed/,
    'https:///x': /malformed/,
    'https://foo/bar': /"foo" does not look like a host/,
    'https://foo': /"foo" does not look like a host/,
    'https://': /host is empty/,
    'https://index.docker.io/v1/': /malformed/,
    'http://docker.io/mongo': /http to the official registry is disallowed/,
    'http://index.docker.io/mongo': /http to the official registry is disallowed/,
    'ftp://quay.io/x': /starts with "ftp:\/\/"/,
    'https://quay.io/x?y': /"\?"/,
    'https://quay.io/https://x': /a tag is/,
    'https://https://quay.io/x': /starts with "https:\/\/"/,
  };
  for (const [text, says] of Object.entries(refused)) {
    const error = failure('REFERENCE_INVALID', () => parseRepoAndRef(text));
    assert.match(error.message, says);
    assert.ok(error.hint);
  }
});

test('NAME-4: a reference with a scheme is read without a tag that nobody wrote', () => {
  assert.deepEqual(parseIndexedReference('http://localhost:5000/x'), {
    index: { scheme: 'http', ...local },
    reference: { domain: 'localhost:5000', path: 'x' },
  });
  assert.equal(formatReference(parseIndexedReference('https://docker.io/x:1').reference), 'docker.io/library/x:1');
});

test('A2: the name of a repository has neither tag nor digest', () => {
  for (const text of ['busybox:latest', 'localhost:5000', 'https://quay.io/a:1', `a@${sha}`, `a:1@${sha}`]) {
    const error = failure('REFERENCE_INVALID', () => parseRepo(text));
    assert.match(error.message, /is not a repository: a (tag|digest) follows its name/);
    assert.match(error.hint ?? '', /parseRepoAndRef/);
  }
});

test('NAME-6 NODE-8: reads an index', () => {
  const indexes: readonly (readonly [string | undefined, object])[] = [
    [undefined, hub],
    ['', hub],
    ['https://index.docker.io/v1/', hub],
    ['docker.io', hub],
    ['docker.io/', hub],
    ['index.docker.io', hub],
    ['registry-1.docker.io', hub],
    ['https://docker.io', { scheme: 'https', ...hub }],
    ['https://registry-1.docker.io/v2/', { scheme: 'https', ...hub }],
    ['quay.io', { name: 'quay.io', official: false }],
    ['https://quay.io', { scheme: 'https', name: 'quay.io', official: false }],
    ['HTTP://quay.io/', { scheme: 'http', name: 'quay.io', official: false }],
    ['localhost', { name: 'localhost', official: false }],
    ['localhost:5000', local],
    ['[::1]:5000', { name: '[::1]:5000', official: false }],
  ];
  for (const [text, index] of indexes) assert.deepEqual(parseIndex(text), index);
});

test('NAME-6 NODE-8: says why an index is none', () => {
  const refused: Readonly<Record<string, RegExp>> = {
    'http://docker.io': /disallowed/,
    'http://index.docker.io': /disallowed/,
    'https://': /empty/,
    'https:///': /empty/,
    foo: /look like a host/,
    'https://foo': /look like a host/,
    'a b.c': /look like a host/,
    '..': /look like a host/,
    'docker.io/foo': /followed by a path/,
    'https://quay.io/foo': /followed by a path/,
    'quay.io//': /followed by a path/,
    'ftp://quay.io': /neither http nor https/,
    'https://me:hunter2@quay.io': /user name/,
  };
  for (const [text, says] of Object.entries(refused)) {
    const error = failure('REFERENCE_INVALID', () => parseIndex(text));
    assert.match(error.message, says);
    assert.ok(error.hint);
    assert.doesNotMatch(error.message, /hunter2/);
  }
});

test('NAME-6: no password in a name is repeated', () => {
  for (const text of [
    'https://me:hunter2@quay.io/a',
    'https://me:hunter2@quay.io',
    'https://me:x/hunter2@quay.io/a',
    'https://me:hunter2/x@quay.io',
    'me:hunter2@quay.io/a',
  ]) {
    for (const parse of [parseRepo, parseRepoAndRef]) {
      assert.throws(
        () => parse(text),
        (error: Error) => !/hunter2/.test(`${error.stack}`),
      );
    }
  }
});

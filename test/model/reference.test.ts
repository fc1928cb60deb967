import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  familiarReference,
  formatReference,
  parseReference,
  referenceTarget,
  withDefaultTag,
} from '../../src/model/reference.ts';

const hex = 'f'.repeat(64);
const sha = `sha256:${hex}`;
const sha512 = `sha512:${'a1'.repeat(64)}`;
const longest = `${'a/'.repeat(127)}a`;

/** Text, then what it means: registry, repository, tag, digest, and how people would write it. */
const valid: readonly (readonly [
  text: string,
  domain: string,
  path: string,
  tag?: string | undefined,
  digest?: string | undefined,
  familiar?: string,
])[] = [
  // Docker Hub, with and without its names
  ['alpine', 'docker.io', 'library/alpine', undefined, undefined, 'alpine'],
  ['alpine:3', 'docker.io', 'library/alpine', '3', undefined, 'alpine:3'],
  ['a', 'docker.io', 'library/a'],
  ['library/alpine', 'docker.io', 'library/alpine', undefined, undefined, 'alpine'],
  ['docker.io/alpine', 'docker.io', 'library/alpine', undefined, undefined, 'alpine'],
  ['docker.io/library/alpine', 'docker.io', 'library/alpine', undefined, undefined, 'alpine'],
  ['index.docker.io/alpine', 'docker.io', 'library/alpine', undefined, undefined, 'alpine'],
  ['index.docker.io/library/alpine:1', 'docker.io', 'library/alpine', '1', undefined, 'alpine:1'],
  ['registry-1.docker.io/library/alpine', 'docker.io', 'library/alpine', undefined, undefined, 'alpine'],
  ['DOCKER.IO/alpine', 'docker.io', 'library/alpine', undefined, undefined, 'alpine'],
  ['docker.io/library/foo/bar', 'docker.io', 'library/foo/bar', undefined, undefined, 'library/foo/bar'],
  ['fooo/bar', 'docker.io', 'fooo/bar', undefined, undefined, 'fooo/bar'],
  ['index.docker.io/fooo/bar', 'docker.io', 'fooo/bar', undefined, undefined, 'fooo/bar'],
  ['store/foo/bar', 'docker.io', 'store/foo/bar', undefined, undefined, 'store/foo/bar'],
  ['library/ubuntu-12.04-base', 'docker.io', 'library/ubuntu-12.04-base', undefined, undefined, 'ubuntu-12.04-base'],
  // one word is never a registry
  ['localhost', 'docker.io', 'library/localhost', undefined, undefined, 'localhost'],
  ['test.com', 'docker.io', 'library/test.com'],
  ['test.com:tag', 'docker.io', 'library/test.com', 'tag'],
  ['test.com:5000', 'docker.io', 'library/test.com', '5000'],
  ['192.168.1.1', 'docker.io', 'library/192.168.1.1'],
  ['192.168.1.1:5000', 'docker.io', 'library/192.168.1.1', '5000'],
  ['foo_bar.com:8080', 'docker.io', 'library/foo_bar.com', '8080'],
  ['lowercase:Uppercase', 'docker.io', 'library/lowercase', 'Uppercase'],
  ['test_com', 'docker.io', 'library/test_com'],
  // the first of several words is one when it has a dot, a colon, a capital, or is localhost
  ['test_com/foo', 'docker.io', 'test_com/foo'],
  ['foo/foo_bar.com:8080', 'docker.io', 'foo/foo_bar.com', '8080'],
  ['do__cker/docker', 'docker.io', 'do__cker/docker'],
  ['localhost/fooo', 'localhost', 'fooo', undefined, undefined, 'localhost/fooo'],
  ['localhost/fooo/bar', 'localhost', 'fooo/bar'],
  ['localhost:5000/foo:bar', 'localhost:5000', 'foo', 'bar', undefined, 'localhost:5000/foo:bar'],
  ['LOCALDOMAIN/fooo/bar', 'LOCALDOMAIN', 'fooo/bar', undefined, undefined, 'LOCALDOMAIN/fooo/bar'],
  ['Foo/bar', 'Foo', 'bar'],
  ['Uppercase/lowercase:tag', 'Uppercase', 'lowercase', 'tag'],
  ['Asdf.com/foo/bar', 'Asdf.com', 'foo/bar'],
  ['test.com/repo:tag', 'test.com', 'repo', 'tag'],
  ['test:5000/repo', 'test:5000', 'repo'],
  ['test-com:8080/foo', 'test-com:8080', 'foo'],
  ['ghcr.io/library/alpine', 'ghcr.io', 'library/alpine', undefined, undefined, 'ghcr.io/library/alpine'],
  ['sub-dom1.foo.com/bar/baz/quux:some-long-tag', 'sub-dom1.foo.com', 'bar/baz/quux', 'some-long-tag'],
  ['b.gcr.io/test.example.com/my-app:test.example.com', 'b.gcr.io', 'test.example.com/my-app', 'test.example.com'],
  ['xn--n3h.com/myimage:xn--n3h.com', 'xn--n3h.com', 'myimage', 'xn--n3h.com'],
  ['xn--n3h.com:18080/foo', 'xn--n3h.com:18080', 'foo'],
  ['192.168.1.1:5000/repo:5050', '192.168.1.1:5000', 'repo', '5050'],
  ['127.0.0.1:8000/private/moonbase', '127.0.0.1:8000', 'private/moonbase'],
  // IPv6
  ['[2001:db8::1]/repo', '[2001:db8::1]', 'repo'],
  ['[2001:db8:1:2:3:4:5:6]/repo:tag', '[2001:db8:1:2:3:4:5:6]', 'repo', 'tag'],
  ['[2001:db8::]:5000/repo', '[2001:db8::]:5000', 'repo'],
  [`[::1]:5000/repo:tag@${sha}`, '[::1]:5000', 'repo', 'tag', sha, `[::1]:5000/repo:tag@${sha}`],
  ['[fc00:1:2:3:4:5:6:7]:5000/library/debian', '[fc00:1:2:3:4:5:6:7]:5000', 'library/debian'],
  // digests, alone and beside a tag
  [`alpine@${sha}`, 'docker.io', 'library/alpine', undefined, sha, `alpine@${sha}`],
  [`alpine:3@${sha}`, 'docker.io', 'library/alpine', '3', sha, `alpine:3@${sha}`],
  [`test:5000/repo:tag@${sha}`, 'test:5000', 'repo', 'tag', sha],
  [`validname@${sha512}`, 'docker.io', 'library/validname', undefined, sha512],
  [`localhost@${sha}`, 'docker.io', 'library/localhost', undefined, sha],
  // separators
  ['docker---rules/docker', 'docker.io', 'docker---rules/docker'],
  ['dock__er/docker', 'docker.io', 'dock__er/docker'],
  [
    'registry.io/foo/project--id.module--name.ver---sion--name',
    'registry.io',
    'foo/project--id.module--name.ver---sion--name',
  ],
  ['aa/aa/aa/aa/aa/aa/aa/aa/aa/bb/bb/bb/bb/bb/bb', 'docker.io', 'aa/aa/aa/aa/aa/aa/aa/aa/aa/bb/bb/bb/bb/bb/bb'],
  // lengths: the limit is the repository's
  [`example.com/${'a'.repeat(255)}:tag`, 'example.com', 'a'.repeat(255), 'tag'],
  [`${longest}:tag-puts-this-over-max`, 'docker.io', longest, 'tag-puts-this-over-max'],
  [`a:${'t'.repeat(128)}`, 'docker.io', 'library/a', 't'.repeat(128)],
  ['a:_', 'docker.io', 'library/a', '_'],
  // 64 hex digits are a name where they cannot be an image id
  [`docker.io/${hex}`, 'docker.io', `library/${hex}`, undefined, undefined, `docker.io/library/${hex}`],
  [`${hex}:latest`, 'docker.io', `library/${hex}`, 'latest', undefined, `${hex}:latest`],
  [hex.slice(1), 'docker.io', `library/${hex.slice(1)}`],
  // what looks like a registry when it is written short is written whole
  ['docker.io/foo.bar/baz', 'docker.io', 'foo.bar/baz', undefined, undefined, 'docker.io/foo.bar/baz'],
  ['docker.io/localhost/baz', 'docker.io', 'localhost/baz', undefined, undefined, 'docker.io/localhost/baz'],
];

for (const [text, domain, path, tag, digest, familiar] of valid) {
  test(`reads ${text.slice(0, 80)}`, () => {
    const reference = parseReference(text);
    const wanted = { domain, path, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
    assert.deepEqual(reference, wanted);
    assert.deepEqual(parseReference(formatReference(reference)), wanted);
    if (familiar !== undefined) assert.equal(familiarReference(reference), familiar);
  });
}

test('adds latest only where there is neither tag nor digest', () => {
  const named = (text: string) => formatReference(withDefaultTag(parseReference(text)));
  assert.equal(named('busybox'), 'docker.io/library/busybox:latest');
  assert.equal(named('gcr.io/library/busybox'), 'gcr.io/library/busybox:latest');
  assert.equal(named('busybox:1'), 'docker.io/library/busybox:1');
  assert.equal(named(`busybox@${sha}`), `docker.io/library/busybox@${sha}`);
});

test('asks for the digest before the tag before latest', () => {
  assert.equal(referenceTarget(parseReference(`a:1@${sha}`)), sha);
  assert.equal(referenceTarget(parseReference('a:1')), '1');
  assert.equal(referenceTarget(parseReference('a')), 'latest');
});

test('takes another default registry, which has no library', () => {
  const options = { defaultDomain: 'localhost:5000' };
  assert.equal(formatReference(parseReference('app:1', options)), 'localhost:5000/app:1');
  assert.equal(formatReference(parseReference('ghcr.io/app:1', options)), 'ghcr.io/app:1');
  assert.equal(formatReference(parseReference('app', { defaultDomain: 'index.docker.io' })), 'docker.io/library/app');
});

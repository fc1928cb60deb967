/** What each contestant is told, and in which works. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Contestant, takesPart } from '../../bench/contestants.ts';
import {
  craneWords,
  curlWords,
  ladingWords,
  orasWords,
  regctlWords,
  type Route,
  skopeoWords,
} from '../../bench/words.ts';
import { LISTED_REPOSITORIES, LISTED_TAGS, MANY_TAGS, PAGE, type Work, works } from '../../bench/works.ts';

const route: Route = { from: '127.0.0.1:1/a/b:t', to: '127.0.0.1:2/c:t', tag: 't', layout: '/l' };
const many: Route = { ...route, from: '127.0.0.1:1/a/b' };

function workOf(wanted: Partial<Work>): Work {
  const work = works.find((one) => Object.entries(wanted).every(([key, value]) => one[key as keyof Work] === value));
  assert.ok(work);
  return work;
}

test('who has no command for many digests is run for each tag, with the reference as the last word', () => {
  for (const words of [skopeoWords, orasWords, craneWords, regctlWords]) {
    const [shell, , loop = '', , ...command] = words.digests?.(many) ?? [];
    assert.equal(shell, 'sh');
    assert.ok(loop.includes(`seq ${MANY_TAGS}`));
    assert.match(command.at(-1) ?? '', /127\.0\.0\.1:1\/a\/b:t$/);
  }
  assert.deepEqual(ladingWords(['lading']).digests?.(many), ['lading', 'tags', '--digests', many.from]);
});

test('curl asks for the pages of a list by where they begin', () => {
  const [first, second, ...others] = curlWords.tags?.(many).filter((word) => word.startsWith('http')) ?? [];
  assert.equal(first, `http://127.0.0.1:1/v2/a/b/tags/list?n=${PAGE}`);
  assert.equal(second, `${first}&last=n0999`);
  assert.equal(others.length, LISTED_TAGS / PAGE - 2);
  const repositories = curlWords.repos?.({ ...route, from: '127.0.0.1:1' }).filter((word) => word.startsWith('http'));
  assert.equal(repositories?.length, LISTED_REPOSITORIES / PAGE);
  assert.equal(repositories?.[0], `http://127.0.0.1:1/v2/_catalog?n=${PAGE}`);
});

test('curl asks for a digest at the address of the manifest', () => {
  assert.equal(curlWords.digest?.(route).at(-1), 'http://127.0.0.1:1/v2/a/b/manifests/t');
});

test('memory is ours alone, programs that show how they start take no part in heavy works, curl looks at nothing', () => {
  const as = (role: Contestant['role'], words: Contestant['words']): Contestant => ({
    name: role,
    version: '1',
    role,
    words,
  });
  const lading = ladingWords(['lading']);
  assert.equal(takesPart(as('us', lading), workOf({ group: 'memory' })), true);
  assert.equal(takesPart(as('peer', skopeoWords), workOf({ group: 'memory' })), false);
  assert.equal(takesPart(as('start', lading), workOf({ group: 'pull' })), false);
  assert.equal(takesPart(as('start', lading), workOf({ group: 'latency' })), true);
  assert.equal(takesPart(as('limit', curlWords), workOf({ group: 'pull' })), true);
  assert.equal(takesPart(as('limit', curlWords), workOf({ group: 'latency', action: 'pull' })), false);
  assert.equal(takesPart(as('peer', skopeoWords), workOf({ action: 'repos' })), false);
});

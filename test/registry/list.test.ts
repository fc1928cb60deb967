import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Activity } from '../../src/model/call.ts';
import type { ClientOptions } from '../../src/registry/client.ts';
import { buildImage, putBuilt } from '../../src/testing/fixtures.ts';
import * as faults from '../../src/testing/faults.ts';
import * as quirks from '../../src/testing/quirks.ts';
import { all } from '../../src/testing/samples.ts';
import { answering, only, requestTo, type Wrap } from '../../src/testing/wrap.ts';
import { rejection } from '../support/failure.ts';
import { type TestRegistry, testRegistry } from '../support/test-registry.ts';

const image = await buildImage({ layers: [] });
const many = Array.from({ length: 25 }, (_, at) => `t${String(at).padStart(2, '0')}`);

async function withTags(
  tags: readonly string[],
  wraps: Wrap[] = [],
  client: ClientOptions = {},
): Promise<TestRegistry> {
  const made = testRegistry({ wraps, client });
  await putBuilt(made.registry.repository('team/app'), image, { tags });
  return made;
}

const paths = ({ requests }: TestRegistry): string[] => requests.map(({ path }) => path);

test('CAP-E3 READ-3 RUBY-20 RUBY-28 GO-32 NODE-26: lists all tags of all pages', async () => {
  const made = await withTags(many);
  assert.deepEqual(await all(made.repository.tags({ pageSize: 10 })), many);
  assert.equal(paths(made)[0], '/v2/team/app/tags/list?n=10');
  assert.equal(made.requests.length, 3);
});

test('READ-5: asks for a thousand at a time, in one request where that is enough', async () => {
  const made = await withTags(many);
  assert.deepEqual(await all(made.repository.tags()), many);
  assert.deepEqual(paths(made), ['/v2/team/app/tags/list?n=1000']);
});

test('asks for the next page when somebody wants it, and not before', async () => {
  const made = await withTags(many);
  for await (const tag of made.repository.tags({ pageSize: 10 })) if (tag === 't05') break;
  assert.equal(made.requests.length, 1);
});

test('RUBY-22: lists what comes after a name', async () => {
  const made = await withTags(many);
  assert.deepEqual(await all(made.repository.tags({ last: 't20' })), many.slice(21));
  assert.deepEqual(paths(made), ['/v2/team/app/tags/list?n=1000&last=t20']);
});

test('D2 READ-4: sends the cursor of a registry back as it came', async () => {
  const made = await withTags(many, [quirks.opaqueCursor()]);
  assert.deepEqual(await all(made.repository.tags({ pageSize: 10 })), many);
  assert.match(paths(made)[1] ?? '', /\?next_page=/);
  assert.deepEqual(await all(made.repository.tags({ last: 't20' })), many.slice(21));
});

test('READ-4: follows absolute links of the same origin', async () => {
  const { repository } = await withTags(many, [quirks.absoluteLink()]);
  assert.deepEqual(await all(repository.tags({ pageSize: 10 })), many);
});

test('goes on by the last name where the registry sends no link', async () => {
  const made = await withTags(many, [quirks.withoutLink()]);
  assert.deepEqual(await all(made.repository.tags({ pageSize: 10 })), many);
  assert.deepEqual(
    paths(made).map((path) => new URL(path, 'http://x').searchParams.get('last')),
    [null, 't09', 't19'],
  );
});

test('lists nothing twice where the registry knows neither links nor beginnings', async () => {
  const whole: Wrap = answering(requestTo('tags'), () => Response.json({ name: 'team/app', tags: many }));
  const { repository, requests } = await withTags([], [whole]);
  assert.deepEqual(await all(repository.tags({ pageSize: 25 })), many);
  assert.equal(requests.length, 2);
});

test('lists what comes after a name where the registry lists everything', async () => {
  const whole = answering(requestTo('tags'), () => Response.json({ name: 'team/app', tags: many }));
  const { repository } = await withTags([], [whole]);
  assert.deepEqual(await all(repository.tags({ last: 't20' })), many.slice(21));
});

test('READ-5: asks without a page size where one is refused, and remembers that', async () => {
  for (const status of [400, 405]) {
    const made = await withTags(many, [quirks.largestPage(100, status)]);
    assert.deepEqual(await all(made.repository.tags()), many);
    assert.deepEqual(await all(made.repository.tags()), many);
    assert.deepEqual(paths(made), [
      '/v2/team/app/tags/list?n=1000',
      '/v2/team/app/tags/list',
      '/v2/team/app/tags/list',
    ]);
  }
});

test('D3 READ-3 RUBY-29: a repository without tags is an empty listing', async () => {
  for (const wraps of [[], [quirks.tagsNull()]]) {
    const { repository } = await withTags([], wraps);
    assert.deepEqual(await all(repository.tags()), []);
  }
  const { repository } = await withTags([], [answering(requestTo('tags'), () => Response.json({ name: 'team/app' }))]);
  assert.deepEqual(await all(repository.tags()), []);
});

test('RUBY-28 READ-3: a name that is listed twice, in a page or in two, is given once', async () => {
  const pages = [
    ['a', 'b', 'b'],
    ['b', 'c'],
    ['d', 'a'],
  ];
  for (const [endpoint, path, field] of [
    ['tags', '/v2/team/app/tags/list', 'tags'],
    ['catalog', '/v2/_catalog', 'repositories'],
  ] as const) {
    const wrap = answering(requestTo(endpoint), ({ url }) => {
      const page = Number(new URL(url).searchParams.get('page') ?? 0);
      const headers = page < 2 ? { link: `<${path}?page=${page + 1}>; rel="next"` } : undefined;
      return Response.json({ [field]: pages[page] }, headers && { headers });
    });
    const { repository, client } = await withTags([], [wrap]);
    const names = endpoint === 'tags' ? repository.tags() : client.registry('registry.test').repositories();
    assert.deepEqual(await all(names), ['a', 'b', 'c', 'd']);
  }
});

test('RUBY-29: an unknown repository is NOT_FOUND', async () => {
  const { client } = await withTags([]);
  const error = await rejection('NOT_FOUND', all(client.repository('registry.test/no/such').tags()));
  assert.match(error.message, /registry\.test\/no\/such/);
});

test('skips entries that are no tags, and says so', async () => {
  const strange = ['../../x', 'a\u001b[2J', null, `sha256:${'0'.repeat(64)}`, {}, 'A'.repeat(200), 7, ''];
  const { repository } = await withTags(['v1', 'v2'], [quirks.changingTags((tags) => [...strange, ...tags])]);
  const told: Activity[] = [];
  assert.deepEqual(await all(repository.tags({ on: (activity) => told.push(activity) })), ['v1', 'v2']);
  const warnings = told.filter(({ type }) => type === 'warning');
  assert.equal(warnings.length, 1);
  assert.match(JSON.stringify(warnings[0]), /skipped 8 entries/);
});

test('READ-4: is refused where a page leads to another origin, and asks nothing of it', async () => {
  for (const link of [
    'https://evil.test/v2/',
    '//evil.test/v2/',
    'http://registry.test/v2/',
    'https://u:p@registry.test/v2/',
  ]) {
    const { repository, requests } = await withTags(['v1'], [quirks.linkTo(() => link)]);
    await rejection('REDIRECT_REFUSED', all(repository.tags()));
    assert.equal(requests.length, 1);
  }
});

test('READ-4: notices pages that go round in a circle', async () => {
  const self = await withTags(['v1'], [quirks.linkTo(({ url }) => url)]);
  await rejection('PROTOCOL', all(self.repository.tags()));
  assert.equal(self.requests.length, 1);
  const two = await withTags(
    ['v1'],
    [quirks.linkTo(({ url }) => `/v2/team/app/tags/list?p=${url.endsWith('=a') ? 'b' : 'a'}`)],
  );
  await rejection('PROTOCOL', all(two.repository.tags()));
  assert.equal(two.requests.length, 3);
});

test('ends at a limit of pages', async () => {
  let page = 0;
  const endless = quirks.linkTo(() => `/v2/team/app/tags/list?p=${++page}`);
  const { repository, requests } = await withTags(['v1'], [endless], { limits: { pages: 50 } });
  await rejection('LIMIT', all(repository.tags()));
  assert.equal(requests.length, 50);
});

test('stops reading a page without an end', async () => {
  const { repository, requests } = await withTags(['v1'], [faults.endlessBody()]);
  await rejection('TOO_LARGE', all(repository.tags()));
  assert.ok((requests[0]?.read ?? 0) < 8.2 * 1024 * 1024);
});

test('an answer that is no list is a broken protocol, not an empty list', async () => {
  for (const answer of [() => Response.json([]), () => Response.json({ tags: {} }), () => new Response('<html>')]) {
    const { repository } = await withTags([], [answering(requestTo('tags'), answer)]);
    await rejection('PROTOCOL', all(repository.tags()));
  }
});

test('CAP-E2 READ-1 GO-25 NODE-27: lists the repositories of a registry', async () => {
  const { client, registry, requests } = await withTags(['v1']);
  for (const name of ['a/b', 'c']) await putBuilt(registry.repository(name), image, { tags: ['v1'] });
  assert.deepEqual(await all(client.registry('registry.test').repositories({ pageSize: 2 })), ['a/b', 'c', 'team/app']);
  assert.equal(requests[0]?.path, '/v2/_catalog?n=2');
  assert.deepEqual(await all(client.registry('registry.test').repositories({ last: 'b' })), ['c', 'team/app']);
});

test('skips repositories whose names no URL should hold', async () => {
  const names = ['ok/name', '../../etc', 'UPPER', null, 'x?y', 'ok/name/2'];
  const { client } = await withTags(
    [],
    [answering(requestTo('catalog'), () => Response.json({ repositories: names }))],
  );
  assert.deepEqual(await all(client.registry('registry.test').repositories()), ['ok/name', 'ok/name/2']);
});

test('READ-1 RUBY-19: says when a registry keeps its catalog to itself', async () => {
  for (const [status, code] of [
    [404, 'UNSUPPORTED'],
    [405, 'UNSUPPORTED'],
    [401, 'UNAUTHORIZED'],
    [403, 'DENIED'],
  ] as const) {
    const { client } = await withTags([], [quirks.noCatalog(status, code)]);
    const error = await rejection(code, all(client.registry('registry.test').repositories()));
    assert.equal(error.status, status);
  }
});

test('a page that fails once is asked for again', async () => {
  const failing = only(faults.answerWith(503), { matches: requestTo('tags'), after: 1, times: 1 });
  const { repository, requests } = await withTags(many, [failing]);
  assert.deepEqual(await all(repository.tags({ pageSize: 10 })), many);
  assert.equal(requests.length, 4);
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PageOptions, TagPage } from '../../src/registry/list-page.ts';
import { createClient } from '../../src/registry/client.ts';
import type { Repository } from '../../src/registry/repository.ts';
import { buildImage, putBuilt } from '../../src/testing/fixtures.ts';
import * as quirks from '../../src/testing/quirks.ts';
import { answering, requestTo, type Wrap } from '../../src/testing/wrap.ts';
import { rejection } from '../support/failure.ts';
import { json, script } from '../support/scripted-transport.ts';
import { type TestRegistry, testRegistry } from '../support/test-registry.ts';

const image = await buildImage({ layers: [] });
const many = Array.from({ length: 26 }, (_, at) => `t${String(at).padStart(2, '0')}`);

async function withTags(tags: readonly string[], ...wraps: Wrap[]): Promise<TestRegistry> {
  const made = testRegistry({ wraps });
  await putBuilt(made.registry.repository('team/app'), image, { tags });
  return made;
}

/** All pages, each asked for by what the one before says. */
async function pagesBy(
  follow: (page: TagPage) => PageOptions | undefined,
  repository: Repository,
  first: PageOptions,
): Promise<TagPage[]> {
  const pages: TagPage[] = [];
  for (let options: PageOptions | undefined = first; options !== undefined; ) {
    const page = await repository.tagPage(options);
    assert.ok(pages.push(page) <= 30, 'it has no end');
    options = follow(page);
  }
  return pages;
}

const byNext = ({ next }: TagPage): PageOptions | undefined => (next === undefined ? undefined : { next });
const byLast = ({ last }: TagPage): PageOptions | undefined => (last === undefined ? undefined : { last, pageSize: 3 });
const tagsOf = (pages: readonly TagPage[]): string[] => pages.flatMap(({ tags }) => tags);

describe('paging by hand', () => {
  test('a registry that sends no links and has no page past its end is listed to its end', async () => {
    for (const count of [6, 7]) {
      const { repository } = await withTags(many.slice(0, count), quirks.withoutLink(), quirks.noTagsUnknown());
      assert.deepEqual(tagsOf(await pagesBy(byNext, repository, { pageSize: 3 })), many.slice(0, count));
      const all: string[] = [];
      for await (const tag of repository.tags({ pageSize: 3 })) all.push(tag);
      assert.deepEqual(all, many.slice(0, count));
    }
  });

  test('a full page without a link is the last one where others had links', async () => {
    const { repository, requests } = await withTags(many.slice(0, 6));
    assert.deepEqual(tagsOf(await pagesBy(byNext, repository, { pageSize: 3 })), many.slice(0, 6));
    assert.equal(requests.length, 2);
    for await (const _ of repository.tags({ pageSize: 3 })) void _;
    assert.equal(requests.length, 4);
  });

  test('READ-4 READ-5 RUBY-20 RUBY-21 RUBY-22 RUBY-25 RUBY-26: three a page are nine pages of 26 tags, by the name or by the cursor', async () => {
    for (const follow of [byNext, byLast]) {
      const { repository, requests } = await withTags(many);
      const pages = await pagesBy(follow, repository, { pageSize: 3 });
      assert.deepEqual(tagsOf(pages), many);
      assert.equal(pages.length, 9);
      assert.equal(requests.length, 9);
      assert.deepEqual(
        pages.map(({ last }) => last),
        ['t02', 't05', 't08', 't11', 't14', 't17', 't20', 't23', undefined],
      );
      assert.ok(pages.every(({ name }) => name === 'team/app'));
      assert.ok(pages.slice(0, -1).every(({ next }) => next !== undefined));
      assert.deepEqual(Object.keys(pages[8] ?? {}).sort(), ['name', 'response', 'tags']);
    }
  });

  test('READ-4: a cursor that only the registry knows comes back as it was, without a name', async () => {
    const { repository, requests } = await withTags(many, quirks.opaqueCursor());
    const pages = await pagesBy(byNext, repository, { pageSize: 10 });
    assert.deepEqual(tagsOf(pages), many);
    assert.ok(pages.every(({ last }) => last === undefined));
    assert.match(requests[1]?.path ?? '', /\?next_page=/);
    assert.equal(requests.length, 3);
  });

  test('says so where a registry goes on from no name', async () => {
    const { repository } = await withTags(many, quirks.opaqueCursor());
    const error = await rejection('UNSUPPORTED', repository.tagPage({ last: 't05' }));
    assert.match(error.hint ?? '', /`next`/);
  });

  test('goes on by the last name where the registry sends no link, and ends where it knows neither', async () => {
    const { repository } = await withTags(many, quirks.withoutLink());
    const pages = await pagesBy(byNext, repository, { pageSize: 10 });
    assert.deepEqual(tagsOf(pages), many);
    assert.ok(pages.every(({ last }) => last === undefined));
    const whole = answering(requestTo('tags'), () => Response.json({ name: 'team/app', tags: many }));
    const ignorant = await withTags([], whole);
    assert.deepEqual(tagsOf(await pagesBy(byNext, ignorant.repository, { pageSize: 26 })), many);
    assert.deepEqual(tagsOf(await pagesBy(byLast, ignorant.repository, { last: 't20' })), many.slice(21));
  });

  test('RUBY-30: brings the headers of each page', async () => {
    const { repository } = await withTags(many);
    const { response } = await repository.tagPage({ pageSize: 3 });
    assert.equal(response.status, 200);
    assert.match(response.headers.link ?? '', /last=t02/);
  });

  test('READ-5 RUBY-27: who does not page gets what the registry gives for the number asked for', async () => {
    const { repository, requests } = await withTags(many);
    assert.deepEqual((await repository.tagPage({ pageSize: 5000 })).tags, many);
    assert.deepEqual((await repository.tagPage()).tags, many);
    assert.deepEqual(
      requests.map(({ path }) => path),
      ['/v2/team/app/tags/list?n=5000', '/v2/team/app/tags/list?n=1000'],
    );
  });

  test('READ-5: asks without a page size where one is refused, and takes a page as long as it comes', async () => {
    const capped = await withTags(many, quirks.largestPage(100));
    assert.deepEqual((await capped.repository.tagPage()).tags, many);
    const ignoring = await withTags(many, quirks.ignorePageSize());
    assert.deepEqual((await ignoring.repository.tagPage({ pageSize: 2 })).tags, many);
  });

  test('READ-3: null is an empty page', async () => {
    const { repository } = await withTags([], quirks.tagsNull());
    const { tags, next } = await repository.tagPage();
    assert.deepEqual([tags, next], [[], undefined]);
  });

  test('READ-1: pages through the catalog, too', async () => {
    const { client, registry } = await withTags(['v1']);
    for (const name of ['a/b', 'c']) await putBuilt(registry.repository(name), image, { tags: ['v1'] });
    const remote = client.registry('registry.test');
    const first = await remote.repositoryPage({ pageSize: 2 });
    assert.deepEqual(first.repositories, ['a/b', 'c']);
    assert.equal(first.last, 'c');
    const second = await remote.repositoryPage(first.next === undefined ? {} : { next: first.next });
    assert.deepEqual(second.repositories, ['team/app']);
    assert.equal(second.next, undefined);
  });

  test('READ-1 RUBY-19: says when a registry keeps its catalog to itself, and when there is no repository', async () => {
    const { client, repository } = await withTags([], quirks.noCatalog());
    await rejection('UNSUPPORTED', client.registry('registry.test').repositoryPage());
    assert.equal((await repository.tagPage()).tags.length, 0);
    const error = await rejection('NOT_FOUND', client.repository('registry.test/no/such').tagPage());
    assert.equal(error.missing, 'repository');
  });

  test('skips entries that are no tags, and names that no URL should hold', async () => {
    const strange = quirks.changingTags((tags) => ['../../x', null, ...tags]);
    const { repository } = await withTags(['v1'], strange);
    assert.deepEqual((await repository.tagPage()).tags, ['v1']);
  });
});

describe('a cursor', () => {
  test('READ-4: that leads to another place is refused, and nothing is asked of anybody', async () => {
    const { repository, client, requests } = await withTags(many);
    for (const next of [
      'https://evil.test/v2/team/app/tags/list?last=x',
      '//evil.test/v2/team/app/tags/list',
      'http://registry.test/v2/team/app/tags/list',
      'https://u:p@registry.test/v2/team/app/tags/list',
      'https://registry.test:8443/v2/team/app/tags/list',
      'https://registry.test/v2/team/other/tags/list',
      'https://registry.test/v2/team/app/manifests/v1',
      'https://registry.test/v2/team/app/tags/list/../../manifests/v1',
      'https://registry.test/x?/v2/team/app/tags/list',
      'https://registry.test/v2/team/app/tags/list#x',
      'https://registry.test/v2/secret/v2/team/app/tags/list',
      '/v2/_catalog',
      '',
      't05',
      'file:///v2/team/app/tags/list',
      'https://',
    ]) {
      await rejection('REDIRECT_REFUSED', repository.tagPage({ next }));
    }
    await rejection('REDIRECT_REFUSED', client.registry('registry.test').repositoryPage({ next: '/v2/a/tags/list' }));
    assert.equal(requests.length, 0);
  });

  test('READ-4: of a registry that knows another prefix of itself is taken', async () => {
    const { repository } = await withTags(many, quirks.absoluteLink('/proxy'));
    const { next = '' } = await repository.tagPage({ pageSize: 20 });
    assert.equal(next.split('?')[0], 'https://registry.test/proxy/v2/team/app/tags/list');
    await rejection('NOT_FOUND', repository.tagPage({ next })); // the registry was asked
  });

  test('READ-4: to another registry below a path of the same origin is refused', async () => {
    const wire = script(() => json({ tags: ['v1'], repositories: ['a'] }));
    const hosts = { 'art.test': { pathPrefix: '/artifactory/api/docker/mine' } };
    const client = createClient({ transport: wire.send, hosts });
    const other = 'https://art.test/artifactory/api/docker/secret/v2';
    await rejection('REDIRECT_REFUSED', client.registry('art.test').repositoryPage({ next: `${other}/_catalog` }));
    const repository = client.repository('art.test/team/app');
    await rejection('REDIRECT_REFUSED', repository.tagPage({ next: `${other}/team/app/tags/list` }));
    assert.deepEqual(wire.lines(), []);
    // Its own prefix is one that it may name, and that it knows of none is another.
    for (const prefix of ['/artifactory/api/docker/mine', '']) {
      const next = `https://art.test${prefix}/v2/team/app/tags/list?last=x`;
      assert.deepEqual((await repository.tagPage({ next })).tags, ['v1']);
    }
  });

  test('READ-4: to another origin, or to the very same page, is not handed out', async () => {
    const foreign = await withTags(
      ['v1'],
      quirks.linkTo(() => 'https://evil.test/v2/team/app/tags/list'),
    );
    await rejection('REDIRECT_REFUSED', foreign.repository.tagPage());
    const self = await withTags(
      ['v1'],
      quirks.linkTo(({ url }) => url),
    );
    await rejection('PROTOCOL', self.repository.tagPage());
  });
});

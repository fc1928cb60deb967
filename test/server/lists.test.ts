import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { directoryRegistry } from '../../src/node/directory/directory-registry.ts';
import { lexical } from '../../src/store/listing.ts';
import { createMemoryRegistry } from '../../src/store/memory.ts';
import { mapPages } from '../../src/store/paged.ts';
import type { IngestStore, ListOptions } from '../../src/store/types.ts';
import { buildImage, type Built, putBuilt } from '../../src/testing/fixtures.ts';
import { type Answer, type Api, createApi, errorCodes } from '../support/api.ts';
import { scratch } from '../support/layouts.ts';
import { pushBuilt, putManifest } from '../support/push.ts';

const tags = ['10', '9', 'A', 'Z', 'a', 'a-b', 'a.b', 'a_b', 'latest', 'v1', 'v10', 'v2'];

let image: Built;

before(async () => {
  image = await buildImage({ layers: [new Uint8Array([1])] });
});

async function apiWithTags(names: readonly string[], options: Parameters<typeof createApi>[0] = {}): Promise<Api> {
  const api = createApi(options);
  await pushBuilt(api, 'some/repo', image);
  for (const name of names.toReversed()) await putManifest(api, 'some/repo', image, name);
  return api;
}

function tagsOf({ text }: Answer): string[] {
  return (JSON.parse(text) as { tags: string[] }).tags;
}

async function follow(
  api: Api,
  path: string,
  pageOf: (answer: Answer) => string[] | Promise<string[]>,
): Promise<string[][]> {
  const pages: string[][] = [];
  for (let next: string | undefined = path; next !== undefined; ) {
    const answer: Answer = await api.send('GET', next);
    assert.equal(answer.status, 200, answer.text);
    pages.push(await pageOf(answer));
    next = /^<([^>]+)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1];
  }
  return pages;
}

describe('the tags of a repository', () => {
  it('are listed with its name, in lexical order', async () => {
    const api = await apiWithTags(tags);
    const answer = await api.send('GET', '/v2/some/repo/tags/list');
    assert.deepEqual(JSON.parse(answer.text), { name: 'some/repo', tags });
    assert.equal(answer.headers.get('content-type'), 'application/json');
    assert.equal(answer.headers.get('link'), null);
  });

  it('are listed in lexical order whatever the order of the store', async () => {
    const registry = createMemoryRegistry();
    const store: IngestStore = {
      ...registry.repository('x'),
      async *tags() {
        yield* ['b', 'c', 'a', 'd'];
      },
    };
    const api = createApi({ registry: { ...registry, repository: () => store } });
    assert.deepEqual(await follow(api, '/v2/x/tags/list?n=3', tagsOf), [['a', 'b', 'c'], ['d']]);
  });

  it('come in pages that a Link leads through, and nothing is lost or doubled', async () => {
    const api = await apiWithTags(tags);
    for (const size of [1, 2, 5, 11, 12, 13]) {
      const pages = await follow(api, `/v2/some/repo/tags/list?n=${size}`, tagsOf);
      assert.deepEqual(pages.flat(), tags, `pages of ${size}`);
      assert.equal(pages.length, Math.ceil(tags.length / size));
    }
  });

  it('are read no further than their page, and one, where the store has them in that order', async () => {
    const registry = createMemoryRegistry();
    const inner = registry.repository('x');
    await putBuilt(inner, image, { tags });
    const read: string[][] = [];
    const told = (options: ListOptions = {}): AsyncIterable<string> =>
      lexical(
        mapPages(inner.tags(options), (page) => {
          read.push([`after ${options.last}`, ...page]);
          return page;
        }),
      );
    const api = createApi({ registry: { ...registry, repository: () => ({ ...inner, tags: told }) } });
    assert.deepEqual((await follow(api, '/v2/x/tags/list?n=5', tagsOf)).flat(), tags);
    assert.deepEqual(read, [
      ['after undefined', '10', '9', 'A', 'Z', 'a', 'a-b'],
      ['after a', 'a-b', 'a.b', 'a_b', 'latest', 'v1', 'v10'],
      ['after v1', 'v10', 'v2'],
    ]);
  });

  it('come once each, whatever is added and deleted between two pages', async () => {
    const api = await apiWithTags(tags);
    const store = api.registry.repository('some/repo');
    const pages = await follow(api, '/v2/some/repo/tags/list?n=4', async (answer) => {
      const page = tagsOf(answer);
      for (const tag of page) await store.delete({ tag });
      // before the next page, and at its end
      await putManifest(api, 'some/repo', image, `0${page[0]}`);
      if (page[0] === '10') await putManifest(api, 'some/repo', image, 'a_a');
      return page;
    });
    assert.deepEqual(pages.flat(), [...tags, 'a_a'].toSorted());
  });

  it('start after the tag that was last, be it there or not', async () => {
    const api = await apiWithTags(tags);
    const after = async (query: string): Promise<string[]> =>
      tagsOf(await api.send('GET', `/v2/some/repo/tags/list?${query}`));
    assert.deepEqual(await after('last=latest'), ['v1', 'v10', 'v2']);
    assert.deepEqual(await after('last=latest0&n=1'), ['v1']);
    assert.deepEqual(await after('last=v2'), []);
    assert.deepEqual(await after('last=a%2Db'), ['a.b', 'a_b', 'latest', 'v1', 'v10', 'v2']);
  });

  it('of which none are asked for are none, without a Link', async () => {
    const api = await apiWithTags(tags);
    const answer = await api.send('GET', '/v2/some/repo/tags/list?n=0');
    assert.deepEqual(tagsOf(answer), []);
    assert.equal(answer.headers.get('link'), null);
  });

  it('are a page at most, whatever is asked for', async () => {
    const api = await apiWithTags(tags, { limits: { pageSize: 5 } });
    for (const query of ['', '?n=100', '?n=999999999999999']) {
      const pages = await follow(api, `/v2/some/repo/tags/list${query}`, tagsOf);
      assert.deepEqual(
        pages.map(({ length }) => length),
        [5, 5, 2],
      );
    }
  });

  for (const n of ['-1', 'x', '1.5', '', '1e3', '9'.repeat(16)]) {
    it(`are refused when n is ${JSON.stringify(n)}`, async () => {
      const api = await apiWithTags([]);
      assert.equal((await api.send('GET', `/v2/some/repo/tags/list?n=${n}`)).status, 400);
    });
  }

  it('are an empty list where there are none, and 404 where there is no repository', async () => {
    const api = await apiWithTags([]);
    assert.deepEqual(tagsOf(await api.send('GET', '/v2/some/repo/tags/list')), []);
    const answer = await api.send('GET', '/v2/some/other/tags/list');
    assert.deepEqual([answer.status, errorCodes(answer)], [404, ['NAME_UNKNOWN']]);
  });
});

describe('the catalog', () => {
  const names = ['a', 'a/b', 'a/c', 'b', 'z/y/x'];
  const repositoriesOf = ({ text }: Answer): string[] => (JSON.parse(text) as { repositories: string[] }).repositories;

  it('lists the repositories that have something, in lexical order and in pages', async () => {
    const api = createApi();
    for (const name of names.toReversed()) await pushBuilt(api, name, image);
    await api.send('GET', '/v2/asked/for/tags/list');
    const whole = await api.send('GET', '/v2/_catalog');
    assert.deepEqual(JSON.parse(whole.text), { repositories: names });
    assert.deepEqual(await follow(api, '/v2/_catalog?n=2', repositoriesOf), [['a', 'a/b'], ['a/c', 'b'], ['z/y/x']]);
    assert.deepEqual(repositoriesOf(await api.send('GET', '/v2/_catalog?last=a%2Fb')), ['a/c', 'b', 'z/y/x']);
  });

  it('is read no further than a page, in memory and in a directory', async (t) => {
    const directory = await scratch(t);
    for (const registry of [createMemoryRegistry(), directoryRegistry(directory)]) {
      for (const name of names) await putBuilt(registry.repository(name), image, {});
      const read: string[] = [];
      const told = (options: ListOptions = {}): AsyncIterable<string> =>
        lexical(
          mapPages(registry.repositories(options), (page) => {
            read.push(...page);
            return page;
          }),
        );
      const api = createApi({ registry: { ...registry, repositories: told } });
      assert.deepEqual(repositoriesOf(await api.send('GET', '/v2/_catalog?n=1&last=a')), ['a/b']);
      assert.deepEqual(read, ['a/b', 'a/c']);
      assert.deepEqual(await follow(api, '/v2/_catalog?n=3', repositoriesOf), [names.slice(0, 3), names.slice(3)]);
    }
  });

  it('of nothing is an empty list', async () => {
    assert.deepEqual(repositoriesOf(await createApi().send('GET', '/v2/_catalog')), []);
  });
});

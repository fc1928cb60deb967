import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { IngestStore } from '../../src/store/types.ts';
import { buildImage, type Built } from '../../src/testing/fixtures.ts';
import { createMemoryRegistry } from '../../src/store/memory.ts';
import { type Answer, type Api, createApi, errorCodes } from '../support/api.ts';
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

async function follow(api: Api, path: string, pageOf: (answer: Answer) => string[]): Promise<string[][]> {
  const pages: string[][] = [];
  for (let next: string | undefined = path; next !== undefined; ) {
    const answer: Answer = await api.send('GET', next);
    assert.equal(answer.status, 200, answer.text);
    pages.push(pageOf(answer));
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

  it('of nothing is an empty list', async () => {
    assert.deepEqual(repositoriesOf(await createApi().send('GET', '/v2/_catalog')), []);
  });
});

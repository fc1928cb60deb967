import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collect } from '../../src/graph/collect.ts';
import { search } from '../../src/graph/search.ts';
import { answering, type Wrap } from '../../src/testing/wrap.ts';
import { rejection } from '../support/failure.ts';
import { type TestRegistry, testRegistry } from '../support/test-registry.ts';

interface Kind {
  readonly path: string;
  readonly field: 'tags' | 'repositories';
  readonly list: (made: TestRegistry) => Promise<string[]>;
}

const kinds: readonly Kind[] = [
  { path: '/v2/team/app/tags/list', field: 'tags', list: ({ repository }) => collect(repository.tags()) },
  {
    path: '/v2/_catalog',
    field: 'repositories',
    list: ({ client }) => collect(client.registry('registry.test').repositories()),
  },
];

/** Pages of one name each, `a` to `c`; the link from one to the next is of the given form. */
function pages({ path, field }: Kind, linkTo: (page: number) => string): Wrap {
  return answering(
    ({ url }) => new URL(url).pathname === path,
    ({ url }) => {
      const page = Number(new URL(url).searchParams.get('page') ?? 1);
      const link = page < 3 ? { headers: { link: `<${linkTo(page + 1)}>; rel="next"` } } : {};
      return Response.json({ [field]: ['abc'[page - 1]] }, link);
    },
  );
}

for (const kind of kinds) {
  const { path, field, list } = kind;

  test(`D1 READ-4: ${field} come over links of every form`, async () => {
    const forms: readonly ((page: number) => string)[] = [
      (page) => `?page=${page}`,
      (page) => `${path}?page=${page}`,
      (page) => `https://registry.test${path}?page=${page}`,
      (page) => `//registry.test${path}?page=${page}`,
      // docker_registry2's own test has both, one after the other
      (page) => (page === 2 ? `?page=${page}` : `https://registry.test${path}?page=${page}`),
    ];
    for (const form of forms) {
      const made = testRegistry({ wraps: [pages(kind, form)] });
      assert.deepEqual(await list(made), ['a', 'b', 'c'], form(2));
      assert.equal(made.requests.length, 3);
    }
  });

  test(`D1 READ-4: ${field} of another origin are not asked for, and a link to itself stops`, async () => {
    for (const link of ['https://evil.test/v2/', `//evil.test${path}`, `http://registry.test${path}?page=2`]) {
      const foreign = testRegistry({ wraps: [pages(kind, () => link)] });
      await rejection('REDIRECT_REFUSED', list(foreign));
      assert.equal(foreign.requests.length, 1);
    }
    const circle = testRegistry({ wraps: [pages(kind, () => `${path}?page=2`)] });
    await rejection('PROTOCOL', list(circle));
    assert.equal(circle.requests.length, 2);
  });
}

test('D1 RUBY-17: a search goes over all pages', async () => {
  const [, catalog] = kinds;
  assert.ok(catalog);
  const { client } = testRegistry({ wraps: [pages(catalog, (page) => `?page=${page}`)] });
  assert.deepEqual(await collect(search(client.registry('registry.test'), 'c')), ['c']);
});

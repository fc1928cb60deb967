/**
 * G19: listings without an end, and very long ones. Sizes are scaled down unless LADING_WHOLE=1: what is claimed is that the pages
 * end and that memory does not grow with them, which a tenth shows as well.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fromArray } from '../../src/bytes/read.ts';
import { isOciError } from '../../src/errors.ts';
import { collect } from '../../src/graph/collect.ts';
import type { Send } from '../../src/http/types.ts';
import { nextPage } from '../../src/http/link.ts';
import { createClient } from '../../src/registry/client.ts';
import { contentFrom } from '../../src/store/content.ts';
import { grownBy } from '../support/grown-by.ts';
import { rejection } from '../support/failure.ts';
import { type Answer, type Script, script, type SentRequest } from '../support/scripted-transport.ts';
import { testClock } from '../support/test-clock.ts';
import { plantedCredentials } from '../support/planted-secrets.ts';

const isWhole = process.env.LADING_WHOLE === '1';
const { descriptor: subject } = contentFrom(new Uint8Array(1));

/** Every listing there is, of a registry whose pages are linked as `next` says. */
const listings: Readonly<Record<string, (client: ReturnType<typeof createClient>) => AsyncIterable<unknown>>> = {
  tags: (client) => client.repository('reg.test/a').tags(),
  catalog: (client) => client.registry('reg.test').repositories(),
  referrers: (client) => client.repository('reg.test/a').referrers(subject),
};

function linked(next: (page: number) => number): Script {
  return script(({ url }: SentRequest): Answer => {
    const { pathname, searchParams } = new URL(url);
    const page = Number(searchParams.get('page') ?? 0);
    const link = `<${pathname}?page=${next(page)}>; rel="next"`;
    const entry = { ...subject, mediaType: 'application/vnd.oci.image.manifest.v1+json' };
    const body = JSON.stringify({ tags: [`t${page}`], repositories: [`r${page}`], manifests: [entry] });
    return { headers: { link, 'content-type': 'application/vnd.oci.image.index.v1+json' }, body };
  });
}

const clientOf = ({ send }: Script, pages?: number): ReturnType<typeof createClient> =>
  createClient({
    transport: send,
    credentials: plantedCredentials,
    clock: testClock(),
    ...(pages === undefined ? {} : { limits: { pages } }),
  });

for (const [what, list] of Object.entries(listings)) {
  describe(what, () => {
    test('G19: a page that links to itself, and two that link to each other, are found out', async () => {
      const self = linked(() => 1);
      await rejection('PROTOCOL', collect(list(clientOf(self))));
      assert.equal(self.requests.length, 2);
      const two = linked((page) => (page === 1 ? 2 : 1));
      await rejection('PROTOCOL', collect(list(clientOf(two))));
      assert.equal(two.requests.length, 3);
      assert.equal(self.open() + two.open(), 0);
    });

    test('G19: pages without an end reach the cap', async () => {
      const endless = linked((page) => page + 1);
      const error = await rejection('LIMIT', collect(list(clientOf(endless, 500))));
      assert.match(error.message, /more than 500 pages/);
      assert.equal(endless.requests.length, 500);
    });
  });
}

describe('memory', { timeout: 300_000 }, () => {
  test('G19: 200 000 pages of one tag: LIMIT, and memory is flat', async () => {
    const { outcome, growth } = await grownBy('pages');
    assert.equal(outcome, `LIMIT after ${isWhole ? 100_000 : 10_000} pages`);
    assert.ok(growth < 64, `${growth} MiB`);
  });

  test('G19: 20 000 pages of 100 tags stream to their end', async () => {
    const { outcome, growth } = await grownBy('tags');
    assert.equal(outcome, `${isWhole ? 2_000_000 : 200_000} tags`);
    assert.ok(growth < 64, `${growth} MiB`);
  });

  test('G19: 20 000 pages are not too many for the cap that nobody has to set', async () => {
    const last = 20_000;
    const send: Send = async ({ url }) => {
      const { pathname, searchParams } = new URL(url);
      const page = Number(searchParams.get('page') ?? 1);
      const link = page < last ? { link: `<${pathname}?page=${page + 1}>; rel="next"` } : {};
      const body = fromArray(new TextEncoder().encode(`{"name":"a","tags":["t${page}"]}`));
      return { status: 200, headers: { ...link }, url, body, cancel: async () => undefined };
    };
    let count = 0;
    for await (const tag of createClient({ transport: send }).repository('reg.test/a').tags()) {
      assert.equal(tag, `t${++count}`);
    }
    assert.equal(count, last);
  });
});

describe('a Link header', () => {
  const next = (link: string): string | undefined =>
    nextPage(
      {
        status: 200,
        headers: { link },
        url: 'https://reg.test/v2/a/tags/list',
        body: (async function* () {})(),
        cancel: async () => undefined,
      },
      'https://reg.test',
    );

  test('G19: is read in one pass, however it is made', async () => {
    const many = 64 * 1024;
    const hostile = [
      ' '.repeat(many),
      `<a>${' '.repeat(many)}x`,
      `<a>;${' '.repeat(many)}x`,
      `<a>; rel=${' '.repeat(many)}"`,
      `<a>; rel="${'\\\\"'.repeat(many / 2)}`,
      `<a>; rel="${'a '.repeat(many / 2)}"`,
      `<a>${'; a=b'.repeat(many / 5)}; rel="${'x '.repeat(many / 4)}next"`,
      '<'.repeat(many),
      '<a>,'.repeat(many / 4),
      '<a>;'.repeat(many / 4),
    ];
    for (const link of hostile) {
      try {
        const found = next(link);
        assert.ok(found === undefined || found === 'https://reg.test/v2/a/tags/a', found);
      } catch (error) {
        assert.ok(isOciError(error, 'PROTOCOL'), String(error));
      }
    }
  });

  test('G19: means what it says', () => {
    const base = 'https://reg.test/v2/a/tags/';
    for (const [link, expected] of [
      ['<?last=b>; rel="next"', `${base}list?last=b`],
      ['<b> ; REL = Next', `${base}b`],
      ['<a>; rel=prev, <b>; title="x, <c>; rel=next"; rel="last next"', `${base}b`],
      ['<a>; rel="prev"; rel="next"', undefined],
      ['<a>', undefined],
      ['', undefined],
      ['<a,b;c>; rel=next,', `${base}a,b;c`],
    ] as const) {
      assert.equal(next(link), expected, link);
    }
  });
});

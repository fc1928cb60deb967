import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { OciError } from '../../src/errors.ts';
import { readJson } from '../../src/http/json.ts';
import { nextPage } from '../../src/http/link.ts';
import type { HttpResponse } from '../../src/http/types.ts';
import { failure, rejection } from '../support/failure.ts';
import { type Answer, inOrder } from '../support/scripted-transport.ts';

async function respond(
  answer: Answer,
  url = 'https://reg.test/v2/a/tags/list?n=2',
): Promise<{ response: HttpResponse; readonly open: () => number }> {
  const wire = inOrder(answer);
  const response = await wire.send({ method: 'GET', url, headers: {}, registry: 'https://reg.test' });
  return { response, open: wire.open };
}

describe('a JSON document', () => {
  const read = async (answer: Answer, limit = 1000): Promise<unknown> => {
    const { response, open } = await respond(answer);
    try {
      return await readJson(response, limit, 'the tags of reg.test/a');
    } finally {
      assert.equal(open(), 0);
    }
  };

  test('is read, whatever it is encoded with that was not asked for', async () => {
    const text = '{"tags":["ä"]}';
    assert.deepEqual(await read({ body: text }), { tags: ['ä'] });
    for (const [coding, body] of [
      ['gzip', gzipSync(text)],
      ['x-gzip', gzipSync(text)],
      ['GZIP', gzipSync(text)],
      ['deflate', deflateSync(text)],
      ['identity', Buffer.from(text)],
    ] as const) {
      assert.deepEqual(await read({ body, headers: { 'content-encoding': coding } }), { tags: ['ä'] });
    }
  });

  test('is bounded, also when it unpacks to more', async () => {
    await rejection('TOO_LARGE', read({ body: `"${'x'.repeat(999)}"` }));
    assert.equal(await read({ body: `"${'x'.repeat(998)}"` }), 'x'.repeat(998));
    const bomb = gzipSync(Buffer.alloc(20_000_000));
    await rejection('TOO_LARGE', read({ body: bomb, headers: { 'content-encoding': 'gzip' } }));
  });

  test('in a coding without bounds is not unpacked', async () => {
    await rejection('PROTOCOL', read({ body: brotliCompressSync('{}'), headers: { 'content-encoding': 'br' } }));
    await rejection(
      'PROTOCOL',
      read({ body: gzipSync(gzipSync('{}')), headers: { 'content-encoding': 'gzip, gzip' } }),
    );
  });

  test('that is none is told with its type, and without its text', async () => {
    const error = await rejection('PROTOCOL', read({ body: '<html>CANARY', headers: { 'content-type': 'text/html' } }));
    assert.match(error.message, /the tags of reg\.test\/a is not JSON: reg\.test sent "text\/html"/);
    assert.doesNotMatch(error.message, /CANARY/);
    await rejection('PROTOCOL', read({ body: 'plain', headers: { 'content-encoding': 'gzip' } }));
    await rejection(
      'PROTOCOL',
      read({ body: gzipSync('{"a":1}').subarray(0, 15), headers: { 'content-encoding': 'gzip' } }),
    );
  });

  test('that breaks off, encoded or not, tells how', async () => {
    for (const coding of ['identity', 'gzip']) {
      const { response } = await respond({ headers: { 'content-encoding': coding } });
      const lost = new OciError('UNREACHABLE', 'reset');
      const body = async function* (): AsyncGenerator<Uint8Array> {
        yield gzipSync('{}').subarray(0, 5);
        throw lost;
      };
      await assert.rejects(readJson({ ...response, body: body() }, 100, 'x'), (error) => error === lost);
    }
  });
});

describe('the next page', () => {
  const next = async (link: string, url?: string): Promise<string | undefined> =>
    nextPage((await respond({ headers: { link } }, url)).response, 'https://reg.test');

  for (const [link, url] of [
    ['</v2/a/tags/list?last=b&n=2>; rel="next"', 'https://reg.test/v2/a/tags/list?last=b&n=2'],
    [
      '<https://reg.test/v2/a/tags/list?next_page=gAAA%3D%2Fx>; rel=next',
      'https://reg.test/v2/a/tags/list?next_page=gAAA%3D%2Fx',
    ],
    ['<https://reg.test:443/prefix/v2/_catalog?x=a,b;c>; rel="next"', 'https://reg.test/prefix/v2/_catalog?x=a,b;c'],
    ['<?last=b>; rel="next"', 'https://reg.test/v2/a/tags/list?last=b'],
    ['</first>; rel="first", </n>; title="x, y"; rel="prev next"', 'https://reg.test/n'],
    ['</x>; rel="last"', undefined],
    ['</n#CANARY>; rel="NEXT"', 'https://reg.test/n'],
  ] as const) {
    test(link, async () => assert.equal(await next(link), url));
  }

  for (const link of [
    'https://evil.test/n',
    '//evil.test/n',
    'http://reg.test/n',
    'https://reg.test@evil.test/n',
    'https://u:p@reg.test/n',
    'https://reg.test:8443/n',
    'https://a.reg.test/n',
    'javascript:x',
  ]) {
    test(`${link} is refused`, async () => void (await rejection('REDIRECT_REFUSED', next(`<${link}>; rel="next"`))));
  }

  test('of a header that is none is an error, and of no header none', async () => {
    for (const link of ['x', '<x', '</n> rel="next"']) await rejection('PROTOCOL', next(link));
    await rejection('PROTOCOL', next('<https://[::1/>; rel="next"'));
    const { response } = await respond({});
    assert.equal(nextPage(response, 'https://reg.test'), undefined);
    failure('REDIRECT_REFUSED', () =>
      nextPage({ ...response, headers: { link: '</n>; rel=next' } }, 'https://other.test'),
    );
  });
});

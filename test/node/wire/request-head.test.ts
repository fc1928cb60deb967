import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestHead } from '../../../src/node/wire/request-head.ts';

const url = new URL('https://registry.test:5000/v2/?n=1');
const head = (headers: Record<string, string>, path = '/v2/?n=1', to = url): string | undefined =>
  requestHead(to, { method: 'GET', path, headers });

test('a request names its host, its headers and what becomes of the connection, each once', () => {
  assert.equal(
    head({ accept: 'a/b', 'X-A': 'a b\t~' }),
    'GET /v2/?n=1 HTTP/1.1\r\nhost: registry.test:5000\r\nconnection: keep-alive\r\naccept: a/b\r\nx-a: a b\t~\r\n\r\n',
  );
  assert.match(
    head({ Connection: 'close', Host: 'other' }) ?? '',
    /^GET \S+ HTTP\/1\.1\r\nhost: other\r\nconnection: close\r\n\r\n$/,
  );
});

for (const [what, said] of [
  ['a name twice', head({ authorization: 'a', Authorization: 'b' })],
  ['a length twice', head({ 'content-length': '1', 'Content-Length': '5' })],
  ['chunks', head({ 'transfer-encoding': 'chunked' })],
  ['a promise to wait', head({ Expect: '100-continue' })],
  ['another protocol', head({ upgrade: 'websocket' })],
  ['a line break in a value', head({ a: 'b\r\nc: d' })],
  ['a zero byte in a value', head({ a: 'b\0' })],
  ['a letter beyond ASCII', head({ a: 'é' })],
  ['a name that is none', head({ 'a b': 'c' })],
  ['an empty name', head({ '': 'c' })],
  ['a blank in its path', head({}, '/a b')],
  ['a line break in its path', head({}, '/a\r\nb')],
  ['a user name in its URL', head({}, '/', new URL('https://me:secret@registry.test/'))],
] as const) {
  test(`a request with ${what} is for node:http`, () => {
    assert.equal(said, undefined);
  });
}

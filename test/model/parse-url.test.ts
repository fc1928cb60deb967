import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { hrefAsWritten, parseUrl, searchAsWritten } from '../../src/model/parse-url.ts';
import { projectRoot } from '../support/named-tests.ts';

test('is the URL, by itself or from a base, or nothing', () => {
  assert.equal(parseUrl('https://a.io/b')?.href, 'https://a.io/b');
  assert.equal(parseUrl('/c', 'https://a.io/b')?.href, 'https://a.io/c');
  assert.equal(parseUrl('c?d', new URL('https://a.io/b/'))?.href, 'https://a.io/b/c?d');
  for (const text of ['', 'a', '/a', 'https://', 'https://a:b', 'https://[::1'])
    assert.equal(parseUrl(text), undefined, text);
});

test('is the same once it is compiled, also of what is no ASCII', () => {
  for (const [text, wanted] of [
    ['https://\u00acEF\u00acBC\u00ac91', 'https://xn--efbc91-2iacc/'],
    ['https://\u00ef\u00bc\u0091', undefined],
  ]) {
    for (let run = 0; run < 20_000; run++) assert.equal(parseUrl(text ?? '')?.href, wanted);
  }
});

test('nothing asks the engine whether something is a URL, and then parses it', () => {
  const files = readdirSync(`${projectRoot}src`, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  assert.deepEqual(
    files.filter((file) => /\.canParse\(/.test(readFileSync(`${projectRoot}src/${file}`, 'utf8'))),
    [],
  );
});

test('a query is written as it was signed', () => {
  for (const [text, search] of [
    ["https://a.io/b'?sig=x'y#c", "?sig=x'y"],
    ['https://a.io/b?sig=x%27y', '?sig=x%27y'],
    ['https://a.io/b?a= b', '?a=%20b'],
    ['https://a.io/b?', '?'],
    ['https://a.io/b', ''],
    ["https://u:'?p'@a.io/b", "?p'@a.io/b"],
  ] as const) {
    const url = parseUrl(text);
    if (url === undefined) continue;
    assert.equal(searchAsWritten(url, text), search === '?' ? '' : search, text);
    assert.equal(parseUrl(hrefAsWritten(url, text))?.href, url.href, text);
  }
});

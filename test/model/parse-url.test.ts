import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseUrl } from '../../src/model/parse-url.ts';
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

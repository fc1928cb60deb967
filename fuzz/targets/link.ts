/** `Link`: the next page is on the registry, or there is none. */
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { nextPage } from '../../src/http/link.ts';
import { fromArray } from '../../src/bytes/read.ts';
import { headerText, valueOf, verdictOf } from '../judge.ts';
import { lines } from '../lines.ts';
import type { FuzzTarget } from '../target.ts';

const url = 'https://reg.example.com/v2/o/app/tags/list?n=2';
const pieces = [
  '<',
  '>',
  ';',
  ',',
  ' ',
  '"',
  '=',
  'rel=',
  '"next"',
  'next',
  'rel="next"',
  '/v2/_catalog?last=b&n=2',
  '\\',
  '\t',
].concat(['https://reg.example.com', 'https://evil.test/', '//', "title*=UTF-8''x", 'rel*=', 'prev', '#x', '@']);

export const target: FuzzTarget = {
  name: 'link',
  corpus: () => lines('link'),
  arbitrary: fc
    .array(fc.constantFrom(...pieces), { maxLength: 30 })
    .map((list) => Buffer.from(list.join(''), 'latin1')),
  tokens: pieces,
  // Node takes no more of all headers together.
  growth: 8 * 1024,
  run(input) {
    const headers = { link: headerText(input) };
    const response = { status: 200, headers, url, body: fromArray(new Uint8Array(0)), cancel: async () => undefined };
    const next = valueOf(() => nextPage(response, 'https://reg.example.com'));
    if (next !== undefined) {
      const { origin, username, password, hash } = new URL(next);
      assert.deepEqual([origin, username, password, hash], ['https://reg.example.com', '', '', '']);
    }
    return verdictOf(next);
  },
};

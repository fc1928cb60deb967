/** Challenges: whatever the header, the client ends with Basic, with a token server of the registry's own, or with nothing to show. */
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { parseChallenges } from '../../src/http/challenge.ts';
import { createHosts } from '../../src/http/hosts.ts';
import { judgeRealm } from '../../src/http/realm.ts';
import { headerText, valueOf } from '../judge.ts';
import { lines } from '../lines.ts';
import type { FuzzTarget } from '../target.ts';

const hosts = createHosts();
const registry = hosts('reg.example.com');
const pieces = [
  'Bearer ',
  'Basic ',
  'Negotiate ',
  'realm=',
  '"https://auth.reg.example.com/token"',
  'service=',
  'scope=',
  '"',
  ',',
].concat([' ', '\\', '\\"', '=', 'x', 'YII=', 'error="insufficient_scope"', 'realm="Registry"']);

export const target: FuzzTarget = {
  name: 'www-authenticate',
  corpus: () => lines('www-authenticate'),
  arbitrary: fc
    .array(fc.constantFrom(...pieces), { maxLength: 40 })
    .map((list) => Buffer.from(list.join(''), 'latin1')),
  tokens: pieces,
  run(input) {
    const header = headerText(input);
    const challenges = parseChallenges(header);
    assert.ok(challenges.length <= 32);
    let usable = false;
    for (const { scheme, params } of challenges) {
      assert.match(scheme, /^[!#$%&'*+.^_`|~0-9a-z-]+$/);
      for (const [name, value] of params) {
        assert.equal(name, name.toLowerCase());
        assert.ok(value.length <= header.length);
      }
      if (scheme === 'basic') usable = true;
      if (scheme !== 'bearer') continue;
      const realm = valueOf(() =>
        judgeRealm(params.get('realm') ?? '', 'https://reg.example.com/v2/', registry, hosts),
      );
      if (realm === undefined) continue;
      assert.match(realm.url.protocol, /^https?:$/);
      if (!realm.trusted) continue;
      assert.match(realm.url.hostname, /(^|\.)example\.com\.?$/, header);
      assert.equal(realm.url.protocol, 'https:');
      usable = true;
    }
    return usable ? 'taken' : 'refused';
  },
};

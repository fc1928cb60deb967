/** A registry that refuses whatever it is shown is left after three requests, whatever it says that it wants. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOciError } from '../../src/errors.ts';
import { fixedCredentials } from '../../src/http/credentials.ts';
import type { Credential } from '../../src/http/types.ts';
import { createClient } from '../../src/registry/client.ts';
import { type Answer, json, script, type SentRequest } from '../support/scripted-transport.ts';
import { testClock } from '../support/test-clock.ts';

const bearer = (scope: string, more = ''): string =>
  `Bearer realm="https://reg.test/token",service="reg",scope="${scope}"${more}`;
const pull = 'repository:a:pull';

/** What each of its refusals says, given how many there were. */
const registries: Readonly<Record<string, (count: number, path: string) => string | undefined>> = {
  'one with tokens': () => bearer(pull),
  'one with tokens that are never valid': () => bearer(pull, ',error="invalid_token"'),
  'one whose scope is never enough': () => bearer(pull, ',error="insufficient_scope"'),
  'one whose scope grows each time': (count) => bearer(`repository:a:pull,${'x'.repeat(count)}`),
  'one whose token server moves each time': (count) => `Bearer realm="https://reg.test/token${count}"`,
  'one with Basic': () => 'Basic realm="r"',
  'one with both': () => `${bearer(pull)}, Basic realm="r"`,
  'one that changes its mind': (count) => (count % 2 === 0 ? bearer(pull) : 'Basic realm="r"'),
  'one that says nothing': () => undefined,
  'one that says it at its root alone': (_, path) => (path === '/v2/' ? `${bearer(pull)}, Basic realm="r"` : undefined),
  'one that wants what nobody has': () => 'Negotiate',
};
const password: Credential = { username: 'me', password: 'guess' };
const credentials: Readonly<Record<string, Credential | undefined>> = {
  nobody: undefined,
  'a password': password,
  'an identity token': { identityToken: 'refresh' },
  'a token': { registryToken: 'mine' },
};

for (const [what, challenge] of Object.entries(registries)) {
  for (const [who, credential] of Object.entries(credentials)) {
    test(`C3: ${what} refuses ${who} three times at most`, async () => {
      let refused = 0;
      const answer = ({ url }: SentRequest): Answer => {
        const { pathname } = new URL(url);
        if (pathname.startsWith('/token')) return json({ token: `t${refused}` });
        const header = challenge(refused++, pathname);
        return { status: 401, headers: header === undefined ? {} : { 'www-authenticate': header } };
      };
      const wire = script(answer);
      const client = createClient({
        transport: wire.send,
        clock: testClock(),
        ...(credential && { credentials: fixedCredentials({ 'reg.test': credential }) }),
      });
      const repository = client.repository('reg.test/a');
      for (let count = 0; count < 3; count++) {
        refused = 0;
        const isRefusal = (error: unknown): boolean => isOciError(error, 'UNAUTHORIZED', 'TOKEN_INVALID', 'DENIED');
        await assert.rejects(repository.manifest('v1'), isRefusal);
        assert.ok(refused <= 3, wire.lines().join('\n'));
      }
      assert.equal(wire.open(), 0);
    });
  }
}

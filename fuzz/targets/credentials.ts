/** A config.json and the look-up in it: a registry gets what stands under its own name, and nobody else's. */
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { Credential } from '../../src/http/types.ts';
import { dockerCredentials } from '../../src/node/credentials/docker-config.ts';
import { settled, text } from '../judge.ts';
import { lines } from '../lines.ts';
import type { FuzzTarget } from '../target.ts';

const REGISTRY = 'reg.example.com';
/** Names that look like the registry's, and are not. */
const others = [
  'evil-reg.example.com',
  'reg.example.com.evil.test',
  'example.com',
  'eg.example.com',
  'docker.io',
  'reg.example.com:5000',
];
const key = fc.constantFrom(
  REGISTRY,
  `https://${REGISTRY}`,
  `https://${REGISTRY}/v1/`,
  `${REGISTRY}/team`,
  ...others,
  '',
  '/',
  '__proto__',
);
const auth = fc.oneof(
  fc.string().map((pair) => Buffer.from(`u:${pair}`).toString('base64')),
  fc.string(),
);
const entry = fc.oneof(
  fc.record({ auth, username: fc.string(), password: fc.string(), identitytoken: fc.string() }, { requiredKeys: [] }),
  fc.constantFrom(null, {}, [], 'x', 1),
);
const document = fc.record(
  { auths: fc.dictionary(key, entry), credHelpers: fc.dictionary(key, fc.constantFrom('', 'x y', '../x', 'none')) },
  { requiredKeys: [] },
);

export const target: FuzzTarget = {
  name: 'credentials',
  corpus: () => lines('credentials'),
  arbitrary: document.map((json) => new TextEncoder().encode(JSON.stringify(json))),
  tokens: [
    '"auths":{',
    '"auth":"dTpw"',
    '"credsStore":"',
    '"credHelpers":{',
    `"${REGISTRY}":`,
    '"identitytoken":"t"',
    ...others.map((name) => `"${name}":`),
  ],
  async run(input) {
    const given = text(input);
    // The empty PATH has no helpers: whoever is named there cannot be asked.
    const environment = { env: { DOCKER_AUTH_CONFIG: given, PATH: '', XDG_CONFIG_HOME: '/nowhere' }, home: '/nowhere' };
    const find = dockerCredentials(environment);
    const found = await settled(find(REGISTRY, { repository: 'team/app' }));
    if (found !== undefined) check(found, given, REGISTRY);
    const [first = ''] = others;
    const foreign = await settled(find(first));
    if (foreign !== undefined) check(foreign, given, first);
    return found === undefined ? 'refused' : 'taken';
  },
};

function check(found: Credential, given: string, host: string): void {
  for (const value of Object.values(found)) assert.equal(typeof value, 'string');
  const names = new Set<string>();
  JSON.parse(given, (name, value: unknown) => {
    names.add(name.toLowerCase());
    return value;
  });
  const own = [...names].map((name) => name.replace(/^https?:\/\//, '').split('/')[0]);
  assert.ok(own.includes(host), `${host} got what stands under another name`);
}

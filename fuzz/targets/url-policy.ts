/**
 * A URL that a server chose, after the URL that it was asked at: `redirect https://reg.example.com/v2/ https://cdn.test/x`, or
 * `realm …`. Where it may lead is judged here by another list of addresses.
 */
import assert from 'node:assert/strict';
import { BlockList, isIP } from 'node:net';
import * as fc from 'fast-check';
import { follow } from '../../src/http/hop.ts';
import { createHosts } from '../../src/http/hosts.ts';
import { judgeRealm } from '../../src/http/realm.ts';
import { text, valueOf, verdictOf } from '../judge.ts';
import { lines } from '../lines.ts';
import type { FuzzTarget } from '../target.ts';
import { parseUrl } from '../../src/model/parse-url.ts';

const hosts = createHosts();
const inner = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
] as const)
  inner.addSubnet(net, bits);
for (const [net, bits] of [
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const)
  inner.addSubnet(net, bits);
for (const [net, bits] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  inner.addSubnet(net, bits, 'ipv6');

const registries = [
  'https://reg.example.com/v2/',
  'https://reg.example.com:8443/v2/',
  'http://localhost:5000/v2/',
  'http://127.0.0.1:5000/v2/',
].concat([
  'https://10.0.0.5/v2/',
  'https://[2001:db8::1]/v2/',
  'https://registry.internal/v2/',
  'https://docker.io/v2/',
]);
const urlLists = fc.tuple(
  fc.constantFrom('redirect', 'realm'),
  fc.constantFrom(...registries),
  fc.webUrl({ withFragments: true }),
);
const address = fc.oneof(
  fc.ipV4(),
  fc.ipV4Extended(),
  fc.ipV6().map((ip) => `[${ip}]`),
);
const addressLists = fc.tuple(
  fc.constantFrom('redirect', 'realm'),
  fc.constantFrom(...registries),
  address.map((ip) => `https://${ip}/x`),
);

export const target: FuzzTarget = {
  name: 'url-policy',
  corpus: () => lines('url-policy'),
  arbitrary: fc.oneof(urlLists, addressLists).map((parts) => Buffer.from(parts.join(' '))),
  tokens: [
    'redirect ',
    'realm ',
    ...registries,
    'http://',
    '//',
    '169.254.169.254',
    '[::1]',
    '[::ffff:a9fe:a9fe]',
    '0x7f.1',
    '.nip.io',
    'user@',
    '。',
  ],
  run(input) {
    const [kind = '', from = '', ...rest] = text(input).split(' ');
    const to = rest.join(' ');
    const registry = parseUrl(from);
    if (registry === undefined || !/^https?:$/.test(registry.protocol)) return 'refused';
    const host = valueOf(() => hosts(registry.host));
    if (host === undefined) return 'refused';
    const policy = { registry: registry.origin, hosts };
    const realm =
      kind === 'realm' ? valueOf(() => judgeRealm(to, from, { ...host, origin: registry.origin }, hosts)) : undefined;
    const url = kind === 'realm' ? realm?.url : valueOf(() => follow(from, to, policy));
    if (url === undefined) return 'refused';
    check(registry, url);
    if (realm?.trusted === true)
      assert.ok(isNear(registry.hostname, url.hostname), `${url.host} gets the credentials of ${from}`);
    return kind === 'realm' && realm?.trusted !== true ? 'refused' : verdictOf(url);
  },
};

function check(registry: URL, url: URL): void {
  if (url.origin === registry.origin) return;
  assert.match(url.protocol, /^https?:$/);
  assert.deepEqual([url.username, url.password], ['', '']);
  const own = isInner(registry.hostname);
  if (registry.protocol === 'https:' && !/^http:\/\/(localhost|127\.|\[::1\])/.test(url.href))
    assert.equal(url.protocol, 'https:');
  if (!own && isIP(registry.hostname) === 0 && registry.hostname.includes('example.com'))
    assert.ok(!isInner(url.hostname), `${registry.href} may send us to ${url.href}`);
}

function isInner(hostname: string): boolean {
  const name = hostname.replace(/^\[|\]$/g, '').replace(/\.{1,255}$/, '');
  const family = isIP(name);
  if (family === 0) return name === 'localhost' || name.endsWith('.localhost');
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(name);
  if (mapped !== null) {
    const words = mapped.slice(1).map((word) => Number.parseInt(word, 16));
    return isInner(words.flatMap((word) => [word >> 8, word & 255]).join('.'));
  }
  return inner.check(name, family === 6 ? 'ipv6' : 'ipv4');
}

/** Two names are near when they end in the same two labels, or are Docker Hub's pair. */
function isNear(one: string, other: string): boolean {
  const site = (name: string): string => name.replace(/\.$/, '').split('.').slice(-2).join('.');
  return one === other || site(one) === site(other);
}

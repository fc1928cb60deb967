import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createHosts } from '../../src/http/hosts.ts';
import { createSend } from '../../src/http/pipeline.ts';
import { redactRequestHeaders, redactResponseHeaders, redactUrl } from '../../src/http/redact.ts';
import { parseWarnings } from '../../src/http/warning.ts';
import type { Activity } from '../../src/model/call.ts';
import { type Answer, json, script } from '../support/scripted-transport.ts';
import { testClock } from '../support/test-clock.ts';

const get = (url: string, on: (activity: Activity) => void) =>
  ({ method: 'GET', url, headers: { 'x-own': 'CANARY' }, registry: 'https://reg.test', on }) as const;

function setUp(answer: (url: string, headers: Readonly<Record<string, string>>) => Answer) {
  const wire = script(({ url, headers }) => answer(url, headers));
  const hosts = createHosts({
    'reg.test': { headers: { 'x-key': 'CANARY' }, credential: { username: 'CANARY-user', password: 'CANARY' } },
  });
  const told: Activity[] = [];
  const send = createSend({ transport: wire.send, hosts, clock: testClock(), retry: { random: () => 0 } });
  return {
    wire,
    told,
    send: async (url: string) => (await send(get(url, (activity) => told.push(activity)))).cancel(),
  };
}

test('GEN-3 CONN-9 NODE-16: everything on the wire is told: hops, tokens and repetitions, and no secret', async () => {
  let failed = false;
  const { told, send } = setUp((url, headers) => {
    if (url.includes('/token')) return json({ token: 'CANARY-token' });
    if (url.includes('cdn')) return { headers: { 'set-cookie': 'CANARY', 'x-amz-security-token': 'CANARY' } };
    if (headers.authorization === undefined)
      return { status: 401, headers: { 'www-authenticate': 'Bearer realm="https://reg.test/token"' } };
    if (!failed) {
      failed = true;
      return { status: 503 };
    }
    return {
      status: 307,
      headers: { location: 'https://cdn.test/b?digest=sha256:1&X-Amz-Signature=CANARY&sig=CANARY#CANARY' },
    };
  });
  await send('https://reg.test/v2/a/blobs/uploads/1?_state=CANARY&n=5');
  const lines = told.map((one) =>
    'status' in one ? `${one.status}` : one.type === 'request' ? `${one.method} ${one.url}` : one.type,
  );
  const own = 'GET https://reg.test/v2/a/blobs/uploads/1?_state=REDACTED&n=5';
  const cdn = 'GET https://cdn.test/b?digest=sha256:1&X-Amz-Signature=REDACTED&sig=REDACTED';
  assert.deepEqual(lines, [
    own,
    '401',
    'GET https://reg.test/token',
    '200',
    own,
    '503',
    'retry',
    own,
    '307',
    cdn,
    '200',
  ]);
  assert.doesNotMatch(JSON.stringify(told), /CANARY|Q0FOQVJ/);
});

describe('warnings of a registry', () => {
  test('are told once', async () => {
    const { told, send } = setUp(() => ({
      headers: { warning: '299 - "old tag", 299 - "so is \\"this\\"" "Wed, 21 Oct 2026 07:28:00 GMT"' },
    }));
    await send('https://reg.test/v2/a');
    await send('https://reg.test/v2/a');
    const warnings = told.filter((activity) => activity.type === 'warning');
    assert.deepEqual(warnings, [
      { type: 'warning', host: 'reg.test', text: 'old tag' },
      { type: 'warning', host: 'reg.test', text: 'so is "this"' },
    ]);
  });

  test('are those with the code 299', () => {
    assert.deepEqual(parseWarnings('110 cache "Response is stale"'), []);
    assert.deepEqual(parseWarnings('214 - "x", 299 - "y"'), ['y']);
    assert.deepEqual(parseWarnings('299 - "a, 299 - b"'), ['a, 299 - b']);
    assert.deepEqual(parseWarnings('299 - "does not end'), ['does not end']);
    assert.deepEqual(parseWarnings('299 - none'), []);
    assert.equal(parseWarnings(`299 - "${'x'.repeat(9000)}"`)[0]?.length, 500);
    assert.equal(parseWarnings('299 - "x",'.repeat(1000)).length, 20);
    assert.deepEqual(parseWarnings('299 '.repeat(500_000)), []);
  });
});

test('a listener that throws ends the request, and the answer is let go', async () => {
  const wire = script(() => ({ body: 'x' }));
  const send = createSend({ transport: wire.send, hosts: createHosts(), clock: testClock() });
  for (const type of ['request', 'response']) {
    const sending = send(
      get('https://reg.test/v2/', (activity) => {
        if (activity.type === type) throw new RangeError(type);
      }),
    );
    await assert.rejects(sending, RangeError);
    assert.equal(wire.open(), 0);
  }
  assert.equal(wire.requests.length, 1);
});

describe('what is shown', () => {
  for (const [url, shown] of [
    ['https://u:CANARY@reg.test/v2/', 'https://reg.test/v2/'],
    ['https://reg.test/v2/a/tags/list?n=100&last=x%2Fy', 'https://reg.test/v2/a/tags/list?n=100&last=x%2Fy'],
    [
      'https://x/?token=CANARY&access_token=CANARY&Signature=CANARY',
      'https://x/?token=REDACTED&access_token=REDACTED&Signature=REDACTED',
    ],
    ['https://x/?CANARY', 'https://x/?REDACTED'],
    ['https://x/?a=CANARY=CANARY&&n=1', 'https://x/?a=REDACTED&&n=1'],
    ['/v2/a?_state=CANARY', '/v2/a?_state=REDACTED'],
    ['//u:CANARY@reg.test/', '//reg.test/'],
    ['https://reg.test/#CANARY', 'https://reg.test/'],
  ] as const) {
    test(`of ${url}`, () => assert.equal(redactUrl(url), shown));
  }

  test('GEN-3 CONN-9: of headers is what is known to be harmless', () => {
    const sent = {
      authorization: 'Bearer CANARY',
      'x-api-key': 'CANARY',
      cookie: 'CANARY',
      accept: 'a/b',
      'proxy-authorization': 'CANARY',
    };
    assert.deepEqual(
      { ...redactRequestHeaders(sent) },
      {
        authorization: 'Bearer REDACTED',
        'x-api-key': 'REDACTED',
        cookie: 'REDACTED',
        accept: 'a/b',
        'proxy-authorization': 'REDACTED',
      },
    );
    const got = {
      location: '/u?_state=CANARY',
      link: '</v2/_catalog?last=a&tok=CANARY>; rel="next"',
      'x-auth-token': 'CANARY',
      'www-authenticate': 'Basic realm="r"',
      etag: '"e"',
      'docker-upload-uuid': 'u',
    };
    assert.deepEqual(
      { ...redactResponseHeaders(got) },
      {
        location: '/u?_state=REDACTED',
        link: '</v2/_catalog?last=a&tok=REDACTED>; rel="next"',
        'x-auth-token': 'REDACTED',
        'www-authenticate': 'Basic realm="r"',
        etag: '"e"',
        'docker-upload-uuid': 'u',
      },
    );
  });
});

test('of a Link every target is redacted, also one that has no end or no brackets', { timeout: 10_000 }, async () => {
  for (const [link, shown] of [
    [
      '</a?n=1&sig=CANARY>; rel="next", <https://u:CANARY@x/?CANARY>; rel="prev"',
      '</a?n=1&sig=REDACTED>; rel="next", <https://x/?REDACTED>; rel="prev"',
    ],
    ['<https://x/?sig=CANARY', '<https://x/?sig=REDACTED'],
    ['https://u:CANARY@x/?sig=CANARY; rel="next"', 'https://x/?sig=REDACTED'],
    ['<<https://x/?sig=CANARY', '<<https://x/?sig=REDACTED'],
  ] as const) {
    assert.equal(redactResponseHeaders({ link }).link, shown);
  }
  redactResponseHeaders({ link: '<'.repeat(250_000) });
  await new Promise((resolve) => setTimeout(resolve)); // only now the limit can end it: quadratic, it took a minute
});

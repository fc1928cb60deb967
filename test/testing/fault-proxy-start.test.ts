/** The fault proxy's beginning and end: what cannot be begun leaves nothing behind, and what was begun can be ended. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { faults, startFaultProxy } from '../../src/testing/proxy/index.ts';
import { startOrigin } from '../support/http-origin.ts';
import { rejection } from '../support/failure.ts';

const REGISTRY = 'http://127.0.0.1:1';
const listening = (): number => process.getActiveResourcesInfo().filter((name) => name === 'TCPServerWrap').length;

test('an address that is none, and one that is not spoken to, are refused', async () => {
  for (const upstream of ['', 'http://', 'http://a b', 'ftp://reg.test'])
    await rejection('USAGE', startFaultProxy(upstream));
  const error = await rejection('USAGE', startFaultProxy('ftp://user:CANARY@reg.test'));
  assert.doesNotMatch(error.message, /CANARY/);
});

test('certificates that are none are refused before anybody connects', async () => {
  const certificate = { cert: 'none', key: 'none' };
  const before = listening();
  await rejection('USAGE', startFaultProxy(REGISTRY, { tls: certificate }));
  assert.equal(listening(), before);
});

test('a plan that cannot be leaves no port open', async () => {
  const before = listening();
  await rejection('USAGE', startFaultProxy(REGISTRY, { plans: [{ fault: faults['tls-alert'] }] }));
  assert.equal(listening(), before);
});

test('a port that somebody else has taken meanwhile is an error, until it is free again; closing needs it not', async () => {
  await using origin = await startOrigin((_, response) => void response.end('fine'));
  const proxy = await startFaultProxy(origin.url, { plans: [{ fault: faults['connect-refused'] }] });
  const other = createServer().listen(Number(proxy.host.split(':')[1]), '127.0.0.1');
  await once(other, 'listening');
  proxy.heal();
  await rejection('IO', proxy.ready());
  await new Promise((resolve) => other.close(resolve));
  proxy.heal();
  await proxy.ready();
  assert.equal(await (await fetch(proxy.origin)).text(), 'fine');
  proxy.plan({ fault: faults['connect-refused'] });
  await proxy.ready();
  other.listen(Number(proxy.host.split(':')[1]), '127.0.0.1');
  await once(other, 'listening');
  await proxy.close();
  assert.equal(proxy.open, 0);
  await new Promise((resolve) => other.close(resolve));
});

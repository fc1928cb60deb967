/** Faults that come before any byte of HTTP: the port, and TLS. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { type FaultProxy, faults, startFaultProxy } from '../../src/testing/proxy/index.ts';
import { type Origin, startOrigin } from '../support/http-origin.ts';
import { type Certificates, makeCertificates, withoutTls } from '../support/tls.ts';

let origin: Origin;
before(async () => {
  origin = await startOrigin((_, response) => void response.end('fine'));
});
after(() => origin[Symbol.asyncDispose]());

/** `connected`, the code of an error, or `silence` after a while. */
function knock({ host }: FaultProxy): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(host.split(':')[1]), '127.0.0.1');
    const tell = (what: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(what);
    };
    const timer = setTimeout(() => tell('silence'), 50);
    socket
      .once('connect', () => tell('connected'))
      .once('error', (error: NodeJS.ErrnoException) => tell(error.code ?? ''));
  });
}

describe('the port', () => {
  for (const [name, expected] of [
    ['connect-refused', 'ECONNREFUSED'],
    ['connect-black-hole', 'silence'],
  ] as const) {
    test(`${name}: until it is healed, and then on the same port`, async () => {
      const proxy = await startFaultProxy(origin.url);
      assert.equal(await knock(proxy), 'connected');
      proxy.plan({ fault: faults[name] });
      await proxy.ready();
      assert.equal(await knock(proxy), expected);
      proxy.heal();
      await proxy.ready();
      assert.equal(await knock(proxy), 'connected');
      assert.equal(await (await fetch(proxy.origin)).text(), 'fine');
      await proxy.close();
      assert.equal(await knock(proxy), 'ECONNREFUSED');
    });
  }

  test('is closed in the end, however it was', async () => {
    for (const fault of [faults['connect-refused'], faults['connect-black-hole']]) {
      const proxy = await startFaultProxy(origin.url, { plans: [{ fault }] });
      await proxy.close();
      assert.equal(await knock(proxy), 'ECONNREFUSED');
    }
  });
});

describe('TLS', { skip: withoutTls }, () => {
  let made: Certificates;
  before(() => {
    made = makeCertificates();
  });

  async function shake(proxy: FaultProxy): Promise<string> {
    return new Promise((resolve) => {
      const [host, port] = proxy.host.split(':');
      const socket = connectTls({ host: host ?? '', port: Number(port), ca: made.ca });
      const tell = (what: string): void => {
        socket.destroy();
        resolve(what);
      };
      socket.once('secureConnect', () => tell('secure'));
      socket.once('error', (error: NodeJS.ErrnoException) => tell(error.code ?? ''));
    });
  }

  for (const [name, expected] of [
    ['tls-alert', 'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE'],
    ['certificate-expired', 'CERT_HAS_EXPIRED'],
    ['certificate-other-host', 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ] as const) {
    test(`${name}: once, and then it is as it should be`, async () => {
      const tls = { ...made.server, expired: made.expired, other: made.other };
      const proxy = await startFaultProxy(origin.url, { tls, plans: [{ fault: faults[name], times: 1 }] });
      assert.match(await shake(proxy), new RegExp(`^${expected}|^EPROTO`));
      assert.equal(await shake(proxy), 'secure');
      await proxy.close();
    });
  }

  test('a proxy without certificates does not take such a plan', async () => {
    const proxy = await startFaultProxy(origin.url);
    assert.throws(() => proxy.plan({ fault: faults['certificate-expired'] }), { code: 'USAGE' });
    await proxy.close();
  });
});

/** Threads and https: what is trusted, what is shown, and what is refused is the same as in this thread. */
import assert from 'node:assert/strict';
import type { TLSSocket } from 'node:tls';
import { before, describe, test, type TestContext } from 'node:test';
import type { Resolve } from '../../../src/node/http/lookup.ts';
import type { NodeTransportOptions } from '../../../src/node/http/transport.ts';
import { rejection } from '../../support/failure.ts';
import { type Origin, startOrigin } from '../../support/http-origin.ts';
import { largeBlob, MIB, pullFrom, type PullWorld, sendBlob } from '../../support/large-blobs.ts';
import { type Certificates, makeCertificates, withoutTls } from '../../support/tls.ts';

const blob = largeBlob('secret');
const other = largeBlob('secret, too', 6 * MIB);
const patience = { timeout: 60_000 };

describe('https', { skip: withoutTls }, () => {
  let made: Certificates;
  before(() => {
    made = makeCertificates();
  });

  interface World extends Omit<PullWorld, 'origin' | 'gets'> {
    readonly origin: Origin;
    /** Whose certificates the server has seen. */
    readonly clients: (string | undefined)[];
  }

  async function world(
    t: TestContext,
    which: 'server' | 'other' | 'expired' | 'selfSigned',
    options: (host: string) => NodeTransportOptions,
    name: string = '127.0.0.1',
  ): Promise<World> {
    const clients: (string | undefined)[] = [];
    const asking = { ...made[which], ca: made.ca, requestCert: true, rejectUnauthorized: false };
    const origin = await startOrigin((request, response) => {
      clients.push((request.socket as TLSSocket).getPeerCertificate().subject?.CN?.toString());
      const { bytes } = request.url?.endsWith(blob.descriptor.digest) === true ? blob : other;
      sendBlob(request, response, bytes);
    }, asking);
    t.after(() => origin[Symbol.asyncDispose]());
    const host = `${name}:${origin.port}`;
    const settings = { hosts: { [host]: { plainHttp: false } } } as const;
    return { ...(await pullFrom(t, host, { ...options(host), client: settings })), origin, clients };
  }

  async function assertPulled(pulled: World): Promise<void> {
    for (const one of [blob, other]) {
      assert.equal(await pulled.pull(one), 'written');
      assert.ok((await pulled.kept(one))?.equals(one.bytes));
    }
    assert.deepEqual(pulled.here, []);
    assert.equal(pulled.origin.connections.made, 1, 'the second blob comes over the same connection');
  }

  test('an authority that is trusted for all hosts', patience, async (t) => {
    const pulled = await world(t, 'server', () => ({ ca: [made.ca] }));
    await assertPulled(pulled);
    assert.deepEqual(pulled.clients, [undefined, undefined]);
  });

  test('an authority that is trusted for one host, and a certificate that is shown to it', patience, async (t) => {
    const pulled = await world(t, 'server', (host) => ({ tls: { [host]: { ca: [made.ca], ...made.client } } }));
    await assertPulled(pulled);
    assert.deepEqual(pulled.clients, ['client', 'client']);
  });

  test('any certificate, where the user takes the risk', patience, async (t) => {
    for (const which of ['server', 'selfSigned', 'expired', 'other'] as const) {
      await assertPulled(await world(t, which, (host) => ({ tls: { [host]: { insecure: true } } })));
    }
  });

  test('a host by its name, where somebody else says its address', patience, async (t) => {
    const resolve: Resolve = () => ({ address: '127.0.0.1' });
    await assertPulled(await world(t, 'server', () => ({ ca: [made.ca], resolve }), 'registry.test'));
    const wrong = await world(t, 'server', () => ({ ca: [made.ca], resolve }), 'nobody.example');
    assert.match((await rejection('TLS', wrong.pull(blob))).message, /for another host/);
    assert.deepEqual([wrong.here, wrong.origin.requests], [[], []]);
  });

  for (const [what, which, said] of [
    ['of an unknown authority', 'server', /unknown authority|not trusted/],
    ['that signs itself', 'selfSigned', /is self-signed/],
    ['that has expired', 'expired', /has expired/],
    ['for another host', 'other', /for another host/],
  ] as const) {
    test(`refused, and not tried again: a certificate ${what}`, patience, async (t) => {
      const pulled = await world(t, which, () => (which === 'server' ? {} : { ca: [made.ca] }));
      const error = await rejection('TLS', pulled.pull(blob));
      assert.match(error.message, said);
      assert.match(error.hint ?? '', /--ca-file FILE.*--insecure 127\.0\.0\.1:\d+/);
      assert.deepEqual([pulled.here, pulled.origin.requests], [[], []]);
    });
  }
});

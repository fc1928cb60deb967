import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createHosts } from '../../src/http/hosts.ts';
import { isPassing } from '../../src/http/network-error.ts';
import { redirect } from '../../src/http/redirect.ts';
import { certificateDirectories, readCertificates, readTlsFiles } from '../../src/node/http/tls.ts';
import { rejection } from '../support/failure.ts';
import { startOrigin } from '../support/http-origin.ts';
import { nodeWire, textOf } from '../support/node-wire.ts';
import { type Certificates, makeCertificates, withoutTls } from '../support/tls.ts';

/** Says who the client is. */
const whoAsks: RequestListener = ({ socket }, response) => {
  response.end((socket as TLSSocket).getPeerCertificate().subject?.CN ?? 'nobody');
};

describe('https', { skip: withoutTls }, () => {
  let made: Certificates;
  let directory: string;
  before(() => {
    made = makeCertificates();
    directory = mkdtempSync(join(tmpdir(), 'lading-tls-test-'));
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  test('B5 CONN-3: trusts an authority for one host, or for all, beside those of the runtime', async () => {
    await using origin = await startOrigin(whoAsks, made.server);
    using one = nodeWire({ tls: { [`127.0.0.1:${origin.port}`]: { ca: [made.ca] } } });
    assert.equal(await textOf(await one.get(origin.url)), 'nobody');
    using all = nodeWire({ ca: [made.ca] });
    assert.equal(await textOf(await all.get(origin.url)), 'nobody');
    const caFile = join(directory, 'ca.pem');
    writeFileSync(caFile, made.ca);
    using file = nodeWire({ caFile });
    assert.equal(await textOf(await file.get(origin.url)), 'nobody');
  });

  for (const [what, which, said] of [
    ['of an unknown authority', 'server', /unknown authority|not trusted/],
    ['that signs itself', 'selfSigned', /is self-signed/],
    ['that has expired', 'expired', /has expired/],
    ['for another host', 'other', /for another host/],
  ] as const) {
    test(`B5 CONN-3 ERR-3: refuses a certificate ${what}, says why, and does not try again`, async () => {
      await using origin = await startOrigin(whoAsks, made[which]);
      using wire = nodeWire(which === 'server' ? {} : { ca: [made.ca] });
      const error = await rejection('TLS', wire.get(origin.url));
      assert.match(error.message, said);
      assert.match(error.hint ?? '', /--ca-file FILE.*--insecure 127\.0\.0\.1:\d+/);
      assert.equal(isPassing(error), false);
      assert.equal(origin.requests.length, 0);
      using careless = nodeWire({ tls: { [`127.0.0.1:${origin.port}`]: { insecure: true } } });
      assert.equal(await textOf(await careless.get(origin.url)), 'nobody');
    });
  }

  test('CONN-3: shows a client certificate to its host, and to no other that the host redirects to', async () => {
    const wanting = { ...made.server, ca: made.ca, requestCert: true, rejectUnauthorized: false };
    await using other = await startOrigin(whoAsks, wanting);
    await using origin = await startOrigin((request, response) => {
      if (request.url === '/away') response.writeHead(307, { location: `${other.url}/` }).end();
      else whoAsks(request, response);
    }, wanting);
    using wire = nodeWire({ ca: [made.ca], tls: { [`127.0.0.1:${origin.port}`]: made.client } });
    assert.equal(await textOf(await wire.get(origin.url)), 'client');
    const send = redirect(createHosts())(wire.send);
    const request = { method: 'GET', url: `${origin.url}/away`, headers: {}, registry: origin.url } as const;
    assert.equal(await textOf(await send(request)), 'nobody');
  });

  test('goes on with the session of the connection before', async () => {
    const answer: RequestListener = ({ socket }, response) => {
      response.setHeader('connection', 'close').end(String((socket as TLSSocket).isSessionReused()));
    };
    await using origin = await startOrigin(answer, made.server);
    using wire = nodeWire({ ca: [made.ca] });
    assert.equal(await textOf(await wire.get(origin.url)), 'false');
    assert.equal(await textOf(await wire.get(origin.url)), 'true');
    using other = nodeWire({ ca: [made.ca] });
    assert.equal(await textOf(await other.get(origin.url)), 'false', 'another transport may trust other authorities');
  });

  test('says so when a client certificate is wanted', async () => {
    const demanding = { ...made.server, ca: made.ca, requestCert: true };
    await using origin = await startOrigin(whoAsks, demanding);
    using wire = nodeWire({ ca: [made.ca] });
    const error = await rejection('TLS', wire.get(origin.url));
    assert.match(error.message, /wants a \(different\) client certificate/);
  });

  test('CONN-2: does not fall back to http, and tells one from the other', async () => {
    await using plain = await startOrigin((_, response) => void response.end('plain'));
    using wire = nodeWire();
    const error = await rejection('TLS', wire.get(plain.url.replace('http:', 'https:')));
    assert.match(error.message, /does not speak TLS/);
    assert.match(error.hint ?? '', /--plain-http 127\.0\.0\.1:\d+/);
    assert.equal(plain.requests.length, 0);
    await using secure = await startOrigin(whoAsks, made.server);
    const reversed = await wire.get(secure.url.replace('https:', 'http:')).catch((failure: unknown) => failure);
    assert.ok(reversed instanceof Error, 'nothing answers http there');
  });

  test('reads certificates as docker keeps them', async () => {
    await using origin = await startOrigin(whoAsks, {
      ...made.server,
      ca: made.ca,
      requestCert: true,
      rejectUnauthorized: false,
    });
    const host = join(directory, 'certs.d', `127.0.0.1:${origin.port}`);
    mkdirSync(host, { recursive: true });
    writeFileSync(join(host, 'ca.crt'), made.ca);
    writeFileSync(join(host, 'client.cert'), made.client.cert);
    writeFileSync(join(host, 'client.key'), made.client.key);
    using wire = nodeWire({ certificateDirectories: [join(directory, 'none'), join(directory, 'certs.d')] });
    assert.equal(await textOf(await wire.get(origin.url)), 'client');
    rmSync(join(host, 'client.key'));
    await rejection('CONFIG_INVALID', readCertificates([join(directory, 'certs.d')], `127.0.0.1:${origin.port}`));
    assert.equal(await readCertificates([join(directory, 'certs.d')], 'reg.test'), undefined);
    writeFileSync(join(directory, 'stray.crt'), made.ca);
    assert.equal(await readCertificates([join(directory, 'certs.d')], '..'), undefined);
  });

  test('reads files that were named, and tells which cannot be', async () => {
    const [certFile, keyFile] = [join(directory, 'c.pem'), join(directory, 'k.pem')];
    writeFileSync(certFile, made.client.cert);
    writeFileSync(keyFile, made.client.key);
    assert.deepEqual(await readTlsFiles({ certFile, keyFile, insecure: true }), { ...made.client, insecure: true });
    assert.deepEqual((await readTlsFiles({ caFile: certFile })).ca, [made.client.cert]);
    const missing = await rejection('CONFIG_INVALID', readTlsFiles({ caFile: join(directory, 'no.pem') }));
    assert.match(missing.message, /no\.pem: ENOENT/);
    writeFileSync(join(directory, 'x.pem'), 'x');
    await rejection('CONFIG_INVALID', readTlsFiles({ caFile: join(directory, 'x.pem') }));
    await rejection('CONFIG_INVALID', readTlsFiles({ certFile }));
    using wrong = nodeWire({ tls: { 'reg.test': { cert: made.client.cert, key: made.server.key } } });
    await rejection('CONFIG_INVALID', wrong.get('https://reg.test/'));
    using lost = nodeWire({ caFile: join(directory, 'no.pem') });
    await rejection('CONFIG_INVALID', lost.get('https://reg.test/'));
  });
});

test('certificates are looked for where docker, podman and containerd keep them', () => {
  assert.deepEqual(certificateDirectories({ HOME: '/home/u' }), [
    '/home/u/.config/containers/certs.d',
    '/home/u/.docker/certs.d',
    '/etc/containers/certs.d',
    '/etc/docker/certs.d',
  ]);
});

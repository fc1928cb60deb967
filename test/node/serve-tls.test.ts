import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { serve, type ServeTls } from '../../src/node/serve/serve.ts';
import type { ConnectionInfo } from '../../src/server/handler.ts';
import { type Authority, makeAuthority } from '../support/real/certificates.ts';
import { needs } from '../support/real/find-tool.ts';
import { rawRequest } from '../support/real/raw-request.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/real/temporary.ts';

interface Pair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

interface Seen {
  readonly status: number | undefined;
  readonly info: ConnectionInfo | undefined;
  /** The URL that the handler saw, and the one that was told. */
  readonly url: string | undefined;
  readonly served: string;
}

describe('a registry over TLS', needs('openssl'), () => {
  let folder: TemporaryDirectory;
  let authority: Authority;
  let server: Pair;
  /** What the authority itself has is a good client's certificate as well; that of the server is not. */
  let client: Pair;

  before(async () => {
    folder = await temporaryDirectory('serve-tls');
    authority = await makeAuthority(folder.path);
    server = { cert: await readFile(authority.certificate), key: await readFile(authority.key) };
    client = { cert: Buffer.from(authority.ca), key: await readFile(join(folder.path, 'ca.key')) };
  });

  after(() => folder.remove());

  const ask = async (tls: ServeTls, certificate: Partial<Pair> = {}): Promise<Seen> => {
    let info: ConnectionInfo | undefined;
    let url: string | undefined;
    const handler = async (given: Request, connection?: ConnectionInfo): Promise<Response> => {
      url = given.url;
      info = connection;
      return new Response('ok');
    };
    const served = await serve(handler, { tls, graceMs: 0 });
    try {
      const sent = request(served.url, { ca: authority.ca, agent: false, ...certificate }).end();
      const [answer] = (await once(sent, 'response')) as [IncomingMessage];
      answer.resume();
      return { status: answer.statusCode, info, url, served: served.url };
    } finally {
      await served.close();
    }
  };

  it('is https, also in the URL that the handler sees', async () => {
    const { status, url, served } = await ask(server);
    assert.equal(status, 200);
    assert.match(served, /^https:\/\/127\.0\.0\.1:\d+$/);
    assert.equal(url, `${served}/`);
  });

  it('asks for no certificate unless told', async () => {
    const { status, info } = await ask(server, client);
    assert.deepEqual([status, info?.clientCertificate], [200, undefined]);
  });

  it('turns clients away that have no good certificate of its authority', async () => {
    const tls = { ...server, ca: authority.ca };
    await assert.rejects(ask(tls));
    await assert.rejects(ask(tls, server));
    const { status, info } = await ask(tls, client);
    assert.equal(status, 200);
    assert.equal(info?.clientCertificate?.subject, 'Authority of one test');
    assert.match(info?.clientCertificate?.fingerprint ?? '', /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  });

  it('takes clients without a certificate where it only asks for one', async () => {
    const tls: ServeTls = { ...server, ca: authority.ca, clientCertificates: 'request' };
    const without = await ask(tls);
    assert.deepEqual([without.status, without.info?.clientCertificate], [200, undefined]);
    assert.equal((await ask(tls, client)).info?.clientCertificate?.subject, 'Authority of one test');
  });

  it('is nothing to who speaks http', async () => {
    const { host, close } = await serve(async () => new Response('ok'), { tls: server, graceMs: 0 });
    await assert.rejects(rawRequest({ url: `http://${host}/` }));
    await close();
  });
});

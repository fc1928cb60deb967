/** A registry that cannot be used, over real sockets: each way has its own code. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OciError } from '../../src/errors.ts';
import { nodeTransport } from '../../src/node/http/transport.ts';
import { createClient } from '../../src/registry/client.ts';
import { startOrigin, startRaw } from '../support/http-origin.ts';
import { rejection } from '../support/failure.ts';

interface Ping {
  /** `127.0.0.1:34567` */
  readonly host: string;
  /** Of its URL; http unless told. */
  readonly scheme?: 'https' | undefined;
}

async function ping({ host, scheme }: Ping): Promise<unknown> {
  const transport = nodeTransport({ proxy: false, timeouts: { headMs: 100, connectMs: 1000 } });
  const hosts = { [host]: { origin: `${scheme ?? 'http'}://${host}`, plainHttp: scheme === undefined } };
  const client = createClient({ transport, hosts, retry: { attempts: 1 } });
  try {
    return await client.ping(host);
  } finally {
    await client.close();
  }
}

const hostOf = ({ url }: { readonly url: string }): string => new URL(url).host;

test('B2 ERR-3 RUBY-15 RUBY-16: unknown, refused, silent, without TLS, and something else are told apart', async () => {
  const gone = await startRaw(() => undefined);
  await gone[Symbol.asyncDispose]();
  await using silent = await startRaw(() => undefined);
  await using web = await startOrigin((_, response) => void response.writeHead(404).end('<html>'));
  await using shut = await startOrigin((_, response) => void response.writeHead(403).end());
  await using strange = await startOrigin((_, response) => void response.writeHead(401).end());
  const fails = async (code: OciError['code'], to: Ping): Promise<string> => (await rejection(code, ping(to))).message;
  assert.match(await fails('UNREACHABLE', { host: hostOf(gone) }), /connection refused/);
  assert.match(await fails('UNREACHABLE', { host: 'no-such-host.invalid' }), /no such host|could not be resolved/);
  assert.match(await fails('TIMEOUT', { host: hostOf(silent) }), /within 100 ms/);
  assert.match(await fails('TLS', { host: hostOf(web), scheme: 'https' }), /does not speak TLS/);
  assert.match(await fails('NOT_A_REGISTRY', { host: hostOf(web) }), /is no registry/);
  await fails('DENIED', { host: hostOf(shut) });
  await fails('UNAUTHORIZED', { host: hostOf(strange) });
});

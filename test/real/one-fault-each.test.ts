/**
 * From one password file to seven single faults, each of a real registry: an error code of its own, the exit code that scripts
 * rely on, and one sentence. The library and the command say the same, and no error of another package gets out.
 */
import assert from 'node:assert/strict';
import { createServer as createWebServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { type ErrorCode, isOciError } from '../../src/errors.ts';
import { fixedCredentials } from '../../src/http/credentials.ts';
import type { Credential } from '../../src/http/types.ts';
import { createClient } from '../../src/node/client.ts';
import { nodeTransport } from '../../src/node/http/transport.ts';
import { putImage } from '../../src/testing/fixtures.ts';
import { command } from '../support/command.ts';
import { type BasicTlsRegistry, startBasicTlsRegistry } from '../support/real/basic-tls.ts';
import { needs } from '../support/real/find-tool.ts';
import { freePort } from '../support/real/free-port.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../support/real/temporary.ts';
import { startTokenRegistry, type TokenRegistry } from '../support/real/token-registry.ts';

interface Place {
  readonly host: string;
  /** Speaks TLS: on the loopback that has to be told. */
  readonly tls?: boolean;
  readonly credential?: Credential;
  /** Trust the authority of the registry. */
  readonly ca?: string;
}

interface Fault {
  readonly name: string;
  readonly place: () => Place | Promise<Place>;
  readonly code: ErrorCode;
  readonly exit: number;
  /** What is attempted: `digest` of this repository unless it is a ping. */
  readonly ping?: true;
  readonly sentence: RegExp;
  readonly hint: RegExp;
}

const reader = { username: 'reader', password: 'reads only' };
let basic: BasicTlsRegistry;
let token: TokenRegistry;
let web: { readonly host: string; close(): void };
let directory: TemporaryDirectory;

const faults: readonly Fault[] = [
  {
    name: 'one wrong password',
    place: () => ({ ...overTls(), credential: { ...basic.account, password: 'wrong' } }),
    code: 'UNAUTHORIZED',
    exit: 4,
    sentence: /^cannot read 127\.0\.0\.1:\d+\/team\/app:1: 127\.0\.0\.1:\d+ answered 401/,
    hint: /user name or the password was not accepted/,
  },
  {
    name: 'an expired token',
    place: async () => ({ host: token.host, credential: { registryToken: await expiredToken() } }),
    code: 'TOKEN_INVALID',
    exit: 4,
    sentence: /^cannot read 127\.0\.0\.1:\d+\/team\/app:1: 127\.0\.0\.1:\d+ answered 401/,
    hint: /token has expired or was revoked/,
  },
  {
    name: 'a forbidden repository',
    place: () => ({ host: token.host, credential: reader }),
    code: 'DENIED',
    exit: 4,
    sentence: /^cannot read 127\.0\.0\.1:\d+\/team\/app:1: 127\.0\.0\.1:\d+ answered 401 \(UNAUTHORIZED/,
    hint: /account that was used may not do this/,
  },
  {
    name: 'a registry that is no registry',
    place: () => ({ host: web.host }),
    ping: true,
    code: 'NOT_A_REGISTRY',
    exit: 7,
    sentence: /^127\.0\.0\.1:\d+ is no registry: it answers 404 at http:\/\/127\.0\.0\.1:\d+\/v2\/$/,
    hint: /check its name and port/,
  },
  {
    name: 'a self-signed certificate',
    place: () => ({ host: basic.host, tls: true, credential: basic.account }),
    code: 'TLS',
    exit: 6,
    sentence: /127\.0\.0\.1:\d+.*certificate/,
    hint: /--ca-file/,
  },
  {
    name: 'a refused connection',
    place: async () => ({ host: `127.0.0.1:${await freePort()}` }),
    code: 'UNREACHABLE',
    exit: 6,
    sentence: /127\.0\.0\.1:\d+.*refused/,
    hint: /whether it is running/,
  },
];

const overTls = (): Place => ({ host: basic.host, tls: true, ca: basic.ca, credential: basic.account });
/** Minted for an hour ago. */
const expiredToken = (): Promise<string> =>
  token.mint([{ type: 'repository', name: 'team/app', actions: ['pull'] }], -3600);

async function byLibrary(place: Place, ping: boolean): Promise<unknown> {
  const { host, ca, credential, tls } = place;
  const client = createClient({
    transport: nodeTransport({ ca: ca === undefined ? [] : [ca] }),
    credentials: fixedCredentials(credential === undefined ? {} : { [host]: credential }),
    hosts: tls === true ? { [host]: { origin: `https://${host}` } } : {},
    retry: { attempts: 1 },
  });
  try {
    if (ping) return await client.ping(host);
    return await client.repository(`${host}/team/app`).manifest('1');
  } finally {
    await client.close();
  }
}

async function byCommand({ host, ca, credential, tls }: Place, ping: boolean): ReturnType<typeof command> {
  const args = ping ? ['ping', host] : ['manifest', `${host}/team/app:1`];
  if (tls === true) args.push('--host', `${host},tls=on`);
  if (ca !== undefined) {
    await writeFile(join(directory.path, 'ca.pem'), ca);
    args.push('--ca-file', join(directory.path, 'ca.pem'));
  }
  await writeFile(join(directory.path, 'config.json'), JSON.stringify({ auths: { [host]: authOf(credential) } }));
  return command([...args, '--retry', '0'], { env: { DOCKER_CONFIG: directory.path } });
}

/** As docker writes it into its file. */
function authOf(credential: Credential | undefined): object {
  if (credential === undefined) return {};
  if ('registryToken' in credential) return { registrytoken: credential.registryToken };
  if (!('password' in credential)) return { identitytoken: credential.identityToken };
  return { auth: Buffer.from(`${credential.username}:${credential.password}`).toString('base64') };
}

describe('one fault each', needs('docker-registry', 'openssl'), () => {
  before(async () => {
    directory = await temporaryDirectory('faults');
    basic = await startBasicTlsRegistry();
    token = await startTokenRegistry({
      users: { [reader.username]: { password: reader.password, grants: { 'repository:free': ['pull'] } } },
    });
    const server = createWebServer((_request, response) => response.writeHead(404).end('<html>nothing here</html>'));
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    web = { host: `127.0.0.1:${port}`, close: () => server.close() };
    const { host, ca = '', credential = { username: '', password: '' } } = overTls();
    const client = createClient({
      transport: nodeTransport({ ca: [ca] }),
      credentials: fixedCredentials({ [host]: credential }),
      hosts: { [host]: { origin: `https://${host}` } },
    });
    await putImage(client.repository(`${host}/team/app`), { layers: [new Uint8Array([1])], tags: ['1'] });
    await client.close();
  });
  after(async () => {
    web?.close();
    await token?.stop();
    await basic?.stop();
    await directory?.remove();
  });

  test('with the right password there is none', async () => {
    await byLibrary(overTls(), false);
    const { code, stderr } = await byCommand(overTls(), false);
    assert.deepEqual([code, stderr], [0, '']);
  });

  for (const { name, place, code, exit, ping = false, sentence, hint } of faults) {
    test(`${name} is ${code}, and ends with ${exit}`, async () => {
      const where = await place();
      const error = await byLibrary(where, ping).then(
        () => assert.fail('it was accepted'),
        (thrown: unknown) => thrown,
      );
      assert.ok(isOciError(error), String(error));
      assert.equal(error.code, code, error.message);
      assert.match(error.message, sentence);
      assert.match(error.hint ?? '', hint);
      const result = await byCommand(where, ping);
      assert.equal(result.stderr, `error: ${error.message} (${code}); hint: ${error.hint}\n`);
      assert.equal(result.stdout, '');
      assert.equal(result.code, exit);
    });
  }
});

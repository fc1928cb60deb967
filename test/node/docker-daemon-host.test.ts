import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openEngine } from '../../src/node/docker/docker-daemon-engine.ts';
import { engineAddress } from '../../src/node/docker/docker-daemon-host.ts';
import { findImage } from '../../src/node/docker/docker-daemon-images.ts';
import { rejection } from '../support/failure.ts';
import { startFakeEngine } from '../support/fake-engine.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/real/temporary.ts';
import { imageParts } from '../support/saved-archives.ts';
import { type Certificates, makeCertificates, withoutTls } from '../support/tls.ts';

let folder: TemporaryDirectory;

before(async () => {
  folder = await temporaryDirectory('engine-host');
});
after(() => folder.remove());

const HOME = '/nonexistent';

const addresses: readonly (readonly [host: string, where: object])[] = [
  ['unix:///run/user/1000/docker.sock', { socketPath: '/run/user/1000/docker.sock' }],
  ['npipe:////./pipe/docker_engine', { socketPath: '//./pipe/docker_engine' }],
  ['tcp://build.example:2375', { origin: 'http://build.example:2375', tls: undefined }],
  ['tcp://build.example', { origin: 'http://build.example:2375', tls: undefined }],
  ['tcp://[::1]:2375/', { origin: 'http://[::1]:2375', tls: undefined }],
  ['https://build.example', { origin: 'https://build.example:2376', tls: undefined }],
  ['http://127.0.0.1:80', { origin: 'http://127.0.0.1', tls: undefined }],
  ['build.example:1234', { origin: 'http://build.example:1234', tls: undefined }],
];

test('CAP-J7: an engine’s address is what docker takes for one', async () => {
  for (const [host, where] of addresses) {
    assert.deepEqual(await engineAddress({ env: { DOCKER_HOST: host, HOME } }), { name: host, ...where });
    assert.deepEqual(await engineAddress({ host, env: { DOCKER_HOST: 'tcp://other', HOME } }), {
      name: host,
      ...where,
    });
  }
  const own = await engineAddress({ env: { HOME, DOCKER_HOST: '' } });
  assert.equal(own.socketPath, process.platform === 'win32' ? '//./pipe/docker_engine' : '/var/run/docker.sock');
});

test('CAP-J7: a path that is too long for a socket is refused: a shorter one would be asked', async () => {
  for (const length of [108, 150]) {
    const host = `unix://${'/long'.repeat(30).slice(0, length)}`;
    const error = await rejection('CONFIG_INVALID', engineAddress({ host, env: { HOME } }));
    assert.match(error.message, /the path of a socket has at most 10[37] bytes/);
  }
  const longest = `/${'x'.repeat(102)}`;
  assert.equal((await engineAddress({ host: `unix://${longest}`, env: { HOME } })).socketPath, longest);
});

test('CAP-J7: what is no address is refused, without a password in it', async () => {
  for (const host of ['ftp://x', 'tcp://', 'unix://', 'tcp://a/b', 'tcp://me:secret@a:1', 'tcp://a b']) {
    const error = await rejection('CONFIG_INVALID', engineAddress({ host, env: { HOME } }));
    assert.ok(!error.message.includes('secret'));
  }
  const { hint } = await rejection('UNSUPPORTED', engineAddress({ host: 'ssh://me@build.example', env: { HOME } }));
  assert.match(hint ?? '', /ssh -L/);
});

test('CAP-J7: a context is found by its name; $DOCKER_HOST wins over it', async () => {
  const DOCKER_CONFIG = join(folder.path, 'contexts');
  const meta = join(DOCKER_CONFIG, 'contexts/meta', createHash('sha256').update('büro').digest('hex'));
  await mkdir(meta, { recursive: true });
  const Endpoints = { docker: { Host: 'tcp://build.example:2376', SkipTLSVerify: true } };
  await writeFile(join(meta, 'meta.json'), JSON.stringify({ Name: 'büro', Endpoints }));
  const env = { DOCKER_CONFIG, DOCKER_CONTEXT: 'büro' };
  assert.deepEqual(await engineAddress({ env }), {
    name: 'tcp://build.example:2376',
    origin: 'https://build.example:2376',
    tls: { insecure: true },
  });
  assert.equal((await engineAddress({ env: { ...env, DOCKER_HOST: 'unix:///x' } })).socketPath, '/x');
  assert.ok((await engineAddress({ env: { DOCKER_CONFIG, DOCKER_CONTEXT: 'default' } })).socketPath);
});

test('CAP-J7: with TLS, both sides show their certificates', { skip: withoutTls }, async (t) => {
  const certificates: Certificates = makeCertificates();
  const { ca, server, client } = certificates;
  const engine = await startFakeEngine({
    port: true,
    tls: { ...server, ca, requestCert: true, rejectUnauthorized: true },
  });
  t.after(() => engine.close());
  engine.images.push(await imageParts(['one'], 'app:1'));
  const DOCKER_CERT_PATH = join(folder.path, 'certificates');
  await mkdir(DOCKER_CERT_PATH);
  await writeFile(join(DOCKER_CERT_PATH, 'ca.pem'), ca);
  await writeFile(join(DOCKER_CERT_PATH, 'cert.pem'), client.cert);
  await writeFile(join(DOCKER_CERT_PATH, 'key.pem'), client.key);
  const env = { DOCKER_HOST: engine.host, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH };
  const opened = await openEngine({ env });
  assert.match((await findImage(opened, 'app:1', {}))?.digest ?? '', /^sha256:/);
  assert.equal(await findImage(opened, 'app:2', {}), undefined);
  const before = engine.requests.length;
  await rejection('TLS', openEngine({ host: engine.host.replace('tcp', 'https'), env: { HOME } }));
  await rejection('CONFIG_INVALID', openEngine({ env: { ...env, DOCKER_CERT_PATH: folder.path } }));
  assert.equal(engine.requests.length, before);
});

test('CAP-J7: a signal ends what is under way', async (t) => {
  const ending = new AbortController();
  const engine = await startFakeEngine({
    answer(request) {
      if (request.url === '/_ping') return false;
      ending.abort();
      return true;
    },
  });
  t.after(() => engine.close());
  const opened = await openEngine({ host: engine.host });
  await rejection('ABORTED', findImage(opened, 'app:1', { signal: ending.signal }));
});

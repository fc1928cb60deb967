/** What docker_registry2 said of connecting: where requests go, how long they may take, and through what. */
import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import type { HttpRequest, Send } from '../../src/http/types.ts';
import { serve } from '../../src/node/serve/serve.ts';
import { nodeTransport, type NodeTransportOptions } from '../../src/node/http/transport.ts';
import { type Client, type ClientOptions, createClient } from '../../src/registry/client.ts';
import { contentFrom } from '../../src/store/content.ts';
import { putImage } from '../../src/testing/fixtures.ts';
import { all } from '../../src/testing/samples.ts';
import { cli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';
import { command } from '../support/command.ts';
import { failure, rejection } from '../support/failure.ts';
import { startOrigin, startRaw } from '../support/http-origin.ts';
import { startProxy } from '../support/http-proxy.ts';
import { scratch } from '../support/layouts.ts';
import { belowPath } from '../support/path-prefix.ts';
import { servedRegistry } from '../support/served-registry.ts';
import { testClock } from '../support/test-clock.ts';
import { makeCertificates, withoutTls } from '../support/tls.ts';

let world: World;
before(async () => {
  world = await openWorld();
});
after(() => world.close());

/** A client over sockets that ends with the test. */
function clientOf(t: TestContext, transport: NodeTransportOptions, options: ClientOptions = {}): Client {
  const wire = nodeTransport({ proxy: false, ...transport });
  t.after(() => wire.close());
  return createClient({ transport: wire, clock: testClock(), ...options });
}

/** A transport that finds nothing, and what it was asked. */
function recorder(): { transport: Send; urls: string[] } {
  const urls: string[] = [];
  const transport: Send = async ({ url }: HttpRequest) => {
    urls.push(url);
    return { status: 404, headers: {}, url, body: (async function* () {})(), cancel: async () => undefined };
  };
  return { transport, urls };
}

test('RUBY-1: no docker is run, and no daemon asked', async (t) => {
  const folder = await scratch(t);
  await mkdir(join(folder, 'bin'));
  for (const name of ['docker', 'podman']) {
    await writeFile(join(folder, 'bin', name), `#!/bin/sh\necho "$@" >> ${join(folder, 'was-run')}\n`);
    await chmod(join(folder, 'bin', name), 0o755);
  }
  let connections = 0;
  await using daemon = await startRaw((socket) => {
    connections++;
    socket.destroy();
  });
  const host = `tcp://127.0.0.1:${daemon.port}`;
  const env = { PATH: join(folder, 'bin'), DOCKER_HOST: host, CONTAINER_HOST: host };
  for (const line of [
    'pull REGISTRY/team/app:1.0 image',
    'push oci:image:1.0 REGISTRY/without/docker:1',
    'tags REGISTRY/without/docker',
  ]) {
    const { code, stderr } = await command(line.replaceAll('REGISTRY', world.host).split(' '), { cwd: folder, env });
    assert.equal(code, 0, stderr);
  }
  assert.equal(connections, 0);
  assert.deepEqual((await readdir(folder)).sort(), ['bin', 'image']);
});

test('RUBY-2: a registry at an address is asked below /v2/ of it, when a verb is called', async (t) => {
  world.requests.length = 0;
  const client = clientOf(t, {}, { hosts: { 'my.registry.test': { origin: `http://${world.host}` } } });
  const registry = client.registry('https://my.registry.test');
  const repository = registry.repository('team/single');
  assert.deepEqual(world.requests, []);
  await all(repository.tags());
  const line = ['tags', 'my.registry.test/team/single', '--host', `my.registry.test,origin=http://${world.host}`];
  assert.equal((await cli(line)).stdout, '1\n');
  assert.deepEqual(
    world.requests.map(({ path }) => path),
    Array(2).fill('/v2/team/single/tags/list?n=1000'),
  );
});

test('RUBY-3: a name without a registry is one of Docker Hub', async (t) => {
  const { transport, urls } = recorder();
  await rejection('NOT_FOUND', all(createClient({ transport, clock: testClock() }).repository('alpine').tags()));
  assert.equal(urls[0], 'https://registry-1.docker.io/v2/library/alpine/tags/list?n=1000');
  const hub = await servedRegistry();
  t.after(hub.close);
  await putImage(hub.registry.repository('library/alpine'), { layers: [], tags: ['3.20'] });
  const { code, stdout } = await cli(['tags', 'alpine', '--host', `docker.io,origin=http://${hub.host}`]);
  assert.deepEqual([code, stdout], [0, '3.20\n']);
  assert.equal(hub.log.at(-1)?.path, '/v2/library/alpine/tags/list?n=1000');
});

test('RUBY-4: a registry behind a path prefix is asked below it, and nowhere else', async (t) => {
  const asked: string[] = [];
  const { host, close } = await servedRegistry([belowPath('/dockerproxy', asked)]);
  t.after(close);
  for (const settings of [
    { pathPrefix: '/dockerproxy' },
    { origin: `http://${host}/dockerproxy` },
    { origin: `http://${host}/dockerproxy/` },
  ]) {
    const client = clientOf(t, {}, { hosts: { [host]: settings } });
    await client.ping(host);
    const repository = client.repository(`${host}/team/app`);
    const content = contentFrom(new TextEncoder().encode(JSON.stringify(settings)));
    assert.equal(await repository.putBlob(content), 'written');
    assert.equal((await repository.stat(content.descriptor.digest))?.size, content.descriptor.size);
  }
  const flag = `${host},prefix=/dockerproxy`;
  const pushed = await cli(['copy', `${world.host}/team/app:1.0`, `${host}/team/app:1,2,3`, '--host', flag]);
  assert.equal(pushed.code, 0, pushed.stderr);
  assert.equal((await cli(['tags', `${host}/team/app`, '--host', flag])).stdout, '1\n2\n3\n');
  assert.ok(
    asked.every((path) => path.startsWith('/dockerproxy/v2/')),
    asked.join(' '),
  );
  assert.equal((await cli(['ping', host])).code, 7);
});

/** Runs a command with a settings file. */
async function withSettings(t: TestContext, yaml: string, ...argv: string[]): ReturnType<typeof cli> {
  const folder = await scratch(t);
  await mkdir(join(folder, 'lading'));
  await writeFile(join(folder, 'lading', 'config.yaml'), yaml);
  return cli(argv, { env: { XDG_CONFIG_HOME: folder } });
}

const RETRY_NONE = { attempts: 1 };

test('RUBY-5: the time to connect is bounded, and can be set', async (t) => {
  await using silent = await startRaw(() => undefined);
  const host = `127.0.0.1:${silent.port}`;
  const options = { hosts: { [host]: { plainHttp: false } }, retry: RETRY_NONE };
  const client = clientOf(t, { timeouts: { connectMs: 40 } }, options);
  assert.match((await rejection('TIMEOUT', client.ping(host))).message, /no connection within 40 ms/);
  const settings = 'timeouts: { connect: 40ms, head: 1h }';
  const { code, stderr } = await withSettings(t, settings, 'ping', host, '--host', `${host},tls=on`);
  assert.equal(code, 6);
  assert.match(stderr, /no connection within 40 ms.*\(TIMEOUT\)/);
});

test('RUBY-6: the time to answer is bounded, and can be set on its own', async (t) => {
  await using silent = await startRaw(() => undefined);
  const host = `127.0.0.1:${silent.port}`;
  const client = clientOf(t, { timeouts: { headMs: 40, idleMs: 50 } }, { retry: RETRY_NONE });
  assert.match((await rejection('TIMEOUT', client.ping(host))).message, /40 ms/);
  await using stalling = await startOrigin((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).write('{"tags":');
  });
  const tags = client.repository(`127.0.0.1:${stalling.port}/team/app`).tags();
  assert.match((await rejection('TIMEOUT', all(tags))).message, /50 ms/);
  const { code, stderr } = await withSettings(t, 'timeouts: { connect: 1h, head: 40ms }', 'ping', host);
  assert.equal(code, 6);
  assert.match(stderr, /40 ms.*\(TIMEOUT\)/);
});

test('RUBY-7 NODE-20: requests go through a proxy, and past it where that is said', async (t) => {
  await using proxy = await startOrigin((_, response) => {
    response.setHeader('content-type', 'application/json').end('{"name":"team/app","tags":["by-proxy"]}');
  });
  const hosts = { 'registry.test': { plainHttp: true } };
  const client = clientOf(t, { proxy: proxy.url }, { hosts });
  assert.deepEqual(await all(client.repository('registry.test/team/app').tags()), ['by-proxy']);
  const flags = ['--plain-http', 'registry.test', '--retry', '0'];
  const through = await command(['tags', 'registry.test/team/app', ...flags], { env: { HTTP_PROXY: proxy.url } });
  assert.equal(through.stdout, 'by-proxy\n', through.stderr);
  const wanted = 'http://registry.test/v2/team/app/tags/list?n=1000';
  assert.deepEqual(
    proxy.requests.map(({ path }) => path),
    [wanted, wanted],
  );
  const [, port = ''] = world.host.split(':');
  const name = `registry.test:${port}`;
  const past = ['tags', `${name}/team/single`, '--plain-http', name, '--resolve', `${name}:127.0.0.1`];
  const env = { HTTP_PROXY: proxy.url, NO_PROXY: '.test' };
  assert.equal((await command(past, { env })).stdout, '1\n');
  assert.equal(proxy.requests.length, 2);
  await using tunnel = await startProxy(407);
  const refused = await command(['ping', 'registry.test'], { env: { HTTPS_PROXY: tunnel.url } });
  assert.equal(refused.code, 6);
  assert.deepEqual(tunnel.asked, ['CONNECT registry.test:443']);
});

test('RUBY-8: headers of the user’s own go with every request to a registry, and to no other', async () => {
  world.requests.length = 0;
  const other = await openWorld();
  const line = `copy ${world.host}/team/single:1 ${other.host}/team/single:2 --host ${world.host},header=X-Team:web`;
  const { code, stderr } = await cli(line.split(' '));
  await other.close();
  assert.equal(code, 0, stderr);
  assert.deepEqual(new Set(world.requests.map(({ headers }) => headers['x-team'])), new Set(['web']));
  assert.deepEqual(new Set(other.requests.map(({ headers }) => headers['x-team'])), new Set([undefined]));
});

test('RUBY-8 RUBY-16: trust is handed through, and without it TLS is refused', { skip: withoutTls }, async (t) => {
  const { ca, server } = makeCertificates();
  const asked: string[] = [];
  const answer = async ({ url }: Request): Promise<Response> => Response.json({ n: asked.push(url) });
  const served = await serve(answer, { tls: server });
  t.after(served.close);
  const { host } = served;
  const hosts = { [host]: { plainHttp: false } };
  for (const trust of [{ ca: [ca] }, { tls: { [host]: { ca: [ca] } } }, { tls: { [host]: { insecure: true } } }]) {
    await clientOf(t, trust, { hosts }).ping(host);
  }
  await rejection('TLS', clientOf(t, {}, { hosts }).ping(host));
  const cwd = await scratch(t);
  await writeFile(join(cwd, 'ca.pem'), ca);
  const ping = ['ping', host, '--host', `${host},tls=on`];
  const trusting = await cli([...ping, '--ca-file', 'ca.pem'], { cwd });
  assert.equal(trusting.code, 0, trusting.stderr);
  const { code, stderr } = await cli(ping);
  assert.equal(code, 6);
  assert.match(stderr, /\(TLS\); hint: .*--ca-file/);
  assert.equal(asked.length, 4);
});

test('RUBY-12: a user name and a password in an address are refused, and not repeated', async () => {
  const { transport, urls } = recorder();
  const client = createClient({ transport });
  const attempts: readonly (() => unknown)[] = [
    () => client.registry('https://me:CANARY@registry.test'),
    () => client.registry('me:CANARY@registry.test'),
    () => client.repository('https://me:CANARY@registry.test/app'),
    () => client.repository('me:CANARY@registry.test/app'),
    () => createClient({ transport, hosts: { 'https://me:CANARY@registry.test': {} } }),
    () => createClient({ transport, hosts: { 'registry.test': { mirrors: ['https://me:CANARY@mirror.test'] } } }),
  ];
  for (const attempt of attempts) assert.doesNotMatch(String(failure('REFERENCE_INVALID', attempt).stack), /CANARY/);
  const hosts = { 'registry.test': { origin: 'https://me:CANARY@registry.test' } };
  const { message, hint } = failure('CONFIG_INVALID', () => createClient({ transport, hosts }));
  assert.doesNotMatch(`${message} ${hint}`, /CANARY/);
  for (const line of [
    'ping https://me:CANARY@registry.test',
    'repos me:CANARY@registry.test',
    'tags https://me:CANARY@registry.test/app',
    'pull me:CANARY@registry.test/app:1 there',
    'tags registry.test/app --plain-http me:CANARY@registry.test',
    'tags registry.test/app --host registry.test,mirror=https://me:CANARY@mirror.test',
  ]) {
    const { code, stdout, stderr } = await cli([...line.split(' '), '--progress', 'json']);
    assert.equal(code, 2, line);
    assert.doesNotMatch(stdout + stderr, /CANARY/, line);
    assert.match(stderr, /REFERENCE_INVALID/);
  }
  assert.deepEqual(urls, []);
});

test('RUBY-15: an unknown host, a closed port and another kind of server are told apart', async () => {
  const web = await serve(async () => new Response('<html>', { headers: { 'content-type': 'text/html' } }));
  try {
    for (const [host, code, told] of [
      ['no-such-host.invalid', 6, /cannot reach no-such-host\.invalid: .*\(UNREACHABLE\)/],
      ['127.0.0.1:1', 6, /cannot reach 127\.0\.0\.1:1: connection refused \(UNREACHABLE\)/],
      [web.host, 7, /is no registry: .*\(NOT_A_REGISTRY\)/],
    ] as const) {
      const result = await command(['ping', host]);
      assert.equal(result.code, code, result.stderr);
      assert.match(result.stderr, told);
    }
  } finally {
    await web.close();
  }
});

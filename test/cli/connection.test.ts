/** How a command reaches a registry: where it is, over what, through what, and how long it waits. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { serve } from '../../src/node/serve/serve.ts';
import { createServer } from '../../src/server/app.ts';
import { answerWith, stallBeforeAnswer } from '../../src/testing/faults.ts';
import { redirectBlobs } from '../../src/testing/quirks.ts';
import { underPath } from '../../src/testing/vendors/recorded.ts';
import { only } from '../../src/testing/wrap.ts';
import { cli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';
import { startOrigin } from '../support/http-origin.ts';
import { startProxy } from '../support/http-proxy.ts';
import { startVendorWorld } from '../support/vendor-world.ts';
import { type Certificates, makeCertificates, withoutTls } from '../support/tls.ts';

let world: World;
before(async () => {
  world = await openWorld();
});
after(() => world.close());

/** The world under another name, which DNS does not know. */
const alias = (host = world.host): { readonly name: string; readonly resolve: readonly string[] } => {
  const port = host.split(':')[1];
  return { name: `registry.test:${port}`, resolve: ['--resolve', `registry.test:${port}:127.0.0.1`] };
};

test('B1 CONN-1: a prefix stands before every path', async () => {
  const asked: string[] = [];
  const registry = createServer({ registry: world.registry });
  const below = await serve((request, info) => {
    asked.push(new URL(request.url).pathname);
    return underPath('/proxy/docker')(registry)(request, info);
  });
  try {
    const prefix = ['--host', `${below.host},prefix=/proxy/docker`];
    assert.equal((await cli(['tags', `${below.host}/team/single`, ...prefix])).stdout, '1\n');
    const pushed = await cli(['copy', `${world.host}/team/app:1.0`, `${below.host}/new/app:1`, ...prefix]);
    assert.equal(pushed.code, 0, pushed.stderr);
    assert.ok(asked.length > 10 && asked.every((one) => one.startsWith('/proxy/docker/v2/')));
    assert.equal((await cli(['tags', `${below.host}/team/single`])).code, 3);
  } finally {
    await below.close();
  }
});

test('CONN-2 GO-21: https unless http was said', async () => {
  const { name, resolve } = alias();
  world.requests.length = 0;
  const secure = await cli(['tags', `${name}/team/single`, ...resolve, '--retry', '0']);
  assert.equal(secure.code, 6);
  assert.match(secure.stderr, /does not speak TLS \(TLS\); hint: if it speaks plain http, say so: --plain-http /);
  assert.deepEqual(world.requests, []);
  const plain = await cli(['tags', `${name}/team/single`, ...resolve, '--plain-http', name]);
  assert.equal(plain.stdout, '1\n');
});

describe('over TLS', { skip: withoutTls }, () => {
  let made: Certificates;
  let folder: string;
  before(async () => {
    made = makeCertificates();
    folder = await mkdtemp(path.join(tmpdir(), 'lading-connection-'));
    for (const [file, text] of [
      ['ca.pem', made.ca],
      ['client.pem', made.client.cert],
      ['client.key', made.client.key],
    ] as const)
      await writeFile(path.join(folder, file), text);
  });
  after(() => rm(folder, { recursive: true }));

  test('B5 CONN-3: an authority is trusted when it is named, and a certificate that signs itself refused', async () => {
    const registry = { registry: world.registry };
    const signed = await serve(registry, { tls: made.server });
    const own = await serve(registry, { tls: made.selfSigned });
    const tags = (host: string, ...flags: string[]): ReturnType<typeof cli> =>
      cli(['tags', `${host}/team/single`, '--host', `${host},tls=on`, ...flags], { cwd: folder });
    try {
      const refused = await tags(own.host);
      assert.equal(refused.code, 6);
      assert.match(refused.stderr, /its certificate is self-signed \(TLS\); hint: .*--ca-file FILE/);
      assert.equal((await tags(signed.host)).code, 6);
      assert.equal((await tags(signed.host, '--ca-file', 'ca.pem')).stdout, '1\n');
      assert.equal((await tags(own.host, '--ca-file', 'ca.pem')).code, 6);
      assert.equal((await tags(own.host, '--insecure', own.host)).stdout, '1\n');
      assert.equal((await tags(own.host, '--insecure', signed.host)).code, 6);
    } finally {
      await Promise.all([signed.close(), own.close()]);
    }
  });

  test('CONN-3: a client certificate is shown to the registry that was named', async () => {
    const server = await serve({ registry: world.registry }, { tls: { ...made.server, ca: made.ca } });
    const { host } = server;
    const tags = (...flags: string[]): ReturnType<typeof cli> =>
      cli(['tags', `${host}/team/single`, '--host', `${host},tls=on`, '--ca-file', 'ca.pem', ...flags], {
        cwd: folder,
      });
    try {
      assert.equal((await tags('--retry', '0')).code, 6);
      assert.equal((await tags('--cert-file', 'client.pem', '--key-file', 'client.key')).stdout, '1\n');
    } finally {
      await server.close();
    }
  });

  test('B4 CONN-4: https goes through a tunnel of the proxy', async () => {
    const server = await serve({ registry: world.registry }, { tls: made.server });
    await using proxy = await startProxy(undefined, server.host);
    const { name } = alias(server.host);
    try {
      const run = await withProxies({ HTTPS_PROXY: proxy.url }, (env) =>
        cli(['tags', `${name}/team/single`, '--ca-file', 'ca.pem'], { cwd: folder, env }),
      );
      assert.equal(run.stdout, '1\n', run.stderr);
      assert.deepEqual(proxy.asked, [`CONNECT ${name}`]);
      assert.doesNotMatch(proxy.seen(), /team\/single/);
    } finally {
      await server.close();
    }
  });
});

/** Proxies are found as all of node finds them: in the environment of the process. */
async function withProxies<T>(
  proxies: Readonly<Record<string, string>>,
  run: (env: Readonly<Record<string, string>>) => Promise<T>,
): Promise<T> {
  const before = { ...process.env };
  for (const name of ['http_proxy', 'https_proxy', 'no_proxy', 'all_proxy'])
    for (const spelt of [name, name.toUpperCase()]) delete process.env[spelt];
  Object.assign(process.env, proxies);
  try {
    return await run(proxies);
  } finally {
    for (const name of Object.keys(proxies)) delete process.env[name];
    Object.assign(process.env, before);
  }
}

test('B4 CONN-4: requests go through the proxy, and past it where NO_PROXY says so', async () => {
  await using proxy = await startProxy(undefined, world.host);
  const { name, resolve } = alias();
  const tags = ['tags', `${name}/team/single`, '--plain-http', name, ...resolve];
  const through = await withProxies({ HTTP_PROXY: proxy.url }, (env) => cli(tags, { env }));
  assert.equal(through.stdout, '1\n', through.stderr);
  assert.deepEqual(proxy.asked, [`GET http://${name}/v2/team/single/tags/list?n=1000`]);
  const past = await withProxies({ HTTP_PROXY: proxy.url, NO_PROXY: 'registry.test' }, (env) => cli(tags, { env }));
  assert.equal(past.stdout, '1\n', past.stderr);
  assert.equal(proxy.asked.length, 1);
  const gone = await withProxies({ HTTP_PROXY: 'http://127.0.0.1:1' }, (env) =>
    cli([...tags, '--retry', '0'], { env }),
  );
  assert.equal(gone.code, 6);
});

test('B3 CONN-5 GO-1: a registry that does not answer is given up, in all or at a step', async () => {
  const silent = await serve(stallBeforeAnswer()(createServer({ registry: world.registry })), { graceMs: 0 });
  const home = await mkdtemp(path.join(tmpdir(), 'lading-connection-'));
  try {
    const whole = await cli(['tags', `${silent.host}/team/single`, '--timeout', '100ms']);
    assert.equal(whole.code, 6);
    assert.match(whole.stderr, /gave up after 100 ?ms \(TIMEOUT\)/);
    await mkdir(path.join(home, 'lading'));
    await writeFile(path.join(home, 'lading', 'config.yaml'), 'timeouts: { head: 100ms }\n');
    const flags = ['--retry', '0'];
    const step = await cli(['tags', `${silent.host}/team/single`, ...flags], { env: { XDG_CONFIG_HOME: home } });
    assert.equal(step.code, 6);
    assert.match(step.stderr, /no answer within 100 ms \(TIMEOUT\)/);
  } finally {
    await silent.close();
    await rm(home, { recursive: true });
  }
});

test('CONN-6: what fails for a moment is asked again, as often as was said', async () => {
  const busy = (times: number): Promise<Awaited<ReturnType<typeof serve>>> =>
    serve(only(answerWith(503, { 'retry-after': '0' }), { times })(createServer({ registry: world.registry })));
  for (const [times, flags, code] of [
    [2, [], 0],
    [2, ['--retry', '2'], 0],
    [2, ['--retry', '1'], 1],
    [1, ['--retry', '0'], 1],
  ] as const) {
    const served = await busy(times);
    const result = await cli(['tags', `${served.host}/team/single`, ...flags]);
    await served.close();
    assert.equal(result.code, code, result.stderr);
    if (code === 1) assert.match(result.stderr, /answered 503.*\(SERVER_ERROR\)/);
  }
});

test('CONN-7: a blob comes from where the registry sends its readers', async () => {
  const blob = world.single.blobs[1] ?? assert.fail();
  await using storage = await startOrigin((_, response) => {
    void (async () => {
      for await (const chunk of blob.open()) response.write(chunk);
      response.end();
    })();
  });
  const served = await serve(redirectBlobs(storage.url)(createServer({ registry: world.registry })));
  try {
    const flags = ['--creds', 'me:CANARY', '--host', `${served.host},header=X-Team:CANARY`];
    const got = await cli(['blob', 'get', `${served.host}/team/single@${blob.descriptor.digest}`, ...flags]);
    assert.equal(got.code, 0, got.stderr);
    assert.equal(got.stdoutBytes.length, blob.descriptor.size);
    assert.equal(storage.requests.length, 1);
    assert.doesNotMatch(JSON.stringify(storage.requests), /CANARY|authorization/i);
  } finally {
    await served.close();
  }
});

test('C6: an upload goes on where the registry says, without the password there', async () => {
  const { vendor, image } = await startVendorWorld('basic');
  const home = await mkdtemp(path.join(tmpdir(), 'lading-connection-'));
  const account = vendor.credential ?? assert.fail();
  assert.ok('password' in account);
  const creds = ['--creds', `${account.username}:${account.password}`];
  try {
    const pulled = await cli(['pull', `${vendor.host}/team/app:v1`, 'layout', ...creds], { cwd: home });
    assert.equal(pulled.code, 0, pulled.stderr);
    vendor.requests.elsewhere.length = 0;
    const pushed = await cli(['push', 'layout', `${vendor.host}/team/new:v1`, ...creds], { cwd: home });
    assert.equal(pushed.code, 0, pushed.stderr);
    const { elsewhere } = vendor.requests;
    assert.equal(
      elsewhere.filter(({ method, status }) => method === 'PUT' && status === 201).length,
      image.blobs.length,
    );
    assert.ok(elsewhere.every(({ headers }) => headers.authorization === undefined));
    const there = await vendor.registry.repository('team/new').resolve('v1');
    assert.equal(there?.digest, image.manifest.descriptor.digest);
  } finally {
    await vendor.close();
    await rm(home, { recursive: true });
  }
});

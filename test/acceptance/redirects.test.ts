/** A registry that sends readers elsewhere: what the other place learns of them, and where nobody may be sent. */
import assert from 'node:assert/strict';
import { before, test, type TestContext } from 'node:test';
import { join } from 'node:path';
import { readdir, readFile } from 'node:fs/promises';
import { readAll } from '../../src/bytes/read.ts';
import { fixedCredentials } from '../../src/http/credentials.ts';
import { nodeTransport } from '../../src/node/http/transport.ts';
import { createClient } from '../../src/registry/client.ts';
import { createServer } from '../../src/server/app.ts';
import { basicAccess } from '../../src/server/basic-access.ts';
import type { Handler } from '../../src/server/handler.ts';
import { createMemoryRegistry } from '../../src/store/memory.ts';
import type { Content, IngestRegistry } from '../../src/store/types.ts';
import { type Built, buildImage, putBuilt } from '../../src/testing/fixtures.ts';
import * as quirks from '../../src/testing/quirks.ts';
import { answering, requestTo } from '../../src/testing/wrap.ts';
import { canary } from '../support/planted-secrets.ts';
import { assertStranger, assertTold, hostileNetwork, type Network, type Place } from '../support/hostile-network.ts';
import { startOrigin } from '../support/http-origin.ts';
import { refused } from '../support/refused.ts';
import { withoutTls } from '../support/tls.ts';

const skip = withoutTls;
const login = ['--creds', `me:${canary.password}`];
const headers = { 'x-api-key': canary.header, cookie: canary.cookie };
const access = basicAccess({ check: (user, password) => user === 'me' && password === canary.password });

let registry: IngestRegistry;
let image: Built;
let open: Handler;
let blobs: readonly Content[];

before(async () => {
  registry = createMemoryRegistry();
  image = await buildImage({ layers: [{ files: { a: 'one' } }, { files: { b: 'two' } }] });
  await putBuilt(registry.repository('team/app'), image, { tags: ['1'] });
  open = createServer({ registry });
  ({ blobs } = image);
});

/** What reads every blob of the image at `reg.test`, and what has to come of it. */
async function readBlobs(network: Network, reg: Place, hosts: Readonly<Record<string, object>> = {}): Promise<void> {
  const credentials = fixedCredentials({ [reg.host]: { username: 'me', password: canary.password } });
  const client = network.client({
    credentials,
    hosts: { [reg.host]: { headers, ...hosts[reg.host] }, ...hosts },
    certified: reg.host,
  });
  const repository = client.repository(`${reg.host}/team/app`);
  for (const blob of blobs) {
    assert.deepEqual(await bytesOf(repository.blob(blob.descriptor)), await bytesOf(blob));
  }
}

test('G01: a redirected blob carries nothing of the user, and the next one is authenticated again', {
  skip,
}, async (t) => {
  const network = await hostileNetwork(t);
  const cdn = await network.open('cdn.test', quirks.refuseAuthorization()(open));
  const reg = await network.open('reg.test', quirks.redirectBlobs(cdn.url)(createServer({ registry, access })));

  await readBlobs(network, reg);
  const at = (place: Place) => place.requests.filter(({ path }) => path.includes('/blobs/sha256'));
  assert.deepEqual([at(reg).filter(isKnown).length, cdn.requests.length], [blobs.length, blobs.length]);
  for (const request of cdn.requests) assertStranger(request);
  assertShown(at(reg));

  reg.lines();
  cdn.lines();
  const to = join(network.folder, 'pulled');
  const own = ['--host', `${reg.host},header=X-Api-Key:${canary.header},header=Cookie:${canary.cookie}`];
  const { code, stderr } = await network.cli(['pull', `${reg.host}/team/app:1`, to, ...login, ...own], {
    certified: true,
  });
  assert.equal(code, 0, stderr);
  assert.equal(cdn.requests.length, blobs.length);
  for (const request of cdn.requests) assertStranger(request);
  assertShown(at(reg));
  assert.deepEqual((await readdir(join(to, 'blobs', 'sha256'))).length, blobs.length + 1);
  for (const blob of blobs) {
    assert.deepEqual(await readFile(join(to, 'blobs', ...blob.descriptor.digest.split(':'))), await bytesOf(blob));
  }
});

test('G01: the signed query of a redirect stands on the wire as it was written', async () => {
  const [blob = assert.fail()] = blobs;
  const bytes = await bytesOf(blob);
  const signed = "/cdn?sig=a'b%27c%2fd+e&'&_state=(x)!*";
  await using origin = await startOrigin(({ url = '' }, response) => {
    if (url.startsWith('/cdn')) response.end(bytes);
    else response.writeHead(307, { location: signed }).end();
  });
  const transport = nodeTransport({ proxy: false });
  try {
    const repository = createClient({ transport }).repository(`127.0.0.1:${origin.port}/team/app`);
    assert.deepEqual(await bytesOf(repository.blob(blob.descriptor)), bytes);
    assert.equal(origin.requests.at(-1)?.path, signed);
  } finally {
    transport.close();
  }
});

const bytesOf = async (content: Content): Promise<Buffer> =>
  Buffer.from(await readAll(content.open(), content.descriptor.size, 'a blob'));

/** There is something to leak: for each blob the registry itself was shown all of it. */
function assertShown(requests: Place['requests']): void {
  const known = requests.filter(isKnown);
  assert.equal(known.length, blobs.length);
  for (const { headers: sent, certificate } of known) {
    assert.deepEqual([sent['x-api-key'], sent.cookie, certificate], [canary.header, canary.cookie, true]);
  }
}

const isKnown = ({ headers: { authorization } }: Place['requests'][number]): boolean => authorization !== undefined;

test('G02: from https to http nobody is sent, unless the user speaks http with that host', { skip }, async (t) => {
  const network = await hostileNetwork(t);
  const cdn = await network.open('cdn.test', quirks.refuseAuthorization()(open), { plain: true });
  const reg = await network.open(
    'reg.test',
    quirks.redirectBlobs(cdn.url, { status: 302 })(createServer({ registry, access })),
  );
  const hint = new RegExp(`--plain-http ${cdn.host}`);

  const error = await refused(readBlobs(network, reg), 'REDIRECT_REFUSED', /reg\.test:\d+ to http:\/\/cdn\.test/);
  assert.match(error.hint ?? '', hint);
  const pull = ['pull', `${reg.host}/team/app:1`, ...login];
  const told = await network.cli([...pull, join(network.folder, 'none')]);
  assertTold(told, 1, /reg\.test:\d+ to http:\/\/cdn\.test:\d+.*\(REDIRECT_REFUSED\)/, hint);
  assert.deepEqual(cdn.requests, []);
  assert.ok(!network.attempts().includes(`127.0.0.1:${cdn.port}`));

  await readBlobs(network, reg, { [cdn.host]: { plainHttp: true } });
  const pulled = await network.cli([...pull, join(network.folder, 'all'), '--plain-http', cdn.host]);
  assert.equal(pulled.code, 0, pulled.stderr);
  assert.equal(cdn.requests.length, 2 * blobs.length);
  for (const request of cdn.requests) assertStranger(request);
});

/** `PORT` is that of somebody who listens on this machine. */
const inside: readonly string[] = [
  '//169.254.169.254/latest/meta-data',
  '//169.254.169.254:PORT/',
  '//[::ffff:169.254.169.254]/',
  '//[::ffff:a9fe:a9fe]:PORT/',
  '//[fd00:ec2::254]/',
  '//2130706433:PORT/',
  '//0x7f.1:PORT/',
  '//0177.0.0.1:PORT/',
  '//127.1:PORT/',
  '//127.0.0.1:PORT/',
  '//[::1]:PORT/',
  '//0.0.0.0:PORT/',
  '//localhost:PORT/',
  '//localhost.:PORT/',
  '//127.0.0.1.nip.io:PORT/',
  '//meta.test:PORT/',
  '//own.test:PORT/',
];

async function refusesAll(t: TestContext, schemeOfRegistry: 'http' | 'https', scheme: 'http' | 'https'): Promise<void> {
  const network = await hostileNetwork(t);
  const plain = schemeOfRegistry === 'http' ? ({ plain: true } as const) : {};
  const victim = await network.open('victim.test', open, scheme === 'http' ? { plain: true } : {});
  let location = '';
  const moved = answering(requestTo('blob', 'GET'), () => new Response(null, { status: 302, headers: { location } }));
  const reg = await network.open('reg.test', moved(open), plain);
  const plainFlag = schemeOfRegistry === 'http' ? ['--plain-http', reg.host] : [];
  const client = network.client({ hosts: plainFlag.length > 0 ? { [reg.host]: { plainHttp: true } } : {} });
  const blob = client.repository(`${reg.host}/team/app`).blob(blobs[0]?.descriptor ?? assert.fail());
  network.attempts();
  for (const where of inside) {
    location = `${scheme}:${where.replace('PORT', String(victim.port))}`;
    await refused(readAll(blob.open(), 1e6, 'a blob'), 'REDIRECT_REFUSED', /reg\.test/);
    const line = ['blob', 'get', `${reg.host}/team/app@${blob.descriptor.digest}`, ...plainFlag];
    assertTold(await network.cli(line), 1, /reg\.test.*\(REDIRECT_REFUSED\)/, /hint: /);
    const elsewhere = network.attempts().filter((address) => address !== `127.0.0.1:${reg.port}`);
    assert.deepEqual(elsewhere, [], location);
  }
  assert.deepEqual(victim.requests, []);
}

test('G03: from a public registry nobody is sent inside over https', { skip }, (t) => refusesAll(t, 'https', 'https'));
test('G03: from a public registry nobody is sent inside over http', { skip }, (t) => refusesAll(t, 'https', 'http'));
test('G03: from a public registry that speaks http neither', { skip }, (t) => refusesAll(t, 'http', 'http'));

test('G03: a registry on this machine may send its readers to its own host', { skip }, async (t) => {
  const network = await hostileNetwork(t);
  const storage = await network.open('own.test', quirks.refuseAuthorization()(open));
  const moved = quirks.redirectBlobs(storage.url)(createServer({ registry, access }));
  const reg = await network.open('own.test', moved);
  await readBlobs(network, reg);
  for (const request of storage.requests) assertStranger(request);
  assert.equal(storage.lines().length, blobs.length);

  const within = await network.open('own.test', (request, info) => {
    const { pathname, origin } = new URL(request.url);
    const away = requestTo('blob', 'GET')(request) && !pathname.startsWith('/real/');
    if (away) return Promise.resolve(Response.redirect(`${origin}/real${pathname}`, 302));
    return open(new Request(request.url.replace('/real/', '/'), request), info);
  });
  await readBlobs(network, within);
  assert.equal(within.requests.filter(({ path }) => path.startsWith('/real/')).length, blobs.length);
  const pulled = await network.cli(['pull', `${within.host}/team/app:1`, join(network.folder, 'own')]);
  assert.equal(pulled.code, 0, pulled.stderr);
});

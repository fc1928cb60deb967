import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { serve, type Served } from '../../src/node/serve/serve.ts';
import { createServer } from '../../src/server/app.ts';
import { createMemoryRegistry } from '../../src/store/memory.ts';
import { buildImage, putArtifact, putIndex } from '../../src/testing/fixtures.ts';
import { assertSafe, payloads } from '../support/terminal-payloads.ts';
import { startWarningRegistry } from '../support/warning-registry.ts';
import { type CliResult, cli } from '../support/cli.ts';
import { writePlainLayout } from '../support/plain-layout.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/real/temporary.ts';

const poison = payloads.join(' | ');
const map = Object.fromEntries(payloads.map((payload, at) => [`${payload}${at}`, payload]));

let served: Served;
let work: TemporaryDirectory;
let digest: string;

/** A registry whose images, lists, errors and warnings are hostile. */
before(async () => {
  const registry = createMemoryRegistry();
  const repository = registry.repository('app');
  const image = await buildImage({
    layers: [{ files: { a: 'b' }, annotations: map }],
    annotations: map,
    config: {
      created: poison,
      author: poison,
      config: {
        Env: [...payloads],
        Labels: map,
        User: poison,
        WorkingDir: poison,
        Entrypoint: [...payloads],
        Cmd: [...payloads],
      },
      history: payloads.map((payload) => ({ created_by: payload, comment: payload, created: payload })),
    },
  });
  const index = await putIndex(repository, { manifests: [image], annotations: map, tags: ['1'] });
  digest = index.manifest.descriptor.digest;
  await putArtifact(repository, {
    artifactType: `application/x ${poison}`,
    subject: index.descriptor,
    annotations: map,
  });
  work = await temporaryDirectory('poison');
  await writePlainLayout(image, join(work.path, 'layout'));
  await writePlainLayout(image, join(work.path, 'named'));
  await nameAll(join(work.path, 'named', 'index.json'));
  const handler = createServer({ registry });
  served = await serve(async (request, info) => {
    const { pathname } = new URL(request.url);
    if (pathname === '/v2/lists/tags/list') return json({ name: 'lists', tags: ['1', ...payloads] });
    if (pathname === '/v2/_catalog') return json({ repositories: ['app', ...payloads] });
    if (pathname.startsWith('/v2/broken/')) {
      return json({ errors: [{ code: poison, message: poison, detail: payloads }] }, 400);
    }
    const [, one] = /^\/v2\/broken-(\d+)\//.exec(pathname) ?? [];
    if (one !== undefined) {
      const said = payloads[Number(one)] ?? '';
      return json({ errors: [{ code: said, message: said, detail: said }] }, 400);
    }
    if (pathname.startsWith('/v2/html/')) return new Response(`<html>${poison}</html>`, { status: 418 });
    const response = await handler(request, info);
    response.headers.set('warning', '299 - "mind \\"::error::this\\" [31m, and this"');
    return response;
  });
});
after(async () => {
  await served?.close();
  await work?.remove();
});

/** Beside its tag the image of this layout has every payload for one. */
async function nameAll(index: string): Promise<void> {
  const document = JSON.parse(await readFile(index, 'utf8')) as { manifests: object[] };
  const named = (name: string): object => ({
    ...document.manifests[0],
    annotations: { ...map, 'org.opencontainers.image.ref.name': name },
  });
  await writeFile(index, JSON.stringify({ ...document, manifests: ['1', ...payloads].map(named) }));
}

function json(value: object, status = 200): Response {
  return new Response(JSON.stringify(value), { status, headers: { 'content-type': 'application/json' } });
}

async function run(line: string, isTerminal = false): Promise<CliResult> {
  const argv = line
    .split(' ')
    .map((word) => word.replaceAll('HOST', served.host).replaceAll('DIGEST', digest).replaceAll('WORK', work.path));
  return cli(argv, { stdoutIsTTY: isTerminal, stderrIsTTY: isTerminal, env: { NO_COLOR: '1' } });
}

const commands: readonly (readonly [line: string, code: number])[] = [
  ['inspect HOST/app:1', 0],
  ['tags HOST/lists', 0],
  ['repos HOST', 0],
  ['size HOST/app:1', 0],
  ['copy HOST/app:1 HOST/copied:1', 0],
  ['copy HOST/app:1 HOST/broken:1', 1],
  ['pull HOST/app:1 WORK/pulled', 0],
  ['pull HOST/broken:1 WORK/broken', 1],
  ['push oci:WORK/layout:1 HOST/pushed:1', 0],
  ['push oci:WORK/layout:1 HOST/broken:1', 1],
  ['referrers HOST/app@DIGEST', 0],
  ['index list HOST/app:1', 0],
  ['tags --digests HOST/lists', 0],
  ['inspect HOST/broken:1', 1],
  ['validate HOST/app:1', 0],
  ['digest HOST/lists:2', 3],
  ['manifest HOST/broken:1', 1],
  ['tags HOST/broken', 1],
  ['tag HOST/broken:1 2', 1],
  ['digest HOST/html:1', 1],
  ['manifest --debug HOST/broken:1', 1],
  ['untag --yes HOST/broken:1', 1],
  ['tags oci:WORK/named', 0],
  ['inspect oci:WORK/named:1', 0],
  ['inspect oci:WORK/named:2', 3],
  ['push oci:WORK/named:1 HOST/named:1', 0],
];

for (const [line, code] of commands) {
  test(`G42: ${line} prints nothing that a terminal or a CI system would obey`, async () => {
    const result = await run(line);
    assert.equal(result.code, code, result.stderr);
    assertSafe(result.stdout, `stdout of ${line}`);
    assertSafe(result.stderr, `stderr of ${line}`);
    if (line.startsWith('inspect') && code === 0) assert.match(result.stdout, /x07bell/);
  });
}

test('G42: documents that go to a terminal are shown with their control characters escaped', async () => {
  for (const line of ['manifest HOST/app:1', 'config HOST/app:1', 'manifest --pretty HOST/app:1']) {
    const { stdout, code } = await run(line, true);
    assert.equal(code, 0);
    assertSafe(stdout, line);
    JSON.parse(stdout);
  }
});

test('G42: JSON brings the strings of strangers unharmed', async () => {
  const { stdout } = await run('inspect --json HOST/app:1');
  assertSafe(stdout, 'inspect --json');
  const told = JSON.parse(stdout) as {
    annotations: object;
    image: { config: { Env: string[]; Labels: object }; history: { createdBy: string }[] };
  };
  assert.deepEqual(told.image.config.Env, payloads);
  assert.deepEqual(told.image.config.Labels, map);
  assert.deepEqual(told.annotations, map);
  assert.deepEqual(
    told.image.history.map(({ createdBy }) => createdBy),
    payloads,
  );
});

test('G42: JSON brings the tags of a layout unharmed', async () => {
  const { stdout } = await run('tags --json oci:WORK/named');
  assertSafe(stdout, 'tags --json');
  const { tags } = JSON.parse(stdout) as { tags: { tag: string }[] };
  // What stands before a colon is the name of a repository there.
  const whole = payloads.filter((payload) => !payload.includes(':'));
  assert.ok(whole.length > 16);
  assert.deepEqual(
    whole.filter((payload) => !tags.some(({ tag }) => tag === payload)),
    [],
  );
});

test("G42: a registry's warning is shown once, and does nothing", async () => {
  const { stderr } = await run('validate HOST/app:1');
  assert.equal(stderr.split('warning:').length, 2, stderr);
  assert.match(stderr, /warning: 127\.0\.0\.1:\d+ says: mind/);
});

test('G42: each payload by itself in an error of the registry', async () => {
  for (const [at, payload] of payloads.entries()) {
    for (const verb of ['manifest', 'tags', 'pull', 'push oci:WORK/layout:1']) {
      const end = verb === 'pull' ? ' WORK/none' : '';
      const { code, stdout, stderr } = await run(`${verb} HOST/broken-${at}${verb === 'tags' ? '' : ':1'}${end}`);
      assert.equal(code, 1, stderr);
      assertSafe(stdout + stderr, `${verb}: ${JSON.stringify(payload)}`);
      assert.match(stderr, /^error: .*answered 400 \(/m);
      assert.equal(
        stderr
          .trimEnd()
          .split('\n')
          .filter((line) => line.startsWith('error:')).length,
        1,
      );
    }
    const { stderr } = await run(`manifest --progress json HOST/broken-${at}:1`);
    const { errors } = JSON.parse(stderr.trim().split('\n').at(-1) ?? '') as { errors: { message: string }[] };
    assert.equal(errors[0]?.message, payload);
  }
});

test('G42: each payload by itself in a Warning, byte for byte on the wire', async (t) => {
  const server = await startWarningRegistry();
  t.after(() => server.close());
  let shown = 0;
  for (const payload of payloads) {
    server.warn(`mind ${payload} this`);
    for (const line of ['tags', 'tags --json', 'tags --debug']) {
      const { stdout, stderr } = await cli([...line.split(' '), '--retry', '0', `${server.host}/app`]);
      assertSafe(stdout + stderr, `${line}: ${JSON.stringify(payload)}`);
      if (/warning: .* says: .*mind/.test(stderr)) shown++;
    }
  }
  // Of the others the answer is no HTTP, which is an error.
  assert.ok(shown >= 24, `only ${shown} were shown at all`);
});

test('G42: JSON brings what an error says unharmed, and no name that is none', async () => {
  const failed = await run('manifest --progress json HOST/broken:1');
  assertSafe(failed.stderr, 'an error as JSON');
  const { errors } = JSON.parse(failed.stderr.trim().split('\n').at(-1) ?? '') as { errors: { message: string }[] };
  assert.equal(errors[0]?.message, poison);
  const listed = await run('tags --json HOST/lists');
  assertSafe(listed.stderr, 'what was left out');
  assert.deepEqual((JSON.parse(listed.stdout) as { tags: unknown }).tags, [{ tag: '1' }]);
  assert.match(listed.stderr, /skipped 24 entries/);
});

test('keys of foreign maps change no object of ours', async () => {
  const registry = createMemoryRegistry();
  const labels = JSON.parse('{"__proto__":"polluted","constructor":"x","toString":"y"}') as Record<string, string>;
  const image = await buildImage({ layers: [{ files: { a: 'b' } }], config: { config: { Labels: labels } } });
  await putIndex(registry.repository('app'), { manifests: [image], annotations: labels, tags: ['1'] });
  const other = await serve({ registry });
  try {
    const { stdout, code } = await cli(['inspect', '--json', `${other.host}/app:1`]);
    assert.equal(code, 0);
    assert.match(stdout, /"__proto__": "polluted"/);
    assert.equal(({} as { polluted?: unknown }).polluted, undefined);
  } finally {
    await other.close();
  }
});

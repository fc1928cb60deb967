import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { serve, type Served } from '../../src/node/serve/serve.ts';
import { createServer } from '../../src/server/app.ts';
import { createMemoryRegistry } from '../../src/store/memory.ts';
import { buildImage, putArtifact, putIndex } from '../../src/testing/fixtures.ts';
import { type CliResult, cli } from '../support/cli.ts';
import { writePlainLayout } from '../support/plain-layout.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/real/temporary.ts';

/** What strangers write into names and texts: each would do something to a terminal, or to a CI system's log. */
const payloads: readonly string[] = [
  '\u001b[2J\u001b[H',
  '\u001b[31mred',
  '\u001b]0;title\u0007',
  '\u001b]8;;http://evil/\u001b\\link\u001b]8;;\u001b\\',
  '\u001b]52;c;ZXZpbA==\u0007',
  '\u001bP+q544e\u001b\\',
  '\u001b_Gq=1\u001b\\',
  '\u009b2J',
  '\u009d0;x\u009c',
  '\u0090q\u009c',
  'a\rb',
  'a\nb',
  'a\n::set-output name=x::y',
  '::add-mask::secret',
  '\n::error::gone',
  '##[command]x',
  'a\bb\bc',
  '\u0007bell',
  '\u0000nul',
  '\u007fdel',
  'a\u202egnp.exe',
  '\u2066x\u2069',
  'zero\u200bwidth\ufeff',
  '\u2028line\u2029paragraph',
];
const poison = payloads.join(' | ');

let served: Served;
let work: TemporaryDirectory;
let digest: string;

/** A registry whose images, lists, errors and warnings are hostile. */
before(async () => {
  const registry = createMemoryRegistry();
  const repository = registry.repository('app');
  const map = Object.fromEntries(payloads.map((payload, at) => [`${payload}${at}`, payload]));
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
  const handler = createServer({ registry });
  served = await serve(async (request, info) => {
    const { pathname } = new URL(request.url);
    if (pathname === '/v2/lists/tags/list') return json({ name: 'lists', tags: ['1', ...payloads] });
    if (pathname === '/v2/_catalog') return json({ repositories: ['app', ...payloads] });
    if (pathname.startsWith('/v2/broken/')) {
      return json({ errors: [{ code: poison, message: poison, detail: payloads }] }, 400);
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

function json(value: object, status = 200): Response {
  return new Response(JSON.stringify(value), { status, headers: { 'content-type': 'application/json' } });
}

async function run(line: string, isTerminal = false): Promise<CliResult> {
  const argv = line
    .split(' ')
    .map((word) => word.replaceAll('HOST', served.host).replaceAll('DIGEST', digest).replaceAll('WORK', work.path));
  return cli(argv, { stdoutIsTTY: isTerminal, stderrIsTTY: isTerminal, env: { NO_COLOR: '1' } });
}

/** No control byte but the line break, no bidi or invisible character, and no line that commands a CI system. */
function assertSafe(text: string, where: string): void {
  const active = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/u.exec(text);
  assert.equal(
    active,
    null,
    `${where}: ${JSON.stringify(text.slice(Math.max(0, (active?.index ?? 0) - 40), (active?.index ?? 0) + 10))}`,
  );
  assert.doesNotMatch(text, /^\s*::/m, where);
  assert.doesNotMatch(text, /##\[/, where);
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
];

for (const [line, code] of commands) {
  test(`G42: ${line} prints nothing that a terminal or a CI system would obey`, async () => {
    const result = await run(line);
    assert.equal(result.code, code, result.stderr);
    assertSafe(result.stdout, `stdout of ${line}`);
    assertSafe(result.stderr, `stderr of ${line}`);
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
  const told = JSON.parse(stdout) as { image: { config: { Env: string[] }; history: { createdBy: string }[] } };
  assert.deepEqual(told.image.config.Env, payloads);
  assert.deepEqual(
    told.image.history.map(({ createdBy }) => createdBy),
    payloads,
  );
});

test("G42: a registry's warning is shown once, and does nothing", async () => {
  const { stderr } = await run('validate HOST/app:1');
  assert.equal(stderr.split('warning:').length, 2, stderr);
  assert.match(stderr, /warning: 127\.0\.0\.1:\d+ says: mind/);
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

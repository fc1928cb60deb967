/** The user ends a command, or the reader of its output leaves: it goes at once, without a trace but what the next run continues. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { stallBeforeAnswer, stallBody } from '../../src/testing/faults.ts';
import { type Built, putImage, seededBytes } from '../../src/testing/fixtures.ts';
import { requestTo, type Wrap } from '../../src/testing/wrap.ts';
import { type CommandOptions, type CommandResult, startCommand, startShell, succeed } from '../support/command.ts';
import { partSize, unfinishedLayout } from '../support/layout-blobs.ts';
import { rootsOf, scratch } from '../support/layouts.ts';
import { type LoggedRegistry, startLoggedRegistry } from '../support/logged-registry.ts';
import { until } from '../support/until.ts';

const MIB = 1 << 20;
const patience = { timeout: 30_000 };

let server: LoggedRegistry;
let target: LoggedRegistry;
let image: Built;
/** What happens to some of the requests from now on; how many it has happened to. */
let trouble: { readonly matches: (request: Request) => boolean; readonly wrap: Wrap } | undefined;
let troubled = 0;

const troubling: Wrap = (handler) => (request, info) => {
  if (trouble?.matches(request) !== true) return handler(request, info);
  troubled++;
  return trouble.wrap(handler)(request, info);
};

before(async () => {
  server = await startLoggedRegistry({ wrap: troubling });
  target = await startLoggedRegistry();
  const repository = server.registry.repository('team/app');
  const layers = ['one', 'two'].map((seed) => seededBytes(4 * MIB, seed));
  image = await putImage(repository, { layers, tags: ['1'] });
  const tags = Array.from({ length: 3000 }, (_, at) => `${'long'.repeat(25)}-${String(at).padStart(5, '0')}`);
  await repository.putManifest(image.manifest, { tags });
});
afterEach(() => {
  trouble = undefined;
});
after(() => Promise.all([server?.close(), target?.close()]));

const isLayer = (request: Request): boolean =>
  image.blobs.slice(1).some(({ descriptor }) => request.method === 'GET' && request.url.endsWith(descriptor.digest));

/** Sends a signal to a command when it stands still for ever: that it ends is all the proof there is. */
async function interrupted(
  args: readonly string[],
  options: CommandOptions,
  { holds = () => troubled > 0, signal = 'SIGINT' }: { holds?: () => boolean; signal?: NodeJS.Signals } = {},
): Promise<CommandResult> {
  troubled = 0;
  const running = startCommand(args, options);
  await until(() => holds() || running.child.exitCode !== null, 'the command is half-way');
  running.kill(signal);
  const result = await running.done;
  assert.equal(result.signal, null, 'it ended by itself');
  assert.doesNotMatch(result.stderr, /^ +at /m);
  return result;
}

const halfLayers = { matches: isLayer, wrap: stallBody(2 * MIB) };

for (const [signal, code, word] of [
  ['SIGINT', 130, 'interrupted'],
  ['SIGTERM', 143, 'terminated'],
] as const) {
  test(`${signal} during a pull ends with ${code}, and what was fetched is continued`, patience, async (t) => {
    const cwd = await scratch(t);
    const directory = join(cwd, 'app');
    trouble = halfLayers;
    const layers = image.blobs.slice(1).map(({ descriptor }) => descriptor.digest);
    const holds = (): boolean => layers.every((layer) => partSize(directory, layer) > MIB);
    const {
      code: got,
      stderr,
      stdout,
    } = await interrupted(['pull', `${server.host}/team/app:1`, 'app'], { cwd }, { holds, signal });
    assert.deepEqual([got, stdout], [code, '']);
    assert.match(stderr, new RegExp(`error: ${word} \\(ABORTED\\)\\n$`));
    assert.deepEqual(await readdir(cwd), ['app']);
    const { partials, others } = await unfinishedLayout(directory);
    assert.deepEqual([[...partials.keys()].sort(), others], [layers.toSorted(), []]);
    assert.deepEqual(await rootsOf(directory), []);
    trouble = undefined;
    server.log.length = 0;
    await succeed(['pull', `${server.host}/team/app:1`, 'app'], { cwd });
    const served = server.log.reduce((sum, { bytesOut }) => sum + bytesOut, 0);
    assert.ok(served < 6 * MIB, `${served} bytes`);
  });
}

test('an interrupted archive, blob or layer file leaves nothing', patience, async (t) => {
  trouble = halfLayers;
  const layer = image.blobs[1]?.descriptor.digest;
  const commands = [
    ['pull', `${server.host}/team/app:1`, 'app.tar'],
    ['blob', 'get', '--output', 'layer', `${server.host}/team/app@${layer}`],
  ];
  for (const args of commands) {
    const cwd = await scratch(t);
    assert.equal((await interrupted(args, { cwd })).code, 130);
    assert.deepEqual(await readdir(cwd), []);
  }
});

test('an interrupted copy leaves neither blob nor tag at the target', patience, async () => {
  trouble = halfLayers;
  const args = ['copy', `${server.host}/team/app:1`, `${target.host}/copied/app:1`];
  assert.equal((await interrupted(args, {})).code, 130);
  const copied = target.registry.repository('copied/app');
  assert.equal(await copied.resolve('1'), undefined);
  for (const { descriptor } of image.blobs.slice(1)) assert.equal(await copied.stat(descriptor.digest), undefined);
});

test('a registry that does not answer is left', patience, async () => {
  trouble = { matches: requestTo('manifest'), wrap: stallBeforeAnswer() };
  assert.equal((await interrupted(['digest', `${server.host}/team/app:1`], {})).code, 130);
  trouble = { matches: requestTo('ping'), wrap: stallBeforeAnswer() };
  assert.equal((await interrupted(['ping', server.host], {})).code, 130);
});

test('a command that waits for its input is left', patience, async (t) => {
  const cwd = await scratch(t);
  const running = startCommand(['push', 'oci-archive:-', `${target.host}/pushed/app:1`], { cwd, stdin: null });
  t.after(() => running.kill('SIGKILL'));
  // More than fits between the two: when it is written, somebody reads it.
  await new Promise((resolve) => running.child.stdin.write(seededBytes(2 * MIB, 'no archive'), resolve));
  running.kill('SIGINT');
  const { code, stderr } = await running.done;
  assert.equal(code, 130);
  assert.match(stderr, /^error: interrupted \(ABORTED\)\n$/);
});

/** The lines that a reader gets, and what becomes of the command when it leaves. */
function readAndLeave(line: string): Promise<CommandResult> {
  return startShell(`{ ${line}; echo "code $?" >&2; } | head -n 1`).done;
}

test('a reader that leaves ends the command quietly', patience, async () => {
  const [layer = ''] = image.blobs.slice(1).map(({ descriptor }) => descriptor.digest);
  for (const line of [
    `lading tags ${server.host}/team/app`,
    `lading tags --json ${server.host}/team/app`,
    `lading tags --digests ${server.host}/team/app`,
    `lading blob get ${server.host}/team/app@${layer}`,
    `lading pull --quiet ${server.host}/team/app:1 -`,
  ]) {
    const { stdoutBytes, stderr } = await readAndLeave(line);
    assert.notEqual(stdoutBytes.length, 0, line);
    assert.equal(stderr, 'code 0\n', line);
  }
});

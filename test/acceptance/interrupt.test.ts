/** G39: Ctrl-C while several blobs are under way: the first ends it and cleans up, the second does not wait for that. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { stallBeforeAnswer, stallBody } from '../../src/testing/faults.ts';
import { type Built, buildImage, putBuilt, seededBytes } from '../../src/testing/fixtures.ts';
import type { Wrap } from '../../src/testing/wrap.ts';
import { startCommand } from '../support/command.ts';
import { partSize, unfinishedLayout } from '../support/layout-blobs.ts';
import { rootsOf, scratch } from '../support/layouts.ts';
import { type LoggedRegistry, startLoggedRegistry } from '../support/logged-registry.ts';
import { writePlainLayout } from '../support/plain-layout.ts';
import { until } from '../support/until.ts';

const MIB = 1 << 20;
const patience = { timeout: 60_000 };
const LAYERS = ['one', 'two', 'three', 'four'];

let server: LoggedRegistry;
let image: Built;
/** What stands still. */
let stalls: (request: Request) => Wrap | undefined = () => undefined;
/** What was asked for, with the uploads that stand still in it. */
const asked: string[] = [];

const troubling: Wrap = (handler) => (request, info) => {
  asked.push(`${request.method} ${new URL(request.url).pathname}`);
  return (stalls(request)?.(handler) ?? handler)(request, info);
};

before(async () => {
  server = await startLoggedRegistry({ wrap: troubling });
  image = await buildImage({ layers: LAYERS.map((seed) => seededBytes(4 * MIB, seed)) });
  await putBuilt(server.registry.repository('app'), image, { tags: ['1'] });
});
afterEach(() => {
  stalls = () => undefined;
  asked.length = 0;
});
after(() => server?.close());

const layers = (): string[] => image.blobs.slice(1).map(({ descriptor }) => descriptor.digest);
const isLayer = ({ method, url }: Request): boolean => method === 'GET' && layers().some((one) => url.endsWith(one));
const sends = ({ method }: { readonly method: string }): boolean => method === 'PATCH' || method === 'PUT';
const count = (method: string): number => asked.filter((one) => one.startsWith(`${method} `)).length;

/** The body is never read. */
const unread: Wrap = () => (request) => stallBeforeAnswer()(() => Promise.reject(new Error('never')))(request, {});

test('G39: SIGINT while four blobs come: 130, their parts are kept, nothing else is', patience, async (t) => {
  const directory = join(await scratch(t), 'app');
  stalls = (request) => (isLayer(request) ? stallBody(2 * MIB) : undefined);
  const running = startCommand(['pull', '--concurrency', '4', `${server.host}/app:1`, directory]);
  await until(() => layers().every((one) => partSize(directory, one) > MIB), 'half of four layers is there');
  running.kill('SIGINT');
  const { code, stderr } = await running.done;
  assert.equal(code, 130);
  assert.match(stderr, /error: interrupted \(ABORTED\)\n$/);
  const { partials, others } = await unfinishedLayout(directory);
  assert.deepEqual([[...partials.keys()].sort(), others, await rootsOf(directory)], [layers().sort(), [], []]);
  assert.deepEqual((await readdir(join(directory, '..'))).sort(), ['app']);
});

test('G39: SIGINT during a push: what was begun at the registry is given up', patience, async (t) => {
  const layout = join(await scratch(t), 'layout');
  await writePlainLayout(image, layout);
  stalls = (request) => (sends(request) ? unread : undefined);
  const running = startCommand(['push', '--concurrency', '4', `oci:${layout}:1`, `${server.host}/pushed:1`]);
  await until(
    () => asked.filter((one) => /^(PATCH|PUT) .*uploads/.test(one)).length >= 4,
    'four uploads are under way',
  );
  const begun = count('POST');
  running.kill('SIGINT');
  const { code, stderr } = await running.done;
  assert.equal(code, 130, stderr);
  assert.equal(count('DELETE'), begun, 'every upload that was begun is ended');
});

test('G39: a second SIGINT does not wait for the registry', patience, async (t) => {
  const layout = join(await scratch(t), 'layout');
  await writePlainLayout(image, layout);
  stalls = (request) => (sends(request) || request.method === 'DELETE' ? unread : undefined);
  const running = startCommand(['push', `oci:${layout}:1`, `${server.host}/pushed:1`]);
  await until(() => asked.some((one) => /^(PATCH|PUT) .*uploads/.test(one)), 'an upload is under way');
  running.kill('SIGINT');
  await until(() => count('DELETE') > 0, 'it is being given up');
  assert.equal(running.child.exitCode, null, 'it waits for the registry');
  running.kill('SIGINT');
  const { code, stderr } = await running.done;
  // Whoever comes to the end of giving up says so.
  assert.deepEqual([code, stderr.includes('interrupted')], [130, false], stderr);
});

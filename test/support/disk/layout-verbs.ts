/**
 * The six verbs that write to a disk, each made ready to be run in a folder of its own: what stands there before, how it is run, what may
 * stand there when it was stopped, and what has to when it is done.
 */
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { serve } from '../../../src/node/serve/serve.ts';
import { directoryRegistry } from '../../../src/node/directory/directory-registry.ts';
import { type Built, buildImage, seededBytes } from '../../../src/testing/fixtures.ts';
import { type CliOptions, type CliResult, cli } from '../cli.ts';
import { writePlainLayout } from '../plain-layout.ts';
import { type ProxiedRegistry, startProxiedRegistry } from '../proxied-registry.ts';
import { putBuilt } from '../../../src/testing/fixtures.ts';
import { assertSound, type Soundness } from './layout-soundness.ts';

/** A command line, and what it needs. */
export interface Line {
  readonly args: readonly string[];
  readonly options?: CliOptions;
}

export interface Verb {
  /** Fills the folder with what stands there before. */
  prepare(folder: string): Promise<void>;
  /** What is run. */
  line(folder: string): Line;
  /** It was stopped, or it was not: what stands there is old or new. */
  assertSafe(folder: string, options?: Soundness): Promise<void>;
  /** What stands there is new. */
  assertDone(folder: string): Promise<void>;
}

export interface Verbs {
  readonly source: ProxiedRegistry;
  readonly old: Built;
  readonly fresh: Built;
  readonly verbs: Readonly<Record<'pull' | 'tag' | 'copy' | 'gc' | 'login' | 'push', Verb>>;
  close(): Promise<void>;
}

export const verbNames = ['pull', 'tag', 'copy', 'gc', 'login', 'push'] as const;
const GARBAGE = 5;
const KEPT = '{\n  "auths": { "kept.io": { "auth": "dTpw" } },\n  "other": "kept"\n}\n';
const LAYER_BYTES = 700_000;

/** @param elsewhere a folder for what is only read */
export async function openVerbs(elsewhere: string): Promise<Verbs> {
  const old = await buildImage({ layers: [{ files: { a: 'old' } }] });
  const fresh = await buildImage({ layers: [seededBytes(LAYER_BYTES, 'new'), { files: { a: 'new' } }] });
  const source = await startProxiedRegistry();
  await putBuilt(source.repository('app'), fresh, { tags: ['new'] });
  const layout = join(elsewhere, 'source');
  await writePlainLayout(fresh, layout);
  const [oldRoot, newRoot] = [`1 ${old.descriptor.digest}`, `new ${fresh.descriptor.digest}`];
  const into = (line: Verb['line'], after: readonly string[], place = ''): Verb => ({
    prepare: (folder) => writePlainLayout(old, join(folder, place)),
    line,
    assertSafe: async (folder, options) => void (await assertSound(join(folder, place), [[oldRoot], after], options)),
    assertDone: async (folder) => assertValid(join(folder, place), after),
  });
  const verbs = {
    pull: into((folder) => ({ args: ['pull', `${source.host}/app:new`, folder] }), [oldRoot, newRoot]),
    copy: into((folder) => ({ args: ['copy', `oci:${layout}:1`, `oci:${folder}:new`] }), [oldRoot, newRoot]),
    tag: into(
      (folder) => ({ args: ['copy', `oci:${folder}:1`, `oci:${folder}:new`] }),
      [oldRoot, `new ${old.descriptor.digest}`],
    ),
    gc: gcOf(old, oldRoot),
    login,
    // Whose disk that is, whoever runs it tells: the server's.
    push: into(
      () => ({ args: ['push', '--retry', '0', `oci:${layout}:1`, 'SERVER/app:new'] }),
      [oldRoot, newRoot],
      'app',
    ),
  };
  return { source, old, fresh, verbs, close: () => source.stop() };
}

/** A server over the folder, for as long as something runs. */
export async function withServer<T>(folder: string, run: (host: string) => Promise<T>): Promise<T> {
  const served = await serve({ registry: directoryRegistry(folder) }, { graceMs: 1000 });
  try {
    return await run(served.host);
  } finally {
    await served.close();
  }
}

/** Runs it in this process. */
export function runVerb(verb: Verb, folder: string): Promise<CliResult> {
  const { args, options } = verb.line(folder);
  const to = (host: string): Promise<CliResult> =>
    cli(
      args.map((arg) => arg.replace('SERVER', host)),
      options,
    );
  return args.some((arg) => arg.startsWith('SERVER')) ? withServer(folder, to) : to('');
}

async function assertValid(directory: string, roots: readonly string[]): Promise<void> {
  const left = await assertSound(directory, [roots]);
  assert.deepEqual([...left.partials.keys()], []);
  for (const root of roots) {
    const { code, stderr, stdout } = await cli(['validate', `oci:${directory}:${root.split(' ')[0]}`]);
    assert.equal(code, 0, stderr + stdout);
  }
}

/** A layout with blobs that nothing leads to, and what a killed writer left two days ago. */
function gcOf(old: Built, oldRoot: string): Verb {
  const before = Date.now() / 1000 - 2 * 24 * 3600;
  return {
    async prepare(folder) {
      await writePlainLayout(old, folder);
      const garbage = await buildImage({
        layers: Array.from({ length: GARBAGE }, (_, at) => ({ files: { a: `${at}` } })),
      });
      for (const blob of garbage.blobs) {
        await writeFile(join(folder, 'blobs', blob.descriptor.digest.replace(':', '/')), blob.open());
      }
      await mkdir(join(folder, '.lading'));
      const part = join(folder, '.lading', `blobs-sha256-${'a'.repeat(64)}.partial`);
      await writeFile(part, 'left');
      await utimes(part, before, before);
    },
    line: (folder) => ({ args: ['gc', folder] }),
    assertSafe: async (folder, options) => {
      const { blobs } = await assertSound(folder, [[oldRoot]], options);
      for (const { descriptor } of old.blobs) assert.ok(blobs.has(descriptor.digest), 'gc took what is needed');
    },
    async assertDone(folder) {
      await assertValid(folder, [oldRoot]);
      const { blobs } = await assertSound(folder, [[oldRoot]]);
      assert.equal(blobs.size, old.blobs.length + 1, 'garbage has stayed');
    },
  };
}

const configOf = (folder: string): string => join(folder, '.docker', 'config.json');

const login: Verb = {
  async prepare(folder) {
    await mkdir(join(folder, '.docker'));
    await writeFile(configOf(folder), KEPT, { mode: 0o600 });
  },
  line: (folder) => ({
    args: ['login', '--skip-check', '-u', 'me', '--password-stdin', 'new.io'],
    options: { env: { HOME: folder }, stdin: 'secret' },
  }),
  async assertSafe(folder) {
    const text = await readFile(configOf(folder), 'utf8');
    if (text !== KEPT) assertLoggedIn(text);
  },
  async assertDone(folder) {
    assertLoggedIn(await readFile(configOf(folder), 'utf8'));
    assert.deepEqual(await readdir(join(folder, '.docker')), ['config.json']);
  },
};

function assertLoggedIn(text: string): void {
  const document = JSON.parse(text) as { auths: Record<string, { auth: string }>; other: string };
  assert.deepEqual(Object.keys(document.auths), ['kept.io', 'new.io']);
  assert.equal(document.auths['new.io']?.auth, Buffer.from('me:secret').toString('base64'));
  assert.equal(document.other, 'kept');
}

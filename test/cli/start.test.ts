/** What a short command loads: its time is the time that this takes. Nobody measures time here. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { succeed } from '../support/command.ts';
import { openWorld, type World } from '../support/cli-world.ts';
import { type Loaded, loadedBy } from '../support/loaded.ts';

let world: World;

before(async () => {
  world = await openWorld();
});
after(() => world.close());

/** Modules of Node that take milliseconds each. */
const slow = ['crypto', 'tls', 'https', 'zlib', 'child_process', 'readline', 'perf_hooks', 'fs/promises', 'dns'];
/** What only some commands use. */
const special = [
  /^node_modules\/(?!commander|@commander-js|ansi-styles|p-limit|yocto-queue|proxy-from-env)/,
  /^src\/(server|layout|v1|sync)\//,
  /^src\/node\/(tar|docker|directory|verify|extract|artifact|layers|serve|credentials|files\/(?!fs-errors|own-directory))/,
  /^src\/bytes\/(tar|compress|decompress|unzstd|gzip)/,
  /^src\/image\/(?!choose)/,
  /^src\/cli\/(commands\/(?!digest)|terminal\/(input|template))/,
  /^src\/cli\/connection\/(settings-file|htpasswd|authorization)/,
];

function assertLight({ builtins, sources }: Loaded): void {
  assert.deepEqual(
    builtins.filter((name) => slow.includes(name)),
    [],
  );
  assert.deepEqual(
    sources.filter((source) => special.some((pattern) => pattern.test(source))),
    [],
  );
}

describe('the version', () => {
  for (const flag of ['--version', '-V']) {
    test(`${flag} loads one file, and says what the program says`, async () => {
      const { files, builtins, stdout } = await loadedBy([flag]);
      assert.deepEqual(files, ['main.js']);
      assert.deepEqual(
        builtins.filter((name) => [...slow, 'v8', 'module', 'http', 'stream'].includes(name)),
        [],
      );
      // With an option beside it, the program itself is asked.
      assert.equal(stdout, await succeed(['--no-creds', flag]));
    });
  }
});

test('the help loads what every command needs, and no more', async () => {
  const loaded = await loadedBy(['--help']);
  assertLight(loaded);
  assert.equal(loaded.files.length, 3, loaded.files.join());
  assert.deepEqual(
    loaded.builtins.filter((name) => ['http', 'net', 'tty'].includes(name)),
    [],
    'to a pipe it is written without a stream',
  );
  assert.ok(!loaded.sources.some((source) => source.startsWith('src/registry/')));
});

test('a digest is asked for with few files, and without what other commands need', async () => {
  const loaded = await loadedBy(['digest', `${world.host}/team/single:1`]);
  assert.match(loaded.stdout, /^sha256:[0-9a-f]{64}\n$/);
  assert.ok(loaded.builtins.includes('net') && !loaded.builtins.includes('http'), 'a bare socket does');
  assertLight(loaded);
  assert.ok(loaded.files.length <= 8, loaded.files.join());
});

test('what is local loads no client', async () => {
  const { sources } = await loadedBy(['parse', 'alpine']);
  assert.deepEqual(
    sources.filter((source) => /^src\/(registry|http|node\/http)\//.test(source)),
    [],
  );
});

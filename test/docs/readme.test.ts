import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { putImage, putIndex } from '../../src/testing/fixtures.ts';
import { codeBlocks, runProgram } from '../support/code-blocks.ts';
import { type LoggedRegistry, startLoggedRegistry } from '../support/logged-registry.ts';

let hub: LoggedRegistry;

before(async () => {
  hub = await startLoggedRegistry();
  const alpine = hub.registry.repository('library/alpine');
  const manifests = [];
  for (const architecture of ['amd64', 'arm64']) {
    manifests.push(
      await putImage(alpine, {
        layers: [{ files: { 'etc/arch': architecture } }],
        platform: { os: 'linux', architecture },
      }),
    );
  }
  await putIndex(alpine, { manifests, tags: ['3.20', 'latest'] });
});
after(() => hub.close());

test('the first program lists tags, copies one platform to a layout and validates it', async () => {
  const [program = ''] = await codeBlocks('README.md', 'js');
  assert.match(program, /docker\.io\/library\/alpine/);
  // The one change: the registry is ours, since tests reach no network.
  const output = await runProgram(
    `${program.replace('docker.io', hub.host)}\nconsole.log(problems.length, image.descriptor.digest);`,
  );
  const arm = (await hub.registry.repository('library/alpine').manifest('3.20')).links[1];
  assert.deepEqual(output.trim().split('\n').slice(0, 2), ['3.20', 'latest']);
  assert.equal(output.trim().split('\n').at(-1), `0 ${arm?.descriptor.digest}`);
  assert.ok(hub.requests().some((request) => request.startsWith('GET /v2/library/alpine/blobs/')));
});

test('the second program serves a registry', async () => {
  const [, program = ''] = await codeBlocks('README.md', 'js');
  assert.match(await runProgram(program), /^127\.0\.0\.1:\d+\n$/);
});

test('every npm script that a document names is there', async () => {
  const { scripts } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as {
    scripts: Record<string, string>;
  };
  for (const document of ['README.md', 'CONTRIBUTING.md', 'ARCHITECTURE.md']) {
    const text = await readFile(new URL(`../../${document}`, import.meta.url), 'utf8');
    for (const [, name = ''] of text.matchAll(/npm run ([\w:-]+)/g))
      assert.ok(name in scripts, `${document} names npm run ${name}`);
  }
});

import assert from 'node:assert/strict';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { eraseFromHelper, getFromHelper, storeInHelper } from '../../src/node/credentials/credential-helper.ts';
import { rejection } from '../support/failure.ts';
import { answers, fakeHome, NOT_FOUND } from '../support/fake-helper.ts';

const credential = { username: 'u', password: 'p' };

for (const name of [
  '../../evil',
  'a b',
  '-x',
  '/bin/sh',
  '',
  '.',
  '..',
  'a/b',
  'x; rm',
  'a\n',
  '\0',
  'ä',
  'a'.repeat(65),
]) {
  test(`G12: refuses a helper called ${JSON.stringify(name)} and starts nothing`, async (context) => {
    const { env, asked, helper } = await fakeHome(context);
    await helper('evil', answers('u', 'p'));
    for (const attempt of [
      getFromHelper(name, 'a.io', { env }),
      storeInHelper(name, 'a.io', credential, { env }),
      eraseFromHelper(name, 'a.io', { env }),
    ]) {
      assert.match((await rejection('CREDENTIALS', attempt)).message, /is not the name of a credential helper/);
    }
    assert.deepEqual(await asked(), []);
  });
}

for (const host of ['a.io\nb.io', 'a.io\r', '', 'a.io\0', 'a b', '\u202ea.io']) {
  test(`hands no helper the host ${JSON.stringify(host)}`, async (context) => {
    const { env, asked, helper } = await fakeHome(context);
    await helper('x', answers('u', 'p'));
    await rejection('CREDENTIALS', getFromHelper('x', host, { env }));
    assert.deepEqual(await asked(), []);
  });
}

test('speaks the protocol: the host alone to get and erase, JSON to store', async (context) => {
  const { env, home, helper } = await fakeHome(context);
  await helper('x', `printf '%s' "$input" > '${home}/input'; ${answers('me', 's:e"cret')}`);
  const input = () => readFile(join(home, 'input'), 'utf8');
  assert.deepEqual(await getFromHelper('x', 'a.io', { env }), { username: 'me', password: 's:e"cret' });
  assert.equal(await input(), 'a.io');
  await storeInHelper('x', 'a.io', credential, { env });
  assert.deepEqual(JSON.parse(await input()), { ServerURL: 'a.io', Username: 'u', Secret: 'p' });
  await storeInHelper('x', 'a.io', { identityToken: 'T' }, { env });
  assert.deepEqual(JSON.parse(await input()), { ServerURL: 'a.io', Username: '<token>', Secret: 'T' });
  await eraseFromHelper('x', 'a.io', { env });
  assert.equal(await input(), 'a.io');
  await rejection('UNSUPPORTED', storeInHelper('x', 'a.io', { registryToken: 'T' }, { env }));
});

test('its input ends without a newline', async (context) => {
  const { env, home, helper } = await fakeHome(context);
  await helper('x', '');
  const file = join(home, 'bin', 'docker-credential-x');
  await writeFile(file, `#!/bin/sh\nwc -c > '${home}/count'\n${answers('u', 'p')}\n`);
  await getFromHelper('x', 'a.io', { env });
  assert.equal(Number(await readFile(join(home, 'count'), 'utf8')), 'a.io'.length);
});

test('G12: the user <token> means a refresh token', async (context) => {
  const { env, helper } = await fakeHome(context);
  await helper('x', answers('<token>', 'T'));
  assert.deepEqual(await getFromHelper('x', 'a.io', { env }), { identityToken: 'T' });
});

test('G12: "not found" and an empty pair are no credential; to forget what is not there is no error', async (context) => {
  const { env, helper } = await fakeHome(context);
  await helper('x', NOT_FOUND);
  await helper('y', answers('', ''));
  assert.equal(await getFromHelper('x', 'a.io', { env }), undefined);
  assert.equal(await getFromHelper('y', 'a.io', { env }), undefined);
  await eraseFromHelper('x', 'a.io', { env });
});

for (const output of [
  '{}',
  '[]',
  'null',
  '{"Username":"u"}',
  '{"Username":1,"Secret":"s"}',
  '{"Username":"u","Secret":"hunter2"',
  '',
]) {
  test(`refuses the answer ${output}`, async (context) => {
    const { env, helper } = await fakeHome(context);
    await helper('x', `echo '${output}'`);
    const error = await rejection('CREDENTIALS', getFromHelper('x', 'a.io', { env }));
    assert.match(error.message, /not a credential/);
    assert.doesNotMatch(error.message, /hunter2/);
  });
}

test('G12: kills a helper that hangs, and what it started', async (context) => {
  const { env, home, helper } = await fakeHome(context);
  await helper('x', `sleep 60 & echo $! > '${home}/pid'; wait`);
  assert.match(
    (await rejection('CREDENTIALS', getFromHelper('x', 'a.io', { env, timeoutMs: 300 }))).message,
    /longer than 300 ms/,
  );
  await isGone(Number(await readFile(join(home, 'pid'), 'utf8')));
});

test('an aborted call kills its helper, and fails by its signal', async (context) => {
  const { env, home, helper } = await fakeHome(context);
  await helper('x', `sleep 60 & echo $! > '${home}/pid'; wait`);
  await rejection('TIMEOUT', getFromHelper('x', 'a.io', { env, signal: AbortSignal.timeout(300) }));
  await isGone(Number(await readFile(join(home, 'pid'), 'utf8')));
  const controller = new AbortController();
  const aborted = rejection('ABORTED', getFromHelper('x', 'a.io', { env, signal: controller.signal }));
  controller.abort();
  await aborted;
});

test('G12: stops a helper that floods', async (context) => {
  const { env, helper } = await fakeHome(context);
  await helper('x', 'yes | head -c 100000000');
  assert.match(
    (await rejection('CREDENTIALS', getFromHelper('x', 'a.io', { env }))).message,
    /more than 1048576 bytes/,
  );
});

test('takes an answer of a mebibyte', async (context) => {
  const { env, helper } = await fakeHome(context);
  await helper('x', `printf '{"Username":"u","Secret":"'; head -c 1048000 /dev/zero | tr '\\0' a; printf '"}'`);
  const found = await getFromHelper('x', 'a.io', { env });
  assert.equal((found as typeof credential).password.length, 1_048_000);
});

test('takes no answer of a byte more', async (context) => {
  const { env, helper } = await fakeHome(context);
  await helper('x', `printf '{"Username":"u","Secret":"'; head -c 1048550 /dev/zero | tr '\\0' a; printf '"}'`);
  assert.match(
    (await rejection('CREDENTIALS', getFromHelper('x', 'a.io', { env }))).message,
    /more than 1048576 bytes/,
  );
});

test('looks for helpers on the PATH, not in the working directory', async (context) => {
  const { env, home, helper } = await fakeHome(context);
  await helper('x', answers('u', 'path'));
  const here = process.cwd();
  context.after(() => process.chdir(here));
  process.chdir(home);
  await rename(join(home, 'bin', 'docker-credential-x'), join(home, 'docker-credential-here'));
  for (const PATH of [env.PATH ?? '', `:${env.PATH}`, `.:${env.PATH}`]) {
    assert.match(
      (await rejection('CREDENTIALS', getFromHelper('here', 'a.io', { env: { ...env, PATH } }))).message,
      /no such program/,
    );
  }
});

async function isGone(pid: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z');
    if (/\) Z/.test(state)) return; // dead, and nobody has asked yet
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail(`process ${pid} still runs`);
}

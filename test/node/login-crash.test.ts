import assert from 'node:assert/strict';
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { lockFile } from '../../src/node/directory/file-lock.ts';
import { eraseCredential, storeCredential } from '../../src/node/credentials/login.ts';
import { fakeHome } from '../support/fake-helper.ts';
import { loginProcesses } from '../support/login-process.ts';

const credential = { username: 'u', password: 'p' };
/** A sample, or the whole of it: `LADING_WHOLE=1`. */
const kills = process.env.LADING_WHOLE === '1' ? 100 : 20;
const hosts = async (file: string) =>
  Object.keys((JSON.parse(await readFile(file, 'utf8')) as { auths: object }).auths);

test('G11: a login that is killed at any moment leaves the old file or the new one', async (context) => {
  const { home, configFile, write } = await fakeHome(context);
  const start = await loginProcesses(context);
  await write('.docker/config.json', { auths: {}, other: 'kept' });
  let before: readonly string[] = [];
  for (let run = 0; run < kills; run++) {
    const { child, ended, logins } = await start(home, `r${run}-`, 100_000);
    await logins(run % 3);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 15));
    child.kill('SIGKILL');
    await ended;
    const after = await hosts(configFile);
    assert.deepEqual(after.slice(0, before.length), before, 'nothing that was there is lost');
    assert.ok(
      after.slice(before.length).every((host, at) => host === `r${run}-${at}.io`),
      'each login is whole',
    );
    before = after;
  }
  assert.ok(before.length >= kills - 1, 'a login that had told so is in the file');
  await storeCredential('last.io', credential, { env: {}, home });
  assert.deepEqual(await hosts(configFile), [...before, 'last.io']);
  assert.equal((JSON.parse(await readFile(configFile, 'utf8')) as { other: string }).other, 'kept');
  assert.equal((await stat(configFile)).mode & 0o777, 0o600);
});

test('what a killed login left behind is gone after the next one', async (context) => {
  const { home, configFile, write } = await fakeHome(context);
  const start = await loginProcesses(context);
  const { child, ended } = await start(home, 'x', 0);
  await ended;
  await write('.docker/config.json', {});
  await write('.docker/.config.json.tmp-left', 'a secret');
  const lock = await lockFile(`${configFile}.lock`, async () => {});
  const ours = await readFile(`${configFile}.lock`, 'utf8');
  await lock.release();
  await write('.docker/config.json.lock', ours.replace(String(process.pid), String(child.pid)));
  await storeCredential('a.io', credential, { env: {}, home });
  assert.deepEqual(await readdir(dirname(configFile)), ['config.json']);
});

test('G11: eight logins at once, in as many processes, are all kept', async (context) => {
  const { home, configFile } = await fakeHome(context);
  const start = await loginProcesses(context);
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  const processes = await Promise.all(names.map((name) => start(home, name, 5)));
  const codes = await Promise.all(processes.map(({ ended }) => ended));
  assert.deepEqual(codes, Array(8).fill(0));
  const wanted = names.flatMap((name) => [0, 1, 2, 3, 4].map((at) => `${name}${at}.io`));
  assert.deepEqual((await hosts(configFile)).sort(), wanted.sort());
  assert.deepEqual(await readdir(dirname(configFile)), ['config.json']);
});

test('logins and logouts at once in one process are all done', async (context) => {
  const { env, home, configFile } = await fakeHome(context);
  const numbers = Array.from({ length: 20 }, (_, at) => at);
  await Promise.all(numbers.map((at) => storeCredential(`h${at}.io`, credential, { env, home })));
  const odd = numbers.filter((at) => at % 2 === 1);
  await Promise.all(odd.map((at) => eraseCredential(`h${at}.io`, { env, home })));
  assert.deepEqual(
    (await hosts(configFile)).sort(),
    numbers
      .filter((at) => at % 2 === 0)
      .map((at) => `h${at}.io`)
      .sort(),
  );
});

/** Tokens that outlive a session, in a file: what is asked of the token server, and what is in the file. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { json } from '../support/scripted-transport.ts';
import { bearer, session, type SessionOptions, type TestSession } from '../support/token-session.ts';
import { inPlace, keptToken, PULL } from '../support/token-place.ts';

const me = { username: 'me', password: 'secret' };
const isPosix = process.platform !== 'win32';

/** A session that has asked for something; what it took to be answered. */
async function ran(options: SessionOptions, scopes: readonly string[] = PULL): Promise<TestSession> {
  const one = session({ credential: me, ...options });
  assert.equal(await one.get(scopes), 200);
  return one;
}

const asked = ({ wire, tokens }: TestSession): readonly number[] => [wire.requests.length, tokens().length];

describe('a token that is kept', () => {
  test(
    'is shown by the next run at once, which asks for no token',
    inPlace(async ({ open, problems }) => {
      assert.deepEqual(asked(await ran({ store: open() })), [3, 1]);
      const second = await ran({ store: open(1000) });
      assert.deepEqual(asked(second), [1, 0]);
      assert.equal(second.wire.requests[0]?.headers.authorization, 'Bearer t1');
      assert.deepEqual(problems, []);
    }),
  );

  test(
    'to push is good for who pulls, and not the other way round',
    inPlace(async ({ open }) => {
      await ran({ store: open() }, ['repository:a/b:pull,push']);
      assert.deepEqual(asked(await ran({ store: open() })), [1, 0]);
      const other = 'repository:a/c:pull';
      assert.equal((await ran({ store: open(), scope: other }, [other])).tokens().length, 1);
      const more = 'repository:a/b:pull,push,delete';
      assert.equal((await ran({ store: open(), scope: more }, [more])).tokens().length, 1);
    }),
  );

  test(
    'is asked for anew by another user, with another password, and by nobody',
    inPlace(async ({ open }) => {
      await ran({ store: open() });
      const identity = { identityToken: 'an identity token of some length' };
      for (const credential of [{ ...me, username: 'you' }, { ...me, password: 'changed' }, identity]) {
        assert.equal((await ran({ store: open(), credential })).tokens().length, 1, JSON.stringify(credential));
      }
      const anonymous = session({ store: open() });
      assert.equal(await anonymous.get(PULL), 200);
      assert.equal(anonymous.tokens().length, 1);
      assert.deepEqual(asked(await ran({ store: open() })), [1, 0]);
    }),
  );

  test(
    'is not used when it is about to end, nor when the clock was wrong',
    inPlace(async ({ open, file }) => {
      await ran({ store: open() }); // 300 seconds
      assert.deepEqual(asked(await ran({ store: open(269_000) })), [1, 0]);
      await ran({ store: open() });
      assert.deepEqual(asked(await ran({ store: open(271_000) })), [3, 1]);
      const text = await readFile(file, 'utf8');
      await writeFile(file, text.replaceAll(/"until": \d+/g, '"until": 9999999999999'));
      assert.deepEqual(asked(await ran({ store: open() })), [3, 1]);
    }),
  );

  test(
    'that is refused is dropped, and another one asked for',
    inPlace(async ({ open, file }) => {
      await ran({ store: open() });
      const revoked: SessionOptions = {
        store: open(),
        registry: ({ headers }) => bearer(headers, (token) => token !== 't1'),
        token: () => json({ token: 'new', expires_in: 300 }),
      };
      const second = await ran(revoked);
      assert.equal(second.tokens().length, 1);
      assert.deepEqual(
        [...(await readFile(file, 'utf8')).matchAll(/"value": "(\w+)"/g)].map(([, value]) => value),
        ['new'],
      );
    }),
  );

  test(
    'that is refused is dropped though there is no other one',
    inPlace(async ({ open, file }) => {
      await ran({ store: open() });
      const closed = session({
        credential: me,
        store: open(),
        registry: ({ headers }) => bearer(headers, () => false),
        token: () => ({ status: 401 }),
      });
      await assert.rejects(closed.get(PULL), { code: 'UNAUTHORIZED' });
      assert.doesNotMatch(await readFile(file, 'utf8'), /"t1"/);
    }),
  );

  test(
    'of a token server that is gone is no reason to fail',
    inPlace(async ({ open }) => {
      await ran({ store: open() });
      const changed = await ran({
        store: open(),
        credential: { ...me, password: 'changed' },
        token: () => ({ status: 401 }),
        registry: () => ({}),
      });
      assert.equal(changed.wire.requests.at(-1)?.headers.authorization, undefined);
    }),
  );

  test(
    'shows nothing of who asked',
    inPlace(async ({ open, file }) => {
      const password = 'a password that is long enough';
      await ran({ store: open(), credential: { username: 'a user of some name', password } });
      const text = await readFile(file, 'utf8');
      for (const secret of [password, 'a user of some name', btoa(password)]) assert.ok(!text.includes(secret), secret);
      // Of a short password no more than two bytes of a hash: it could be found by trying.
      await ran({ store: open() });
      assert.match(await readFile(file, 'utf8'), /"account": "password [0-9a-f]{64} [0-9a-f]{4}"/);
    }),
  );
});

describe('the file', () => {
  test(
    'is for its owner alone, and so is its folder',
    inPlace(async ({ open, file }) => {
      if (!isPosix) return;
      await ran({ store: open() });
      assert.equal((await stat(file)).mode & 0o777, 0o600);
      assert.equal((await stat(join(file, '..'))).mode & 0o777, 0o700);
    }),
  );

  test(
    'that others may read or write is not used, and stays as it is',
    inPlace(async ({ open, file, problems }) => {
      if (!isPosix) return;
      await ran({ store: open() });
      for (const mode of [0o640, 0o604, 0o602]) {
        await chmod(file, mode);
        const before = await readFile(file, 'utf8');
        const other = { token: () => json({ token: 'other', expires_in: 300 }) };
        assert.equal((await ran({ store: open(), ...other })).tokens().length, 1);
        assert.match(problems.splice(0).join('\n'), /^the tokens in [^\n]+ are not used: others could/);
        assert.deepEqual([await readFile(file, 'utf8'), (await stat(file)).mode & 0o777], [before, mode]);
      }
      await chmod(file, 0o600);
      await chmod(join(file, '..'), 0o777);
      assert.equal((await ran({ store: open() })).tokens().length, 1);
    }),
  );

  test(
    'that is damaged holds nothing, and is written anew',
    inPlace(async ({ open, file }) => {
      await mkdir(join(file, '..'), { mode: 0o700 });
      const inside = [
        '',
        'not JSON',
        '[]',
        '{"tokens":{}}',
        '{"tokens":[null,{"value":"x"},{"registry":"https://reg.test"}]}',
      ];
      for (const text of inside) {
        await writeFile(file, text, { mode: 0o600 });
        assert.deepEqual(asked(await ran({ store: open() })), [3, 1], text);
        assert.deepEqual(asked(await ran({ store: open() })), [1, 0], text);
      }
    }),
  );

  test(
    'holds a bounded number of tokens, the newest ones, and none that is too long',
    inPlace(async ({ open, file }) => {
      const store = open();
      for (let at = 0; at < 205; at++) await store.keep(keptToken({ scopes: [`repository:r${at}:pull`] }));
      await store.keep(keptToken({ value: 'x'.repeat(20_000) }));
      const kept = await store.read('https://reg.test');
      assert.equal(kept.length, 200);
      assert.deepEqual(kept[0]?.scopes, ['repository:r204:pull']);
      assert.ok((await stat(file)).size < 200_000);
    }),
  );

  test(
    'loses nothing of those who write at once, nor keeps what was issued alike',
    inPlace(async ({ open }) => {
      const stores = Array.from({ length: 8 }, () => open());
      await Promise.all(stores.map((store, at) => store.keep(keptToken({ scopes: [`repository:r${at}:pull`] }))));
      assert.equal((await open().read('https://reg.test')).length, 8);
      await open().keep(keptToken({ scopes: ['repository:r0:pull'], value: 'newer' }));
      const kept = await open().read('https://reg.test');
      assert.deepEqual([kept.length, kept[0]?.value], [8, 'newer']);
    }),
  );

  test(
    'loses nothing of several processes',
    inPlace(async ({ file, open }) => {
      const store = new URL('../../src/node/credentials/token-file.ts', import.meta.url).href;
      const source = `
      import { fileTokenStore } from ${JSON.stringify(store)};
      const [file, own, template] = process.argv.slice(1);
      const store = fileTokenStore(file, { now: () => 1e12 });
      for (let at = 0; at < 5; at++) await store.keep({ ...JSON.parse(template), scopes: [\`repository:p\${own}/\${at}:pull\`] });`;
      const args = ['--import', 'tsx', '-C', 'source', '--input-type=module', '-e', source, file];
      const run = promisify(execFile);
      await Promise.all(
        ['1', '2', '3'].map((own) => run(process.execPath, [...args, own, JSON.stringify(keptToken({}))])),
      );
      assert.equal((await open().read('https://reg.test')).length, 15);
    }),
  );

  test(
    'is not made by who has nothing to keep',
    inPlace(async ({ open, file }) => {
      await open().drop(() => true);
      assert.deepEqual(await open().read('https://reg.test'), []);
      await assert.rejects(stat(join(file, '..')), { code: 'ENOENT' });
    }),
  );
});

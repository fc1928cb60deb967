/** What stands in the file of kept tokens: for whom each is, how long, and what of it is believed. */
import assert from 'node:assert/strict';
import { chown, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { KeptToken, TokenStore } from '../../src/http/token-store.ts';
import { inPlace, keptToken } from '../support/token-place.ts';

const REGISTRY = 'https://reg.test';
const HOUR_MS = 60 * 60 * 1000;
const isRoot = process.geteuid?.() === 0;

async function valuesOf(store: TokenStore, registry: string = REGISTRY): Promise<string[]> {
  return (await store.read(registry)).map(({ value }) => value).sort();
}

describe('a kept token', () => {
  test(
    'is of one registry, which is all that is read',
    inPlace(async ({ open }) => {
      const other = 'https://other.test';
      await open().keep(keptToken({ value: 'one' }));
      await open().keep(keptToken({ value: 'two', host: 'other.test', registry: other }));
      const store = open();
      assert.deepEqual(await valuesOf(store), ['one']);
      assert.deepEqual(await valuesOf(store, other), ['two']);
      assert.deepEqual(await valuesOf(store, 'https://reg.test:5000'), []);
    }),
  );

  for (const [what, change] of [
    ['registry', { registry: 'https://other.test' }],
    ['token server', { realm: 'https://elsewhere.test/token' }],
    ['service', { service: 'another' }],
    ['account', { account: 'you' }],
    ['right', { scopes: ['repository:a/b:pull,push'] }],
  ] as const satisfies readonly (readonly [string, Partial<KeptToken>])[]) {
    test(
      `of another ${what} stands beside it, and each is replaced by its own`,
      inPlace(async ({ open }) => {
        await open().keep(keptToken({ value: 'one' }));
        await open().keep(keptToken({ value: 'two', ...change }));
        await open().keep(keptToken({ value: 'newer' }));
        const all = [...(await valuesOf(open())), ...(await valuesOf(open(), 'https://other.test'))];
        assert.deepEqual(all, ['newer', 'two']);
      }),
    );
  }

  test(
    'that has ended is not read, and leaves the file with the next change',
    inPlace(async ({ open, file }) => {
      await open().keep(keptToken({ value: 'short-lived' }));
      await open().keep(keptToken({ value: 'longer', account: 'you', lifetimeMs: HOUR_MS }));
      assert.deepEqual(await valuesOf(open(59_999)), ['longer', 'short-lived']);
      assert.deepEqual(await valuesOf(open(60_000)), ['longer']);
      await open(60_000).keep(keptToken({ value: 'third', account: 'they' }));
      assert.doesNotMatch(await readFile(file, 'utf8'), /short-lived/);
      await open(2 * HOUR_MS).drop(() => false);
      assert.doesNotMatch(await readFile(file, 'utf8'), /longer|third/);
    }),
  );

  test(
    'ends after a day, however long it is said to be good, and has so much less time later',
    inPlace(async ({ open }) => {
      await open().keep(keptToken({ lifetimeMs: 365 * 24 * HOUR_MS }));
      const lifetimes = async (laterMs: number): Promise<number[]> =>
        (await open(laterMs).read(REGISTRY)).map(({ lifetimeMs }) => lifetimeMs);
      assert.deepEqual(await lifetimes(0), [24 * HOUR_MS]);
      assert.deepEqual(await lifetimes(23 * HOUR_MS), [HOUR_MS]);
      assert.deepEqual(await lifetimes(24 * HOUR_MS), []);
    }),
  );

  test(
    'is dropped alone',
    inPlace(async ({ open, file }) => {
      await open().keep(keptToken({ value: 'refused' }));
      await open().keep(keptToken({ value: 'good', account: 'you' }));
      await open().drop(({ value, lifetimeMs }) => value === 'refused' && lifetimeMs === 60_000);
      assert.deepEqual(await valuesOf(open()), ['good']);
      assert.doesNotMatch(await readFile(file, 'utf8'), /refused/);
    }),
  );
});

describe('an entry', () => {
  for (const [what, change] of [
    ['with a line break in its token', { value: 'a\r\nx-injected: b' }],
    ['with a blank in it', { value: 'a b' }],
    ['with no token', { value: '' }],
    ['with another character than a header takes', { value: 'a\u00fc' }],
    ['without a registry', { registry: undefined }],
    ['whose account is a number', { account: 7 }],
    ['whose service is an object', { service: {} }],
    ['whose scopes are a text', { scopes: 'repository:a/b:pull' }],
    ['whose scopes are numbers', { scopes: [1] }],
    ['whose end is a text', { until: '9999999999999' }],
  ] as const) {
    test(
      `${what} is not read, and those beside it are`,
      inPlace(async ({ open, file }) => {
        const { lifetimeMs, ...rest } = keptToken({ value: 'good' });
        const good = { ...rest, until: 1e12 + lifetimeMs };
        await mkdir(join(file, '..'), { mode: 0o700 });
        const tokens = [{ ...good, value: 'bad', ...change }, good];
        await writeFile(file, JSON.stringify({ tokens }), { mode: 0o600 });
        assert.deepEqual(await valuesOf(open()), ['good']);
      }),
    );
  }
});

describe('a file', () => {
  test(
    'of another user is not used, and stays as it is',
    { skip: isRoot ? false : 'only root may give files away' },
    inPlace(async ({ open, file, problems }) => {
      await open().keep(keptToken());
      await chown(file, 65534, 65534);
      const store = open();
      const before = await readFile(file, 'utf8');
      assert.deepEqual(await valuesOf(store), []);
      await store.keep(keptToken({ value: 'newer' }));
      await store.drop(() => true);
      assert.deepEqual([await readFile(file, 'utf8'), (await stat(file)).uid], [before, 65534]);
      assert.equal(problems.length, 1, 'it is told once');
      assert.match(problems[0] ?? '', /are not used: others could have read or changed them$/);
    }),
  );

  test(
    'that is a folder is not used',
    inPlace(async ({ open, file, problems }) => {
      await mkdir(file, { recursive: true, mode: 0o700 });
      assert.deepEqual(await valuesOf(open()), []);
      assert.match(problems[0] ?? '', /are not used/);
    }),
  );
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createCookieJar } from '../../src/v1/cookies.ts';
import { testClock } from '../support/test-clock.ts';

const url = 'https://reg.example.test/v1/repositories/a/images';
const root = 'https://reg.example.test/';

/** What goes back to a URL after these lines came from another. */
function back(lines: readonly string[], to = root, from = url): string | undefined {
  const jar = createCookieJar(testClock());
  jar.take(from, lines, 'Wed, 21 Oct 2015 07:28:00 GMT');
  return jar.headerFor(to);
}

describe('a cookie', () => {
  test('goes back as it came, quotes and all (the example of hub_registry_spec)', () => {
    const value = 'session="wD/J7LqL5ctqw8haL10vgfhrb2Q=?foo=UydiYXInCnAxCi4=&timestamp=RjEzNjYzMTQ5NDcuNDc0NjQzCi4="';
    assert.equal(back([`${value}; Path=/; HttpOnly`]), value);
    assert.equal(back(['a=1; Path=/', 'b=; Path=/', 'a=2; Path=/']), 'b=; a=2');
  });

  test('goes to no other origin, whatever its domain says', () => {
    for (const line of ['a=1; Path=/', 'a=1; Path=/; Domain=example.test', 'a=1; Path=/; Domain=.reg.example.test']) {
      assert.equal(back([line]), 'a=1', line);
      for (const to of [
        'http://reg.example.test/',
        'https://reg.example.test:8443/',
        'https://example.test/',
        'https://other.example.test/',
        'https://sub.reg.example.test/',
      ]) {
        assert.equal(back([line], to), undefined, `${line} ${to}`);
      }
    }
  });

  test('of another domain, or a secure one that came by http, is left', () => {
    assert.equal(back(['a=1; Path=/; Domain=other.test', 'b=2; Path=/; Domain=xreg.example.test']), undefined);
    assert.equal(back(['a=1; Path=/; Secure']), 'a=1');
    const plain = 'http://reg.example.test/';
    assert.equal(back(['a=1; Path=/; Secure', 'b=2; Path=/'], plain, plain), 'b=2');
  });

  test('goes to the paths below its own; without one, to those beside where it came from', () => {
    assert.equal(back(['a=1; Path=/v1'], `${root}v1/images`), 'a=1');
    assert.equal(back(['a=1; Path=/v1'], `${root}v10`), undefined);
    assert.equal(back(['a=1'], `${root}v1/repositories/a/tags`), 'a=1');
    assert.equal(back(['a=1'], `${root}v1/images/x`), undefined);
    assert.equal(back(['a=1; Path=/', 'a=2; Path=/v1'], `${root}v1/x`), 'a=2; a=1');
  });

  test('ends when it says so, counted from the answer', async () => {
    const clock = testClock();
    const jar = createCookieJar(clock);
    const date = 'Wed, 21 Oct 2015 07:28:00 GMT';
    jar.take(
      root,
      ['a=1; Max-Age=10', 'b=1; Expires=Wed, 21 Oct 2015 07:28:20 GMT', 'c=1; Max-Age=x; Expires=y'],
      date,
    );
    assert.equal(jar.headerFor(root), 'a=1; b=1; c=1');
    await clock.wait(10_000);
    assert.equal(jar.headerFor(root), 'b=1; c=1');
    await clock.wait(10_000);
    assert.equal(jar.headerFor(root), 'c=1');
    jar.take(root, ['c=; Max-Age=0']);
    assert.equal(jar.headerFor(root), undefined);
  });

  test('that is none is left: no line break gets into a header, and no server fills the jar', () => {
    assert.equal(back(['', '=1', 'a', 'a b=1', 'a=1\r\nx: y', 'a=\u00e9', `a=${'x'.repeat(5000)}`]), undefined);
    const many = Array.from({ length: 500 }, (_, at) => `c${at}=1; Path=/`);
    assert.equal(back(many)?.split('; ').length, 50);
  });
});

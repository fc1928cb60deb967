/** Names on the command line of any command: what is asked for, and what is refused before anything is. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { cli } from '../support/cli.ts';
import { openWorld } from '../support/cli-world.ts';

const world = await openWorld();
after(() => world.close());

test('NAME-3: beside a digest, the tag is not asked for', async () => {
  const { digest } = world.single.descriptor;
  const { code, stdout } = await cli(['digest', `${world.host}/team/single:no-such-tag@${digest}`]);
  assert.equal(code, 0);
  assert.equal(stdout, `${digest}\n`);
  const paths = world.requests.map(({ path }) => path).filter((path) => path !== '/v2/');
  assert.deepEqual([...new Set(paths)], [`/v2/team/single/manifests/${digest}`]);
});

test('A4 NAME-5: a name that is none ends with 2, and nothing is asked', async () => {
  world.requests.length = 0;
  const names = ['//evil/x', '..', 'a/../b', 'a?b', 'a#b', 'a%2fb', 'me:hunter2@evil.test/x'].map(
    (name) => `${world.host}/${name}`,
  );
  for (const name of [...names, 'f'.repeat(64), `https://${world.host}/team/single:1`]) {
    const { code, stdout, stderr } = await cli(['digest', name]);
    assert.equal(code, 2, name);
    assert.equal(stdout, '');
    assert.match(stderr, /^error: .* is not a reference: .*\(REFERENCE_INVALID\); hint: /);
    assert.doesNotMatch(stderr, /hunter2/);
  }
  assert.deepEqual(world.requests, []);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { distance, nearest, suggestTag } from '../../src/cli/suggest.ts';

async function* listed(...tags: string[]): AsyncGenerator<string> {
  yield* tags;
}

test('counts the slips of a hand', () => {
  assert.equal(distance('latest', 'latest', 3), 0);
  assert.equal(distance('latset', 'latest', 3), 1); // two letters changed places
  assert.equal(distance('lates', 'latest', 3), 1);
  assert.equal(distance('kitten', 'sitting', 3), 3);
  assert.equal(distance('a', 'abcdef', 3), 4); // more than was asked for
});

test('the nearest come first, what only goes on comes last', () => {
  assert.deepEqual(nearest('latset', ['v1', 'latest', 'latest-dev', 'last']), ['latest', 'last']);
  assert.deepEqual(nearest('3.2', ['3.20', '3.21', '3.19', '2.2', '3.2.1-rc']), ['2.2', '3.20', '3.21']);
  assert.deepEqual(nearest('bookworm', ['bookworm-slim', 'trixie']), ['bookworm-slim']);
});

test('suggests tags that are near, else those that there are', async () => {
  assert.equal(await suggestTag('app', 'latets', listed('1', 'latest')), 'did you mean app:latest?');
  assert.equal(await suggestTag('app', 'xyz', listed('1', '2')), 'it has 1, 2');
  const many = [...Array(20).keys()].map((at) => `2024-${at}`);
  assert.equal(await suggestTag('app', 'x', listed(...many)), 'see "lading tags app" for the tags that there are');
});

test('suggests nothing where that would mislead', async () => {
  assert.equal(await suggestTag('app', '1', listed('1')), undefined); // the tag is not what is missing
  assert.equal(await suggestTag('app', '1', listed()), undefined);
  const broken = (async function* (): AsyncGenerator<string> {
    yield 'x';
    throw new Error('down');
  })();
  assert.equal(await suggestTag('app', '1', broken), undefined);
});

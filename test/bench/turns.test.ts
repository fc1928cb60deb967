import assert from 'node:assert/strict';
import { test } from 'node:test';
import { turnsOf } from '../../bench/turns.ts';

const players = ['lading', 'executable', 'skopeo', 'oras', 'crane', 'curl'];

test('everybody has a turn in each round, and nobody comes always after the same one', () => {
  const before = new Map<string, Set<string>>(players.map((player) => [player, new Set()]));
  for (let round = 1; round <= 11; round++) {
    const order = turnsOf(players, round);
    assert.deepEqual(order.toSorted(), players.toSorted());
    assert.deepEqual(turnsOf(players, round), order, 'it is the same in every run');
    for (const [at, player] of order.entries()) if (at > 0) before.get(player)?.add(order[at - 1] ?? '');
  }
  for (const [player, others] of before) assert.ok(others.size >= 3, `${player} comes after ${[...others].join()}`);
});

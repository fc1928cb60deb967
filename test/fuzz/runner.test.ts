import assert from 'node:assert/strict';
import { test } from 'node:test';
import { superlinear } from '../../fuzz/growth.ts';
import { bytesOfLine, lineOfBytes } from '../../fuzz/lines.ts';
import { fuzz, misjudged } from '../../fuzz/run.ts';
import type { FuzzTarget } from '../../fuzz/target.ts';
import { loadTarget, targetNames } from '../../fuzz/targets.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const corpus: FuzzTarget['corpus'] = async () => ({
  benign: [{ name: 'good', bytes: bytes('{"a":1}') }],
  hostile: [{ name: 'bad', bytes: bytes('{') }],
});

test('there are twenty targets, and what is shown on a terminal', async () => {
  assert.equal(targetNames.length, 21);
  for (const name of targetNames) assert.equal((await loadTarget(name)).name, name);
});

test('finds an error that is not of this package, and shrinks its input', async () => {
  const target: FuzzTarget = {
    name: 'planted',
    corpus,
    run(input) {
      if (input.includes(0x5c)) throw new TypeError('planted');
      return 'taken';
    },
  };
  const { finding } = await fuzz(target, { runs: 5000, seed: 1 });
  assert.match(finding?.problem ?? '', /TypeError: planted/);
  assert.deepEqual([finding?.seed, (finding?.input.length ?? 99) <= 12], [1, true]);
  const again = await fuzz(target, { runs: 5000, seed: 1 });
  assert.deepEqual(again.finding?.input, finding?.input);
});

test('tells of kept inputs that are judged otherwise than they should be', async () => {
  const target: FuzzTarget = { name: 'lax', corpus, run: () => 'taken' };
  assert.deepEqual(await misjudged(target), ['bad: taken']);
});

test('tells time that grows with the square of the input from time that grows with its length', async () => {
  const kept = [bytes('a,b,c,d')];
  const target: FuzzTarget = { name: 'any', corpus, run: () => 'taken' };
  assert.equal(await superlinear(target, kept, 1, async (_, { length }) => length), undefined);
  const square = await superlinear(target, kept, 1, async (_, { length }) => length ** 2);
  assert.ok(square !== undefined && square.large > 15 * square.small);
});

test('a line of a corpus stands for bytes, and bytes for a line', () => {
  assert.deepEqual(bytesOfLine('¬¬'), new Uint8Array(0));
  assert.equal(Buffer.from(bytesOfLine('a¬0A⟪xy×3⟫é')).toString(), 'a\nxyxyxyé');
  for (const input of ['', 'a\nb', '\u0000\u00ff', '{"a":1}'])
    assert.deepEqual(Buffer.from(bytesOfLine(lineOfBytes(bytes(input)))), Buffer.from(input));
});

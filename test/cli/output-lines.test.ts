/** Many lines of a result: they are written by the page, and each is as safe as one by itself. */
import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import type { Context } from '../../src/cli/context.ts';
import { createOutput } from '../../src/cli/terminal/output.ts';
import { renderLine, renderLines } from '../../src/cli/terminal/style.ts';
import { paged } from '../../src/store/paged.ts';

async function written(...pages: readonly (readonly string[])[]): Promise<readonly string[]> {
  const writes: string[] = [];
  const stdout = new Writable({
    write(chunk: Buffer, _encoding, done) {
      writes.push(chunk.toString());
      done();
    },
  });
  const stderr = new Writable({ write: (_chunk, _encoding, done) => done() });
  const context: Pick<Context, 'env' | 'stdout' | 'stderr'> = { env: {}, stdout, stderr };
  async function* source(): AsyncGenerator<readonly string[]> {
    yield* pages;
  }
  await createOutput(context as Context).lines(paged(source()), (name) => name);
  return writes;
}

test('a page is one write, and a page without an end is many', async () => {
  assert.deepEqual(await written(['1', '2'], ['3']), ['1\n2\n', '3\n']);
  const many = Array.from({ length: 2500 }, (_, at) => `n${at}`);
  const writes = await written(many);
  assert.equal(writes.length, 3);
  assert.equal(writes.join(''), many.map((name) => `${name}\n`).join(''));
});

test('lines are what each would be by itself, whatever stands among them', () => {
  const names = [
    'plain',
    ' ::error::no',
    '##[group]',
    'a:',
    ':b',
    'tab\t',
    'line\nbreak',
    'esc\x1b[31m',
    '\u202ertl',
    'é',
    '',
  ];
  for (const some of [names, ['a:', ':b'], ['::x'], ...names.map((name) => [name])]) {
    assert.equal(renderLines(some), some.map((name) => `${renderLine([name], false)}\n`).join(''));
  }
});

/** Standard streams that are opened late: what is written to the file itself, and what opens the stream. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { test, type TestContext } from 'node:test';
import { type OpenStream, StandardOutput, streamOf } from '../../src/cli/standard-output.ts';
import { temporaryDirectory } from '../support/real/temporary.ts';

interface Opened {
  readonly output: StandardOutput;
  readonly fd: number;
  readonly path: string;
  /** What the stream was given, of each time that it was opened. */
  readonly streams: string[];
  readonly fail: (error: Error) => void;
}

async function outputTo(t: TestContext, kind: 'file' | 'pipe'): Promise<Opened> {
  const { path: folder, remove } = await temporaryDirectory('output');
  const path = join(folder, 'out');
  if (kind === 'pipe') execFileSync('mkfifo', [path]);
  const fd = openSync(path, kind === 'pipe' ? constants.O_RDWR : 'w');
  t.after(async () => {
    closeSync(fd);
    await remove();
  });
  const streams: string[] = [];
  let stream: Writable | undefined;
  const open = (): OpenStream => {
    const at = streams.push('') - 1;
    stream = new Writable({
      write(chunk: Buffer, _, done) {
        streams[at] += chunk.toString();
        done();
      },
    });
    return stream;
  };
  return { output: new StandardOutput(fd, open), fd, path, streams, fail: (error) => stream?.emit('error', error) };
}

const written = (output: StandardOutput, chunk: string | Uint8Array): Promise<Error | null | undefined> =>
  new Promise((resolve) => output.write(chunk, resolve));

test('what is short is in the file at once, and nothing is opened for it', async (t) => {
  const { output, path, streams } = await outputTo(t, 'file');
  output.write('ein Übergang\n');
  assert.equal(await written(output, Buffer.from('two\n')), undefined);
  assert.equal(readFileSync(path, 'utf8'), 'ein Übergang\ntwo\n');
  assert.equal(output.isTTY, false);
  assert.deepEqual([output.columns, output.rows, streams], [undefined, undefined, []]);
});

test('what is long opens the stream, once, and all that follows goes there', async (t) => {
  const { output, path, streams } = await outputTo(t, 'file');
  const [short, long] = ['a'.repeat(20_000), 'b'.repeat(20_000)];
  await written(output, short);
  await written(output, long);
  await written(output, 'c');
  assert.equal(readFileSync(path, 'utf8'), short);
  assert.deepEqual(streams, [`${long}c`]);
});

test('who wants all that a stream can do gets it, and what is written goes through it from then on', async (t) => {
  const { output, path, streams } = await outputTo(t, 'file');
  assert.ok(streamOf(output) instanceof Writable);
  await written(output, 'x');
  assert.deepEqual(streams, ['x']);
  assert.equal(readFileSync(path, 'utf8'), '');
  const other = new Writable();
  assert.equal(streamOf(other), other);
});

test('an error of the stream is told to who listens, and ends nothing where nobody does', async (t) => {
  const { output, fail } = await outputTo(t, 'file');
  streamOf(output);
  const told: string[] = [];
  const listener = (error: Error): void => void told.push(error.message);
  fail(new Error('before'));
  output.on('error', listener);
  fail(new Error('meanwhile'));
  output.off('error', listener);
  fail(new Error('after'));
  assert.deepEqual(told, ['meanwhile']);
});

test('what a full pipe does not take is left to the stream, from where it stopped', {
  skip: withoutPipes(),
}, async (t) => {
  const { output, path, streams } = await outputTo(t, 'pipe'); // as a shell opens it: a write would wait
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  t.after(() => closeSync(fd));
  const page = Buffer.alloc(4096, 'f');
  let filled = 0;
  try {
    for (;;) filled += writeSync(fd, page);
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'EAGAIN');
  }
  readSync(fd, Buffer.alloc(8192));
  const text = Array.from({ length: 2500 }, (_, at) => String(at).padStart(8, '0')).join('');
  await written(output, text);
  const there = Buffer.alloc(filled);
  const count = readSync(fd, there);
  const direct = there.toString('latin1', filled - 8192, count);
  assert.equal(direct.length, 8192);
  assert.equal(`${direct}${streams.join('')}`, text);
});

test('a pipe that nobody reads any more is an error of the write', { skip: withoutPipes() }, async (t) => {
  const { path: folder, remove } = await temporaryDirectory('output');
  t.after(remove);
  const path = join(folder, 'out');
  execFileSync('mkfifo', [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const fd = openSync(path, constants.O_WRONLY);
  const output = new StandardOutput(fd, () => assert.fail('opened'));
  assert.equal(await written(output, 'x'), undefined);
  closeSync(reader);
  const error = await written(output, 'x');
  closeSync(fd);
  assert.equal((error as NodeJS.ErrnoException).code, 'EPIPE');
});

function withoutPipes(): string | false {
  return process.platform === 'linux' ? false : 'named pipes are read and written here as Linux does it';
}

/** A question to a thread is answered before the process ends: what ends a transfer is told before what it has ended. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const project = fileURLToPath(new URL('../../..', import.meta.url));

/** A thread that says that it has ended a transfer, and a moment later what has become of the request. */
const thread = `
  import { parentPort } from 'node:worker_threads';
  import { HELLO } from './src/node/threads/protocol.ts';
  let waiting;
  parentPort.postMessage({ hello: HELLO });
  parentPort.on('message', ({ number, question }) => {
    if (question === 'answer') return (waiting = number);
    parentPort.postMessage({ number, result: undefined });
    const failure = { message: 'it was ended', code: 'ENDED', where: 'sink' };
    if (question === 'close') setTimeout(() => parentPort.postMessage({ number: waiting, failure }), 300);
  });`;

const program = `
  import { syncBuiltinESMExports } from 'node:module';
  const threads = process.getBuiltinModule('node:worker_threads');
  const { Worker } = threads;
  threads.Worker = class extends Worker {
    constructor() {
      const own = ${JSON.stringify(thread)}.replaceAll("'./", "'" + new URL('./', 'file://${project}').href);
      const source = "import { register } from " + JSON.stringify(import.meta.resolve('tsx/esm/api')) + "; register();" +
        "await import('data:text/javascript,' + " + JSON.stringify(encodeURIComponent(own)) + ");";
      super(new URL('data:text/javascript,' + encodeURIComponent(source)));
    }
  };
  syncBuiltinESMExports();
  const { beginTransfer } = await import('./src/node/threads/transfers.ts');
  const transfer = await beginTransfer({ kind: 'file', fd: 1, path: '' }, { digest: 'sha256:00', size: 1 });
  const answer = transfer.answer().catch((error) => error.message);
  await transfer.close();
  console.log(await answer);`;

test('a transfer that was closed is told what became of it, with nothing else under way', {
  timeout: 60_000,
}, async () => {
  const args = ['--import', 'tsx', '-C', 'source', '--input-type=module', '--eval', program];
  const { stdout } = await run(process.execPath, args, { cwd: project });
  assert.equal(stdout, 'it was ended\n');
});

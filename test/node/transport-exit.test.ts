import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { startOrigin } from '../support/http-origin.ts';

const program = `
  const { nodeTransport } = await import('./src/node/http/transport.ts');
  const send = nodeTransport({ proxy: false });
  const url = process.argv[1];
  for (let at = 0; at < 3; at++) {
    const response = await send({ method: 'GET', url, headers: {}, registry: url });
    for await (const _ of response.body);
  }
  process.stdout.write('read');
`;

test('CONN-8 NODE-21: a program that never closes its transport ends all the same', { timeout: 30_000 }, async () => {
  await using origin = await startOrigin((_, response) => void response.end('x'));
  const args = ['--import', 'tsx', '-C', 'source', '--input-type=module', '-e', program, '--', origin.url];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (chunk) => (said += String(chunk)));
  const [code] = (await once(child, 'close')) as [number];
  assert.deepEqual([code, said, origin.connections.made], [0, 'read', 1]);
});

test('a thousand failing requests leave no connection behind', async () => {
  const { nodeTransport } = await import('../../src/node/http/transport.ts');
  await using origin = await startOrigin(({ url }, response) => {
    if (url === '/reset') response.destroy();
    else if (url === '/long') response.write('x'.repeat(200_000));
    else response.writeHead(500).end('no');
  });
  const send = nodeTransport({ proxy: false });
  const before = process.getActiveResourcesInfo().length;
  const one = async (path: string, count: number): Promise<void> => {
    const controller = new AbortController();
    const { signal } = controller;
    const response = await send({
      method: 'GET',
      url: origin.url + path,
      headers: {},
      registry: origin.url,
      signal,
    }).catch(() => undefined);
    if (count % 2 === 0) controller.abort();
    else await response?.cancel();
  };
  const paths = ['/reset', '/long', '/500', '/long'];
  for (let at = 0; at < 1000; at += 50) {
    await Promise.all(Array.from({ length: 50 }, (_, count) => one(paths[(at + count) % 4] ?? '', count)));
  }
  send.close();
  for (let tries = 0; tries < 200 && origin.connections.open > 0; tries++)
    await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(origin.connections.open, 0);
  const left = process.getActiveResourcesInfo().length - before;
  assert.ok(left < 10, `${left} more resources are in use than before`);
});

/** The long line that the bench puts before a registry. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { arrival } from '../../bench/line/arrival.ts';
import { carry } from '../../bench/line/carry.ts';

test('a first request takes two round trips, with the connection', () => {
  const asked = arrival(1000, 1000, 50, 'client');
  assert.equal(asked, 1075);
  assert.equal(arrival(asked, 1000, 50, 'server'), 1100);
});

test('a second request takes one, and so does a first over a connection that has waited', () => {
  for (const sentAt of [1050, 2000]) {
    const asked = arrival(sentAt, 1000, 50, 'client');
    assert.equal(arrival(asked, 1000, 50, 'server'), sentAt + 50);
  }
});

test('a connection that was opened a little earlier saves what it was earlier', () => {
  assert.equal(arrival(1020, 1000, 50, 'client'), 1075);
});

test('bytes arrive whole, in their order, and their end after them, whatever is due first', async () => {
  const server = createServer({ allowHalfOpen: true });
  const accepted = once(server, 'connection');
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true });
  const [socket] = (await accepted) as [Socket];
  // What comes from the client goes back to it; each piece is due before those that were sent earlier.
  let due = 20;
  carry(socket, socket, (now) => now + Math.max(0, (due -= 1)));
  const back = buffer(client);
  const sent = Buffer.from(Array.from({ length: 3_000_000 }, (_, at) => at % 251));
  for (let at = 0; at < sent.length; at += 100_000) client.write(sent.subarray(at, at + 100_000));
  client.end();
  assert.ok(sent.equals(await back));
  server.close();
});

/** The proxy's port: open, closed, or deaf, so that connections to it are never made. */
import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { OciError } from '../../errors.ts';

export type Door = 'open' | 'closed' | 'deaf';

export interface Doorway {
  readonly port: number;
  /** In order, one after the other. */
  turn(to: Door): void;
  /** Resolves when it is as it was last told. @throws OciError `IO` when somebody else has taken the port */
  ready(): Promise<void>;
  /** Closed for good. */
  close(): Promise<void>;
}

const HOST = '127.0.0.1';

export async function openDoorway(server: Server): Promise<Doorway> {
  await listen(server, 0);
  const { port } = server.address() as AddressInfo;
  let hearAgain: (() => Promise<void>) | undefined;
  let turning = Promise.resolve();
  const go = async (to: Door): Promise<void> => {
    if (to === 'deaf' && hearAgain !== undefined) return;
    await hearAgain?.();
    hearAgain = undefined;
    if (to !== 'open' && server.listening) server.close();
    if (to === 'open' && !server.listening) await listen(server, port);
    if (to === 'deaf') hearAgain = await deafen(port);
  };
  const turn = (to: Door): void => {
    // A port is closed at once; all else takes its turn.
    if (to !== 'open' && server.listening) server.close();
    turning = turning.catch(() => undefined).then(() => go(to));
    turning.catch(() => undefined);
  };
  return {
    port,
    turn,
    ready: () => turning,
    close() {
      turn('closed');
      return turning;
    },
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (cause: NodeJS.ErrnoException): void =>
      reject(new OciError('IO', `cannot listen on ${HOST} port ${port}: ${cause.code ?? cause.message}`, { cause }));
    server.once('error', fail);
    server.listen(port, HOST, () => {
      server.off('error', fail);
      resolve();
    });
  });
}

/** Listens, and then never takes a connection: the thread sleeps. Its queue is filled, so that the system drops what else comes. */
const sleeper = `
const { parentPort, workerData: { port, host } } = require('node:worker_threads');
require('node:net').createServer().listen({ port, host, backlog: 1 }, () => {
  parentPort.postMessage('listening');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});`;

/** How many connections the system makes for a backlog of 1. */
const QUEUED = 2;
/** A connection on this machine that takes longer is not made at all. */
const FULL_MS = 100;

async function deafen(port: number): Promise<() => Promise<void>> {
  const worker = new Worker(sleeper, { eval: true, execArgv: [], workerData: { port, host: HOST } });
  await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  const queue: Socket[] = [];
  for (let count = 0; count < QUEUED; count++) {
    const socket = connect(port, HOST).on('error', () => undefined);
    queue.push(socket);
    // A client that came in between has taken a place: then the queue is full before.
    await Promise.race([once(socket, 'connect').catch(() => undefined), delay(FULL_MS)]);
  }
  return async () => {
    for (const socket of queue) socket.destroy();
    await worker.terminate();
  };
}

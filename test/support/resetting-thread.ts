/** A thread that serves one connection and resets it while nobody reads: it tells its port, and shares two marks with who started it. */
import { createServer, type AddressInfo } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { AWAY, BUSY, type Resetting } from './resetting.ts';

const { marks, before, behind } = workerData as Resetting;

const server = createServer((socket) => {
  server.close();
  socket.once('data', () => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    socket.write(Buffer.alloc(before, 1), () => {
      Atomics.wait(marks, BUSY, 0);
      socket.write(Buffer.alloc(behind, 2), () => socket.resetAndDestroy());
    });
  });
  socket.once('close', () => {
    Atomics.store(marks, AWAY, 1);
    Atomics.notify(marks, AWAY);
  });
});
server.listen(0, '127.0.0.1', () => parentPort?.postMessage((server.address() as AddressInfo).port, []));

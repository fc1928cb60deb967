/** A small server of node's own on this machine, that writes down what it is asked; http, or https with a certificate. */
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer, type Socket } from 'node:net';

export interface OriginRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  /** Which connection it came over, from 1. */
  readonly connection: number;
}

export interface Origin {
  /** `http://127.0.0.1:34567` */
  readonly url: string;
  readonly port: number;
  readonly requests: OriginRequest[];
  /** Connections that were made, and those that are open. */
  readonly connections: { made: number; open: number };
  [Symbol.asyncDispose](): Promise<void>;
}

/** Ends with the test: `await using origin = await startOrigin(…)`. */
export async function startOrigin(answer: RequestListener, tls?: ServerOptions): Promise<Origin> {
  const requests: OriginRequest[] = [];
  const numbers = new WeakMap<object, number>();
  const connections = { made: 0, open: 0 };
  const listener: RequestListener = (request, response) => {
    const { method = '', url = '', headers, socket } = request;
    requests.push({ method, path: url, headers, connection: numbers.get(socket) ?? 0 });
    answer(request, response);
  };
  const server: Server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  server.keepAliveTimeout = 0; // connections end by what is tested, not by time
  server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    numbers.set(socket, ++connections.made);
    connections.open++;
    socket.once('close', () => connections.open--);
  });
  const port = await listen(server);
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    port,
    requests,
    connections,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export interface RawOrigin {
  readonly url: string;
  readonly port: number;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A server that speaks whatever the test does; `count` is 1 for the first connection. */
export async function startRaw(serve: (socket: Socket, count: number) => void): Promise<RawOrigin> {
  const sockets = new Set<Socket>();
  let count = 0;
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
    serve(socket, ++count);
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function listen(server: TcpServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

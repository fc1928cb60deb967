/** A proxy on this machine: absolute URLs for http, `CONNECT` for https; it writes down what it is asked and sees. */
import { createServer, request as ask } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

export interface TestProxy {
  readonly url: string;
  readonly port: number;
  /** `CONNECT reg.test:443`, `GET http://reg.test/` */
  readonly asked: string[];
  readonly authorizations: (string | undefined)[];
  /** All bytes that went through its tunnels. */
  seen(): string;
  /** Tunnels that are open or asked for. */
  open(): number;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * @param mode a status for every CONNECT, or `silent`: they are never answered
 * @param to where everything is sent, `127.0.0.1:34567`, in place of what is asked for: it knows that name
 */
export async function startProxy(mode?: number | 'silent', to?: string): Promise<TestProxy> {
  const asked: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const sockets = new Set<Socket>();
  let seen = '';
  const server = createServer((request, response) => {
    const { 'proxy-authorization': authorization, 'proxy-connection': _, ...headers } = request.headers;
    asked.push(`${request.method} ${request.url}`);
    authorizations.push(authorization);
    const url = new URL(request.url ?? '');
    if (to !== undefined) url.host = to;
    const through = ask(url, { method: request.method ?? '', headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(response);
    });
    request.pipe(through);
  });
  server.on('connect', (request, socket: Socket) => {
    asked.push(`CONNECT ${request.url}`);
    authorizations.push(request.headers['proxy-authorization']);
    sockets.add(socket);
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
    if (mode === 'silent') socket.resume().once('end', () => socket.destroy());
    else if (mode !== undefined) socket.end(`HTTP/1.1 ${mode} No\r\nContent-Length: 0\r\n\r\n`);
    else tunnel(socket, to ?? request.url ?? '', (text) => (seen += text));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    asked,
    authorizations,
    seen: () => seen,
    open: () => sockets.size,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function tunnel(socket: Socket, to: string, see: (text: string) => void): void {
  const target = new URL(`http://${to}`);
  const onward = connect(Number(target.port), target.hostname, () => {
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    socket.on('data', (chunk: Buffer) => see(chunk.toString('latin1')));
    socket.pipe(onward).pipe(socket);
  });
  onward.on('error', () => socket.destroy());
  socket.once('close', () => onward.destroy());
}

/**
 * A registry that answers everything with an empty list of tags and warns of whatever it is told to, byte for byte: no HTTP server would
 * write such a header.
 */
import { createServer, type Socket } from 'node:net';

export interface WarningRegistry {
  /** `127.0.0.1:34567` */
  readonly host: string;
  /** From now on every answer warns of this. */
  warn(text: string): void;
  close(): Promise<void>;
}

const BODY = '{"name":"app","tags":[]}';

export async function startWarningRegistry(): Promise<WarningRegistry> {
  let warning = '';
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    socket.once('data', () => {
      const head = `content-type: application/json\r\ncontent-length: ${BODY.length}\r\nconnection: close`;
      socket.end(`HTTP/1.1 200 OK\r\n${head}\r\nwarning: 299 - "${warning}"\r\n\r\n${BODY}`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    host: `127.0.0.1:${port}`,
    warn: (text) => void (warning = text),
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

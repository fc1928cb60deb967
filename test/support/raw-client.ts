/** A client that sees the bytes: it sends text, and keeps all that comes until the connection ends or nothing more is expected. */
import { connect, type Socket } from 'node:net';
import { until } from './until.ts';

export interface RawClient {
  /** All that came, latin 1. */
  readonly text: string;
  /** How it ended: `open`, `end` (FIN), or the code of the error. */
  readonly ended: string;
  send(text: string): void;
  /** Until so much has come, or it has ended. */
  seen(pattern: RegExp): Promise<string>;
  over(): Promise<string>;
  close(): void;
}

/** @param host `127.0.0.1:34567` */
export function rawClient(host: string): RawClient {
  let text = '';
  let ended = 'open';
  const socket: Socket = connect(Number(host.split(':')[1]), '127.0.0.1');
  socket.on('data', (chunk) => (text += chunk.toString('latin1')));
  socket.once('end', () => (ended = ended === 'open' ? 'end' : ended));
  socket.on('error', ({ code = '' }: NodeJS.ErrnoException) => (ended = code));
  return {
    get text() {
      return text;
    },
    get ended() {
      return ended;
    },
    send: (what) => void socket.write(what, 'latin1'),
    async seen(pattern) {
      await until(() => pattern.test(text) || ended !== 'open', `${pattern} was seen in ${JSON.stringify(text)}`);
      return text;
    },
    async over() {
      await until(() => ended !== 'open', 'the connection ended');
      return ended;
    },
    close: () => void socket.destroy(),
  };
}

/** A GET, or a request with a body. */
export function requestText(path: string, headers: Readonly<Record<string, string>> = {}, body?: string): string {
  const length = body === undefined ? {} : { 'Content-Length': String(body.length) };
  const lines = Object.entries({ Host: 'proxy.test', ...length, ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  return [`${body === undefined ? 'GET' : 'PUT'} ${path} HTTP/1.1`, ...lines, '', body ?? ''].join('\r\n');
}

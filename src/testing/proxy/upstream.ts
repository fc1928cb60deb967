/** The proxy's own connection to the registry: kept from request to request, made anew when it was ended. */
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Bytes } from '../../model/call.ts';
import type { Answer } from './exchange.ts';
import { type Body, type Head, headText, noBody, readBody, readHead, writeBody } from './message.ts';
import { Wire } from './wire.ts';

export interface Upstream {
  /** @param interim told of every 1xx answer that comes before the answer */
  ask(question: Question, interim: (head: Head) => Promise<void>): Promise<Answer>;
  /** Ends the connection, if there is one. */
  leave(): void;
  /** Ends it when its answer came before it had read all. @returns whether it did */
  leaveUnread(): boolean;
}

export interface Question {
  readonly head: Head;
  readonly method: string;
  readonly body: Body;
  /** In place of the body's own. */
  readonly bytes?: Bytes | undefined;
  readonly count: (bytes: number) => void;
}

/** @param upstream `http(s)://host:port` */
export function createUpstream(upstream: URL): Upstream {
  let wire: Wire | undefined;
  let dirty = false;
  const leave = (): void => {
    wire?.destroy();
    wire = undefined;
    dirty = false;
  };
  const kept = (): Wire => {
    if (wire === undefined || wire.isOver || dirty) {
      leave();
      wire = new Wire(open(upstream));
    }
    return wire;
  };
  return {
    leave,
    leaveUnread() {
      const isUnread = dirty;
      if (isUnread) leave();
      return isUnread;
    },
    async ask({ head, method, body, bytes, count }, interim) {
      const to = kept();
      dirty = true;
      // A registry may answer before it has read all: then nothing else may follow on this connection.
      to.write(headText(head))
        .then(() => writeBody(to, body.framing, bytes ?? body.bytes, count))
        .then(() => void (dirty = false))
        .catch(() => undefined);
      for (;;) {
        const answer = await readHead(to);
        if (answer === undefined) break;
        const status = Number(answer.line.split(' ')[1]);
        if (status >= 200) return answerOf(to, answer, status, method);
        await interim(answer);
      }
      leave();
      throw new Error('the registry ended the connection without an answer');
    },
  };
}

function open({ protocol, hostname, port }: URL): Socket {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (protocol === 'http:') return connect(Number(port) || 80, host);
  return connectTls({ host, port: Number(port) || 443, rejectUnauthorized: false });
}

function answerOf(wire: Wire, head: Head, status: number, method: string): Answer {
  const isBare = method === 'HEAD' || status === 204 || status === 304;
  return { ...head, status, ...(isBare ? noBody() : readBody(wire, head.headers, true)) };
}

/** A client's connection from its first byte to its end: requests go on to the registry, and what is planned happens to them. */
import type { Socket } from 'node:net';
import { type Answer, type Exchange, relay, reply } from './exchange.ts';
import { type Head, headText, noBody, plainHeaders, readBody, readHead, withHeaders } from './message.ts';
import type { Plans } from './plans.ts';
import type { ProxiedRequest } from './types.ts';
import { createUpstream, type Upstream } from './upstream.ts';
import { Wire } from './wire.ts';

/** What all visits of one proxy share. */
export interface Station {
  readonly upstream: URL;
  readonly plans: Plans;
  readonly requests: ProxiedRequest[];
  readonly random: () => number;
  readonly pauseMs: number;
  /** It speaks TLS to clients, whatever the registry speaks. */
  readonly isTls: boolean;
  /** The challenge that the registry has shown last, or one of the proxy's own. */
  challenge: string;
}

export interface Visit {
  /** Waits for another request of its client. */
  resting: boolean;
  /** Its connection ends with the request that is under way. */
  isLast: boolean;
  destroy(): void;
  readonly gone: Promise<void>;
}

/** Where the proxy gives tokens itself, to clients of a registry that wants none. */
export const TOKEN_PATH = '/fault-proxy/token';

type Entry = { -readonly [Key in keyof ProxiedRequest]: ProxiedRequest[Key] };

/** @returns when the client has gone, or was sent away */
export async function serveVisit(station: Station, visit: Visit, socket: Socket, raw: Socket): Promise<void> {
  const client = new Wire(socket, raw);
  const upstream = createUpstream(station.upstream);
  void client.gone.then(() => upstream.leave());
  try {
    for (let reused = false; ; reused = true) {
      visit.resting = true;
      const head = await readHead(client);
      visit.resting = false;
      if (head === undefined) break;
      if (!(await serveRequest(station, { client, upstream, head, reused }))) break;
      if (visit.isLast) break;
    }
    client.end();
  } catch {
    client.destroy(); // one of the two has gone
  } finally {
    upstream.leave();
  }
}

interface Asked {
  readonly client: Wire;
  readonly upstream: Upstream;
  readonly head: Head;
  readonly reused: boolean;
}

async function serveRequest(station: Station, asked: Asked): Promise<boolean> {
  const [method = '', path = ''] = asked.head.line.split(' ');
  const headers = plainHeaders(asked.head.headers);
  const request = { method, path, headers };
  const entry: Entry = { method, url: path, headers, bytesToServer: 0, bytesToClient: 0 };
  station.requests.push(entry);
  const exchange = exchangeOf(station, asked, request, entry);
  const goesOn = path.startsWith(TOKEN_PATH)
    ? await giveToken(exchange)
    : await befall(station, asked, exchange, entry);
  return goesOn && (await isThrough(asked.upstream, exchange));
}

/** What is planned, or what the registry says. */
async function befall(station: Station, asked: Asked, exchange: Exchange, entry: Entry): Promise<boolean> {
  let answer: Answer | undefined;
  for (const { fault, spend } of station.plans.request(exchange.request, asked)) {
    if (fault.at === 'request') {
      if (answer !== undefined || !spend()) continue; // it is too late for it
      entry.fault = fault.name;
      return fault.befall(exchange);
    }
    answer ??= await exchange.ask();
    if (fault.fits?.(answer) === false || !spend()) continue;
    entry.fault = fault.name;
    return fault.befall(exchange, answer);
  }
  return relay(exchange, answer ?? (await exchange.ask()));
}

/** Reads what nobody wanted of a request: it is not the next one. Of a client that waited to be told to write, none may come. */
async function isThrough(upstream: Upstream, { request, body }: Exchange): Promise<boolean> {
  const isUnread = upstream.leaveUnread();
  if (isUnread && request.headers.expect !== undefined) return false;
  for await (const part of body.bytes) void part;
  return true;
}

function exchangeOf(
  station: Station,
  { client, upstream, head }: Asked,
  request: Exchange['request'],
  entry: Entry,
): Exchange {
  const hasBody = request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined;
  const body = hasBody ? readBody(client, head.headers, false) : noBody();
  const { random, pauseMs, isTls } = station;
  // docker-registry makes absolute URLs of it.
  const forwarded = isTls && station.upstream.protocol === 'http:' ? { 'x-forwarded-proto': 'https' } : {};
  const count = (bytes: number): void => void (entry.bytesToServer += bytes);
  return {
    request,
    head,
    body,
    client,
    random,
    pauseMs,
    get challenge() {
      return station.challenge;
    },
    count: (bytes) => void (entry.bytesToClient += bytes),
    leave: () => upstream.leave(),
    async ask({ headers = head.headers, bytes } = {}) {
      const sent = { line: head.line, headers: withHeaders(headers, forwarded) };
      const question = { head: sent, method: request.method, body, bytes, count };
      const answer = await upstream.ask(question, (interim) => client.write(headText(interim)));
      entry.status = answer.status;
      const { 'www-authenticate': told } = plainHeaders(answer.headers);
      if (answer.status === 401 && told !== undefined) station.challenge = told;
      return answer;
    },
  };
}

function giveToken(exchange: Exchange): Promise<boolean> {
  return reply(exchange, '200 OK', {}, { token: 'of-the-fault-proxy', expires_in: 300 });
}

/**
 * A proxy that stands before any registry and spoils what goes through it, on purpose. It speaks HTTP by hand, on sockets:
 * what it sends may be as wrong as it likes.
 */
import { createServer, type Socket } from 'node:net';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import { OciError } from '../../errors.ts';
import { parseUrl } from '../../model/parse-url.ts';
import { quote, withoutLogin } from '../../model/quote.ts';
import { openDoorway } from './doorway.ts';
import { createPlans } from './plans.ts';
import { seededRandom } from './random.ts';
import type { Certificate, ConnectionFault, FaultPlan, FaultProxy, FaultProxyOptions, ServerTls } from './types.ts';
import { serveVisit, type Station, TOKEN_PATH, type Visit } from './visit.ts';

/**
 * Starts a proxy on 127.0.0.1.
 * @param upstream the registry: `http://127.0.0.1:5000`, or `127.0.0.1:5000` for http; its certificate is not looked at
 * @throws OciError `USAGE` when that is no address, a certificate is none, or a plan needs one that is not there
 * @example
 * const proxy = await startFaultProxy(registry.url);
 * proxy.plan({ fault: faults['reset-at-50'], times: 1 });
 * await client.repository(`${proxy.host}/team/app`).manifest('1'); // and it is right
 * await proxy.close();
 */
export async function startFaultProxy(upstream: string, options: FaultProxyOptions = {}): Promise<FaultProxy> {
  const { seed = 1, tls, pauseMs = 50, plans = [] } = options;
  requireCertificates(plans, tls);
  const station: Station = {
    upstream: addressOf(upstream),
    plans: createPlans(),
    requests: [],
    random: seededRandom(seed),
    pauseMs,
    isTls: tls !== undefined,
    challenge: '',
  };
  const visits = new Set<Visit>();
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    receive(station, visits, socket, tls);
  });
  const doorway = await openDoorway(server);
  const host = `127.0.0.1:${doorway.port}`;
  const origin = `${tls === undefined ? 'http' : 'https'}://${host}`;
  station.challenge = `Bearer realm="${origin}${TOKEN_PATH}",service="fault-proxy"`;
  const turn = (): void => {
    doorway.turn(station.plans.listener()?.listener ?? 'open');
  };
  const proxy: FaultProxy = {
    host,
    origin,
    requests: station.requests,
    get connections() {
      return connections;
    },
    get open() {
      return visits.size;
    },
    plan(...plans) {
      requireCertificates(plans, tls);
      station.plans.add(plans);
      // What rests would not notice.
      const isSeen = plans.every(({ fault }) => fault.at === 'request' || fault.at === 'answer');
      if (!isSeen) for (const visit of visits) endAfterwards(visit);
      turn();
    },
    heal() {
      station.plans.clear();
      turn();
    },
    ready: () => doorway.ready(),
    async close() {
      station.plans.clear();
      const closed = doorway.close();
      const gone = [...visits].map((visit) => visit.gone);
      for (const visit of visits) visit.destroy();
      await Promise.all([closed, ...gone]);
    },
  };
  proxy.plan(...plans);
  await proxy.ready();
  return proxy;
}

function addressOf(upstream: string): URL {
  const url = parseUrl(upstream.includes('://') ? upstream : `http://${upstream}`);
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw new OciError('USAGE', `${quote(withoutLogin(upstream))} is not the address of a registry`, {
    hint: 'write it like http://127.0.0.1:5000',
  });
}

/** @throws OciError `USAGE` */
function requireCertificates(plans: readonly FaultPlan[], tls: ServerTls | undefined): void {
  for (const certificate of [tls, tls?.expired, tls?.other]) if (certificate !== undefined) contextOf(certificate);
  for (const { fault } of plans) if (fault.at === 'connection') certificateFor(fault, tls);
}

function endAfterwards(visit: Visit): void {
  if (visit.resting) visit.destroy();
  else visit.isLast = true;
}

function receive(station: Station, visits: Set<Visit>, raw: Socket, tls: ServerTls | undefined): void {
  const visit: Visit = {
    resting: false,
    isLast: false,
    destroy: () => void raw.destroy(),
    gone: new Promise((resolve) => {
      raw.once('close', () => {
        visits.delete(visit);
        resolve();
      });
    }),
  };
  visits.add(visit);
  raw.on('error', () => undefined);
  const chosen = station.plans.connection();
  chosen?.spend();
  const fault = chosen?.fault;
  if (fault?.connection === 'reset') return void raw.resetAndDestroy();
  // Who reads nothing does not learn that the other side has ended, too.
  if (fault?.connection === 'end') return void raw.resume().end();
  if (fault?.connection === 'tls-alert') return void raw.resume().end(handshakeFailure);
  const certificate = certificateFor(fault, tls);
  const socket = certificate === undefined ? raw : shown(raw, contextOf(certificate));
  void serveVisit(station, visit, socket, raw);
}

/** TLS 1.2: an alert, two bytes, fatal, handshake_failure. */
const handshakeFailure = Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28]);

function shown(raw: Socket, secureContext: SecureContext): TLSSocket {
  return new TLSSocket(raw, { isServer: true, secureContext }).on('error', () => undefined);
}

/** @throws OciError `USAGE` when it has none for a fault */
function certificateFor(fault: ConnectionFault | undefined, tls: ServerTls | undefined): Certificate | undefined {
  const kind = fault?.connection;
  if (kind === undefined || kind === 'reset' || kind === 'end') return tls;
  const certificate = { 'tls-alert': tls, 'expired-certificate': tls?.expired, 'other-certificate': tls?.other }[kind];
  if (certificate !== undefined) return certificate;
  throw new OciError('USAGE', `a fault proxy without certificates cannot show the fault ${kind}`);
}

const contexts = new WeakMap<Certificate, SecureContext>();

/** @throws OciError `USAGE` when it is none */
function contextOf(certificate: Certificate): SecureContext {
  const { cert, key } = certificate;
  try {
    const context = contexts.get(certificate) ?? createSecureContext({ cert, key });
    contexts.set(certificate, context);
    return context;
  } catch (cause) {
    throw new OciError('USAGE', 'a certificate of the fault proxy, or its key, is no PEM that belongs together', {
      cause,
    });
  }
}

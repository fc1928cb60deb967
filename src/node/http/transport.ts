/**
 * The transport of Node: kept connections, per-host TLS, proxies, and limits on everything that could
 * hang. It follows no redirect, decodes nothing and knows no credentials; the layers around it do.
 */
import type { ClientRequest, RequestOptions } from 'node:http';
import type { SecureContext } from 'node:tls';
import { throwIfAborted } from '../../errors.ts';
import { canonicalDomain, DOCKER_HUB } from '../../model/domain.ts';
import { searchAsWritten } from '../../model/parse-url.ts';
import type { HttpRequest, Send } from '../../http/types.ts';
import { createAgents } from './agents.ts';
import { createDirect } from './direct.ts';
import { exchange } from './exchange.ts';
import { lookupFor, type Resolve } from './lookup.ts';
import { nodeOutgoing } from './node-carrier.ts';
import { createProxies, type ProxySetting } from './proxy.ts';
import { defaultTimeouts, type Timeouts } from './timeouts.ts';
import { readCertificates, readNow, secureContext, type TlsSettings } from './tls.ts';

export interface NodeTransportOptions {
  /** By host, with the port where there is one: `registry.example.com:5000`. */
  readonly tls?: Readonly<Record<string, TlsSettings>> | undefined;
  /** Authorities to trust for every host, PEM. */
  readonly ca?: readonly string[] | undefined;
  /** A file of authorities to trust for every host. @default $SSL_CERT_FILE */
  readonly caFile?: string | undefined;
  /** Directories like `/etc/docker/certs.d`, read for hosts that `tls` does not name; see `certificateDirectories`. */
  readonly certificateDirectories?: readonly string[] | undefined;
  /** A proxy's URL, or `false` for none. @default $HTTP_PROXY, $HTTPS_PROXY and $NO_PROXY */
  readonly proxy?: ProxySetting;
  /** Answers instead of DNS. */
  readonly resolve?: Resolve | undefined;
  readonly timeouts?: Partial<Timeouts> | undefined;
}

/** Registries send tokens of several KiB in URLs and headers (Google's are 21 KB); more than this is refused. */
const MAX_HEADER_BYTES = 64 * 1024;

/**
 * Requests over connections of our own, or over `node:http`, where a proxy is on the way or an answer is odd. Kept connections do not
 * keep the process alive; `close` ends them at once.
 * @throws OciError (when it sends) `UNREACHABLE`, `TLS`, `TIMEOUT`, `ABORTED`, `PROTOCOL`, `USAGE`, `REDIRECT_REFUSED`, `CONFIG_INVALID`
 */
export function nodeTransport(
  options: NodeTransportOptions = {},
): Send & { takesTransfers(url: string): boolean; close(): void } {
  const agents = createAgents();
  const trust = createTrust(options);
  const proxyFor = createProxies(options.proxy);
  const timeouts = { ...defaultTimeouts, ...options.timeouts };
  const direct = createDirect(timeouts);
  // What is wrong with a setting is told by who sends.
  const isDirect = (url: URL): boolean => {
    try {
      return proxyFor(url) === undefined;
    } catch {
      return false;
    }
  };
  const send: Send = async (request) => {
    throwIfAborted(request.signal);
    const url = new URL(request.url);
    const proxy = proxyFor(url);
    const { tls, context } = url.protocol === 'https:' ? await trust.of(url.host) : {};
    const lookup = proxy === undefined ? lookupFor(request, options.resolve) : undefined;
    const said = {
      method: request.method,
      path: url.pathname + searchAsWritten(url, request.url),
      headers: headersOf(request),
    };
    if (proxy === undefined) {
      const answer = await direct.send(request, { ...said, url, lookup, tls, context });
      if (answer !== undefined) return answer;
    }
    const agent = await agents.get(url, proxy, proxy?.protocol === 'https:' ? trust.general() : undefined);
    const wire: WireOptions = {
      ...said,
      agent,
      maxHeaderSize: MAX_HEADER_BYTES,
      ...(lookup === undefined ? {} : { lookup }),
      ...(context === undefined ? {} : { secureContext: context }),
      ...(tls?.insecure === true ? { rejectUnauthorized: false } : {}),
    };
    const connecting = proxy === undefined ? undefined : new AbortController();
    const open = (): ClientRequest =>
      openRequest(url, { ...wire, ...(connecting && { connecting: connecting.signal }) });
    return exchange(request, () => nodeOutgoing(open(), url.protocol === 'https:', connecting), timeouts);
  };
  return Object.assign(send, {
    /** Through a proxy all bytes pass this thread: who knows that asks for no transfer, and begins none. */
    takesTransfers: (url: string) => isDirect(new URL(url)),
    close() {
      agents.close();
      direct.close();
    },
  });
}

/** What is passed on to `tls.connect` and to proxies' agents, too. */
type WireOptions = RequestOptions & {
  readonly secureContext?: SecureContext;
  readonly rejectUnauthorized?: boolean;
  readonly connecting?: AbortSignal;
};

function openRequest(url: URL, options: WireOptions): ClientRequest {
  if (url.protocol === 'https:') return process.getBuiltinModule('node:https').request(url, options);
  return process.getBuiltinModule('node:http').request(url, options);
}

function headersOf({ headers, body, method }: HttpRequest): Record<string, string> {
  const length = body?.size ?? (method === 'GET' || method === 'HEAD' ? undefined : 0);
  const known = length === undefined ? {} : { 'content-length': String(length) };
  return { 'accept-encoding': 'identity', ...headers, ...known };
}

interface HostTrust {
  readonly tls?: TlsSettings | undefined;
  readonly context?: SecureContext | undefined;
}

interface Trust {
  of(host: string): Promise<HostTrust>;
  /** Of hosts without settings of their own; undefined: the runtime's. */
  general(): SecureContext | undefined;
}

function createTrust({
  tls = {},
  ca = [],
  caFile = process.env.SSL_CERT_FILE,
  certificateDirectories = [],
}: NodeTransportOptions): Trust {
  const settings = new Map(Object.entries(tls).map(([host, value]) => [urlHost(host), value]));
  const byHost = new Map<string, Promise<HostTrust>>();
  let shared: { readonly ca: readonly string[]; readonly context: SecureContext | undefined } | undefined;
  function common(): NonNullable<typeof shared> {
    if (shared === undefined) {
      const all = [...ca, ...readNow(caFile)];
      shared = { ca: all, context: all.length === 0 ? undefined : secureContext({ ca: all }) };
    }
    return shared;
  }
  async function read(host: string): Promise<HostTrust> {
    const own = settings.get(host) ?? (await readCertificates(certificateDirectories, host));
    const isPlain = own === undefined || ((own.ca ?? []).length === 0 && own.cert === undefined);
    const all = { ...own, ca: [...common().ca, ...(own?.ca ?? [])] };
    return { tls: all, context: isPlain ? common().context : secureContext(all) };
  }
  return {
    of(host) {
      const known = byHost.get(host) ?? read(host);
      byHost.set(host, known);
      known.catch(() => byHost.delete(host));
      return known;
    },
    general: () => common().context,
  };
}

/** The host as it stands in URLs. */
function urlHost(host: string): string {
  const name = canonicalDomain(host.toLowerCase());
  return new URL(`https://${name === DOCKER_HUB ? 'registry-1.docker.io' : name}`).host;
}

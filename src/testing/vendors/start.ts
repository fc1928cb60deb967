/** Serves the registry of a vendor on this machine: the registry itself, its token server and its storage, each at an origin of its own. */
import type { HostSettings } from '../../http/host.ts';
import { type Served, serve } from '../../node/serve/serve.ts';
import { createServer } from '../../server/app.ts';
import type { Handler } from '../../server/handler.ts';
import { createMemoryRegistry } from '../../store/memory.ts';
import type { IngestRegistry } from '../../store/types.ts';
import { combine, type Wrap } from '../wrap.ts';
import { type AccessForm, accessOf } from './access.ts';
import { createElsewhere, sendElsewhere } from './elsewhere.ts';
import { partsOf, wrapsAt } from './parts.ts';
import { recorded, underPath, type VendorRequest } from './recorded.ts';
import { createTokenServer, type TokenServer } from './token-server.ts';
import type { UserPassword, Vendor } from './vendor.ts';

export interface VendorOptions {
  /** What is served. @default an empty one, in memory */
  readonly registry?: IngestRegistry | undefined;
  /** Which repositories anybody may read where there are tokens. @default none */
  readonly isPublic?: ((repository: string) => boolean) | undefined;
  /** More quirks, and whatever else is to be served: nearest to the registry, at all of its origins. */
  readonly wraps?: readonly Wrap[] | undefined;
}

/** A vendor's registry on this machine. */
export interface StartedVendor {
  readonly name: string;
  /** `127.0.0.1:34567`, as a reference names it. */
  readonly host: string;
  /** What a client has to be told of this host: its path prefix, or nothing. */
  readonly settings: HostSettings;
  readonly registry: IngestRegistry;
  /** Who may do everything; undefined: anybody may. */
  readonly credential?: UserPassword | undefined;
  /** The same user with another password. */
  readonly wrongCredential?: UserPassword | undefined;
  /** What each origin was asked, headers and all; a token server at the registry's own origin is told apart. */
  readonly requests: VendorRequests;
  readonly close: () => Promise<void>;
}

/** In the order in which they came. */
export interface VendorRequests {
  readonly registry: VendorRequest[];
  readonly tokens: VendorRequest[];
  /** Storage, and where uploads go on. */
  readonly elsewhere: VendorRequest[];
}

const SOMEBODY: UserPassword = { username: 'somebody', password: 'open-sesame' };

export async function start(vendor: Vendor, options: VendorOptions): Promise<StartedVendor> {
  const { registry = createMemoryRegistry() } = options;
  const { credential = SOMEBODY, behaviours } = vendor;
  const { basic, tokens, pathPrefix } = partsOf(behaviours);
  const requests: VendorRequests = { registry: [], tokens: [], elsewhere: [] };
  const servers: Served[] = [];
  const open = async (handler: Handler): Promise<Served> => {
    const server = await serve(handler);
    servers.push(server);
    return server;
  };
  const close = async (): Promise<void> => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
  };
  try {
    const { host } = await openAll({ vendor, options: { ...options, registry }, credential, requests, open });
    const isOpen = basic === undefined && tokens === undefined;
    const accounts = isOpen ? {} : { credential, wrongCredential: { ...credential, password: 'wrong' } };
    const settings = pathPrefix === '' ? {} : { pathPrefix };
    return { name: vendor.name, host, settings, registry, ...accounts, requests, close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Opening {
  readonly vendor: Vendor;
  readonly options: VendorOptions & { readonly registry: IngestRegistry };
  readonly credential: UserPassword;
  readonly requests: VendorRequests;
  readonly open: (handler: Handler) => Promise<Served>;
}

/** What the registry sends its users to is opened before it. @returns the registry */
async function openAll({ vendor, options, credential, requests, open }: Opening): Promise<Served> {
  const { registry, isPublic = () => false } = options;
  const { behaviours } = vendor;
  const { basic, tokens: form, elsewhere, pathPrefix } = partsOf(behaviours);
  const server = form && createTokenServer({ form, credential, registry, isPublic });
  const tokens = server && combine(recorded(requests.tokens), ...wrapsAt('tokens', behaviours))(server.handler);
  const tokenOrigin = tokens && form?.origin === 'other' ? (await open(tokens)).url : undefined;
  const core = createCore(options, { credential, basic, tokens: form, isPublic }, server, tokenOrigin);
  const storage = recorded(requests.elsewhere)(createElsewhere(elsewhere, core.trusting));
  const { url: storageOrigin = '' } = elsewhere.length === 0 ? {} : await open(storage);
  const sent = elsewhere.map((one) => sendElsewhere(one, storageOrigin));
  const around = [recorded(requests.registry), underPath(pathPrefix), ...wrapsAt('registry', behaviours, registry)];
  const api = combine(...around, ...sent)(core.judging);
  const isOwn = tokens !== undefined && tokenOrigin === undefined;
  return await open(isOwn && form ? routed(form.path, tokens, api) : api);
}

/** One server with two doors, so that an upload that is begun at one goes on at the other. */
function createCore(
  { registry, wraps = [] }: Opening['options'],
  form: AccessForm,
  server: TokenServer | undefined,
  tokenOrigin: string | undefined,
): { readonly judging: Handler; readonly trusting: Handler } {
  const trusted = new WeakSet<Request>();
  const judge = accessOf(form, server, tokenOrigin);
  const core = createServer({
    registry,
    access: async (request, route, info) =>
      trusted.has(request) ? { outcome: 'allowed' } : await judge(request, route, info),
  });
  const trusting: Wrap = (handler) => (request, info) => {
    trusted.add(request);
    return handler(request, info);
  };
  return { judging: combine(...wraps)(core), trusting: combine(...wraps, trusting)(core) };
}

function routed(path: string, tokens: Handler, api: Handler): Handler {
  return (request, info) => (new URL(request.url).pathname === path ? tokens : api)(request, info);
}

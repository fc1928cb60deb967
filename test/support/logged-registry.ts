/** An embedded registry on a real socket, with the log of what it was asked. */
import { createServer as createHttpServer } from 'node:http';
import { serve } from '../../src/node/serve/serve.ts';
import type { Access } from '../../src/server/access.ts';
import type { AccessLogEntry } from '../../src/server/access-log.ts';
import { createServer } from '../../src/server/app.ts';
import { tokenAccess } from '../../src/server/token-access.ts';
import { createMemoryRegistry } from '../../src/store/memory.ts';
import type { IngestRegistry } from '../../src/store/types.ts';
import type { Wrap } from '../../src/testing/wrap.ts';

export interface LoggedRegistry {
  readonly host: string;
  readonly registry: IngestRegistry;
  readonly log: AccessLogEntry[];
  /** The log as `METHOD path`, and empties it. */
  requests(): string[];
  close(): Promise<void>;
}

export interface LoggedRegistryOptions {
  readonly registry?: IngestRegistry;
  readonly access?: Access;
  readonly wrap?: Wrap;
}

export async function startLoggedRegistry(options: LoggedRegistryOptions = {}): Promise<LoggedRegistry> {
  const { registry = createMemoryRegistry(), access, wrap = (handler) => handler } = options;
  const log: AccessLogEntry[] = [];
  const handler = createServer({
    registry,
    ...(access === undefined ? {} : { access }),
    log: (entry) => log.push(entry),
  });
  const { host, close } = await serve(wrap(handler));
  return {
    host,
    registry,
    log,
    requests: () => log.splice(0).map(({ method, path }) => `${method} ${path}`),
    close,
  };
}

export interface TokenRegistry extends LoggedRegistry {
  /** What the token server was asked, as query strings. */
  readonly tokenRequests: string[];
}

/** The same behind a token server, whose tokens allow whatever was asked for. */
export async function startTokenRegistry(): Promise<TokenRegistry> {
  const tokenRequests: string[] = [];
  const server = createHttpServer((request, response) => {
    const { searchParams, search } = new URL(request.url ?? '/', 'http://localhost');
    tokenRequests.push(search);
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({
        token: Buffer.from(JSON.stringify(searchParams.getAll('scope'))).toString('base64url'),
        expires_in: 300,
      }),
    );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as { port: number };
  const verify = (token: string) => {
    const scopes = JSON.parse(Buffer.from(token, 'base64url').toString()) as string[];
    return { grants: scopes.map((scope) => grantOf(scope)) };
  };
  const access = tokenAccess({ realm: `http://127.0.0.1:${port}/token`, service: 'test', verify });
  const registry = await startLoggedRegistry({ access });
  return {
    ...registry,
    tokenRequests,
    async close() {
      await registry.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

function grantOf(scope: string): { type: string; name: string; actions: string[] } {
  const [type = '', name = '', actions = ''] = scope.split(':');
  return { type, name, actions: actions.split(',') };
}

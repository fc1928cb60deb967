/** The proof that a registry wants for a repository: asked for as every request does it, and caught where requests leave. */
import { createSend } from '../../http/pipeline.ts';
import { failureOf } from '../../http/failure.ts';
import type { HttpRequest, Middleware } from '../../http/types.ts';
import type { Session } from '../session.ts';

export interface RepositoryName {
  readonly domain: string;
  readonly path: string;
}

/**
 * The value of `Authorization` that opens a repository; undefined: the registry asks for none.
 * @param actions `pull`, or `pull,push`
 * @throws OciError `UNAUTHORIZED`, `UNREACHABLE`, `TLS`
 */
export async function fetchAuthorization(
  session: Session,
  { domain, path }: RepositoryName,
  actions: string,
): Promise<string | undefined> {
  const parts = await session.sendOptions(domain);
  const host = parts.hosts(domain);
  let shown: string | undefined;
  const watch: Middleware = (next) => (request) => {
    if (new URL(request.url).origin === host.origin) shown = request.headers.authorization ?? shown;
    return next(request);
  };
  const send = createSend({ ...parts, middleware: [watch] });
  const ask = async (url: string, scopes: readonly string[]): Promise<void> => {
    const request: HttpRequest = { method: 'GET', url, headers: {}, registry: host.origin, scopes, ...session.call };
    const response = await send(request);
    const refused = response.status === 401 || response.status === 403;
    if (refused) throw await failureOf(response, `asking ${domain} for a token`, request);
    await response.cancel();
  };
  await ask(`${host.origin}${host.pathPrefix}/v2/`, [`repository:${path}:${actions}`]);
  return shown;
}

/** Running the embedded registry: what it serves, who gets in, what is told of each request, and its end. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { OciError } from '../errors.ts';
import { serve, type ServeTls } from '../node/serve/serve.ts';
import { type Access, openAccess } from '../server/access.ts';
import type { AccessLogEntry } from '../server/access-log.ts';
import { basicAccess } from '../server/basic-access.ts';
import type { IngestRegistry } from '../store/types.ts';
import { formatDuration, formatSize } from './terminal/bytes.ts';
import { fsError } from '../node/files/fs-errors.ts';
import type { Context } from './context.ts';
import type { Session } from './session.ts';
import { styled } from './terminal/style.ts';

export interface ServeFlags {
  readonly port: number;
  readonly host: string;
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
  readonly htpasswd?: string | undefined;
  readonly readOnly?: true | undefined;
  /** `--no-delete` makes it false. */
  readonly delete: boolean;
}

/** Serves until the session's signal ends it. */
export async function serveUntilEnd(session: Session, dir: string | undefined, flags: ServeFlags): Promise<void> {
  const { context, output, call } = session;
  const access = await accessFor(context, flags);
  const tls = await tlsFrom(context, flags);
  const registry = await registryFor(context, dir);
  const log = (entry: AccessLogEntry): void => tellRequest(session, entry);
  const { port, host } = flags;
  const served = await serve({ registry, access, log, allowDelete: flags.delete }, { port, host, tls });
  try {
    if (output.isJson)
      await output.jsonLine({ type: 'listening', url: served.url, host: served.host, port: served.port });
    else await output.line(served.url);
    output.note(styled(`serving ${dir ?? 'from memory'}; Ctrl-C ends it`, 'dim'));
    if (!call.signal.aborted) await once(call.signal, 'abort');
  } finally {
    await served.close();
  }
  output.note(styled('ended', 'dim'));
}

async function registryFor(context: Context, dir: string | undefined): Promise<IngestRegistry> {
  if (dir === undefined) return (await import('../store/memory.ts')).createMemoryRegistry();
  return (await import('../node/directory/directory-registry.ts')).directoryRegistry(path.resolve(context.cwd, dir));
}

function tellRequest({ output }: Session, entry: AccessLogEntry): void {
  const { method, path: target, status, bytesIn, bytesOut, durationMs } = entry;
  if (output.isJson) return void output.jsonLine({ type: 'request', ...entry }).catch(() => {});
  const amount = bytesIn > 0 ? `${formatSize(bytesIn)} in` : `${formatSize(bytesOut)} out`;
  const color = status >= 500 ? 'red' : status >= 400 ? 'yellow' : 'green';
  output.note(
    styled(String(status), color),
    `  ${method} ${target}  `,
    styled(`${amount}, ${formatDuration(durationMs)}`, 'dim'),
  );
}

async function accessFor(context: Context, { htpasswd, readOnly }: ServeFlags): Promise<Access> {
  const base = htpasswd === undefined ? openAccess : basicAccess({ check: await passwordCheck(context, htpasswd) });
  if (readOnly !== true) return base;
  return async (request, route, info) =>
    route.action === 'push' || route.action === 'delete' ? { outcome: 'denied' } : base(request, route, info);
}

async function passwordCheck(
  context: Context,
  file: string,
): Promise<(user: string, password: string) => Promise<boolean>> {
  const { readHtpasswd } = await import('./connection/htpasswd.ts');
  return readHtpasswd(new TextDecoder().decode(await read(context, file)), file);
}

async function tlsFrom(context: Context, { tlsCert, tlsKey }: ServeFlags): Promise<ServeTls | undefined> {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined)
    throw new OciError('USAGE', '--tls-cert and --tls-key need each other');
  return { cert: await read(context, tlsCert), key: await read(context, tlsKey) };
}

async function read(context: Context, file: string): Promise<Uint8Array> {
  return readFile(path.resolve(context.cwd, file)).catch((error: unknown) => {
    throw fsError(error, `read ${file}`);
  });
}

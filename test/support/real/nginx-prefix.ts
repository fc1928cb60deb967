/**
 * docker-registry behind nginx: under a path prefix, behind a password, and with the bytes of blobs on a second origin
 * that refuses whoever brings an Authorization header, as object stores with signed URLs do.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AccessEntry, parseAccessLog } from './access-log.ts';
import { type Account, writeHtpasswd } from './basic-tls.ts';
import { opening, type Running } from './cleanup.ts';
import { startDaemon } from './daemon.ts';
import { type DockerRegistry, startDockerRegistry } from './docker-registry.ts';
import { toolPath } from './find-tool.ts';
import { freePort } from './free-port.ts';
import { nginxConfiguration } from './nginx-config.ts';
import { rawRequest } from './raw-request.ts';
import { temporaryDirectory } from './temporary.ts';

export interface PrefixRegistry extends Running {
  /** `127.0.0.1:34567`: the origin that the prefix stands on. */
  readonly host: string;
  /** `/some/prefix`. */
  readonly pathPrefix: string;
  readonly account: Account;
  /** The registry itself, without prefix and password. */
  readonly backend: DockerRegistry;
  /** Where blobs are redirected to. */
  readonly blobOrigin: string;
  /** What the front, and what the blob origin has answered. */
  readonly requests: () => Promise<AccessEntry[]>;
  readonly blobRequests: () => Promise<AccessEntry[]>;
}

export function startPrefixRegistry(): Promise<PrefixRegistry> {
  return opening(async (closeLater) => {
    const account = { username: 'pilot', password: 'soundings' };
    const pathPrefix = '/some/prefix';
    const backend = await startDockerRegistry();
    closeLater(backend.stop);
    const directory = await temporaryDirectory('nginx');
    closeLater(directory.remove);
    await writeHtpasswd(directory.path, account);
    const ports = { front: await freePort(), blobs: await freePort() };
    const configuration = nginxConfiguration({ pathPrefix, ports, backend: backend.host });
    const nginx = await startDaemon(toolPath('nginx'), await prepare(directory.path, configuration));
    closeLater(nginx.stop);
    // By then its sockets listen.
    await nginx.printed(/using the ".*" event method/);
    const host = `127.0.0.1:${ports.front}`;
    const blobOrigin = `http://127.0.0.1:${ports.blobs}`;
    const requests = (): Promise<AccessEntry[]> => settledLog(`http://${host}`, join(directory.path, 'front.log'));
    const blobRequests = (): Promise<AccessEntry[]> => settledLog(blobOrigin, join(directory.path, 'blobs.log'));
    return { host, pathPrefix, account, backend, blobOrigin, requests, blobRequests };
  });
}

/** Writes what nginx reads, and returns its arguments. */
async function prepare(directory: string, configuration: string): Promise<string[]> {
  const config = join(directory, 'nginx.conf');
  await mkdir(join(directory, 'scratch'));
  await writeFile(config, configuration);
  return ['-p', directory, '-c', config, '-e', 'stderr'];
}

/** One process serves one request after the other: when a last one is answered, those before it are in the log. */
async function settledLog(origin: string, file: string): Promise<AccessEntry[]> {
  const marker = `/?marker=${crypto.randomUUID()}`;
  await rawRequest({ url: origin + marker });
  const entries = parseAccessLog((await readFile(file, 'utf8')).split('\n'));
  return entries.filter(({ path }) => !path.startsWith('/?marker='));
}

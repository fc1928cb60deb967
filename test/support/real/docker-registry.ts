/** Debian's docker-registry on a free loopback port, with its storage in a temporary directory. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AccessEntry, parseAccessLog } from './access-log.ts';
import { opening, type Running } from './cleanup.ts';
import { type Daemon, startDaemon } from './daemon.ts';
import { toolPath } from './find-tool.ts';
import { rawRequest } from './raw-request.ts';
import { temporaryDirectory } from './temporary.ts';

export interface DockerRegistryOptions {
  /** distribution's `auth` section. */
  readonly auth?: Readonly<Record<string, object>>;
  /** Paths of PEM files, and the authority that signed the certificate. */
  readonly tls?: { readonly certificate: string; readonly key: string; readonly ca: string };
  /** Take manifests of schema 1, and convert to it for clients that accept nothing newer. */
  readonly schema1?: boolean;
}

export interface DockerRegistry extends Running {
  /** `127.0.0.1:34567`. */
  readonly host: string;
  readonly url: string;
  /** The directory that holds everything it keeps. */
  readonly storage: string;
  /** Every request that it has answered by now. */
  readonly requests: () => Promise<AccessEntry[]>;
}

export function startDockerRegistry(options: DockerRegistryOptions = {}): Promise<DockerRegistry> {
  return opening(async (closeLater) => {
    const directory = await temporaryDirectory('registry');
    closeLater(directory.remove);
    const storage = join(directory.path, 'storage');
    const config = join(directory.path, 'config.yml');
    await writeFile(config, JSON.stringify(configuration(storage, options)));
    const daemon = await startDaemon(toolPath('docker-registry'), ['serve', config]);
    closeLater(daemon.stop);
    // It binds port 0 and says which port that is: nobody can take it in between.
    const [, host = ''] = await daemon.printed(/listening on (127\.0\.0\.1:\d+)/);
    const url = `${options.tls === undefined ? 'http' : 'https'}://${host}`;
    const requests = (): Promise<AccessEntry[]> => settledLog(daemon, url, options.tls?.ca);
    await requests();
    return { host, url, storage, requests };
  });
}

/** JSON, which is YAML too. */
function configuration(rootdirectory: string, { auth, tls, schema1 }: DockerRegistryOptions): object {
  return {
    version: 0.1,
    log: { level: 'info', formatter: 'json' },
    storage: {
      filesystem: { rootdirectory },
      cache: { blobdescriptor: 'inmemory' },
      delete: { enabled: true },
    },
    http: {
      addr: '127.0.0.1:0',
      secret: 'one registry of one test',
      ...(tls === undefined ? {} : { tls: { certificate: tls.certificate, key: tls.key } }),
    },
    ...(auth === undefined ? {} : { auth }),
    ...(schema1 === true ? { compatibility: { schema1: { enabled: true } } } : {}),
  };
}

/** The log is written after the answer: a last request of our own tells that those before it are in. */
async function settledLog(daemon: Daemon, url: string, ca: string | undefined): Promise<AccessEntry[]> {
  const marker = `/v2/?marker=${crypto.randomUUID()}`;
  await rawRequest({ url: url + marker, ca });
  await daemon.printed(new RegExp(marker.replace('?', '\\?')));
  return parseAccessLog(daemon.lines).filter(({ path }) => !path.startsWith('/v2/?marker='));
}

/**
 * Where the docker engine is, as docker's own command finds it: what the user says, `$DOCKER_HOST`, the context (`$DOCKER_CONTEXT`, or the
 * current one of docker's settings), or else the socket of this machine. Nothing is sent to it here.
 */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createHasher } from '../../bytes/hash.ts';
import { OciError } from '../../errors.ts';
import { isObject } from '../../model/descriptor.ts';
import { digestHex } from '../../model/digest.ts';
import { quote, withoutLogin } from '../../model/quote.ts';
import { parseStrictJson } from '../../model/strict-json.ts';
import { readConfigFile } from '../credentials/config-file.ts';
import { onDisk, unless } from '../files/fs-errors.ts';
import { readTlsFiles, type TlsSettings } from '../http/tls.ts';
import { parseUrl } from '../../model/parse-url.ts';

export interface EngineOptions {
  /** `unix:///run/docker.sock`, `tcp://build.example:2376`, `npipe:////./pipe/docker_engine`; it wins over the environment. */
  readonly host?: string | undefined;
  /** `DOCKER_HOST`, `DOCKER_CONTEXT`, `DOCKER_CONFIG`, `DOCKER_TLS_VERIFY`, `DOCKER_CERT_PATH`, `HOME`; the process's own unless told. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/** Where an engine listens: at a socket or pipe of this machine, or at a port somewhere. */
export type EngineAddress = { readonly name: string } & (
  | { readonly socketPath: string; readonly origin?: never; readonly tls?: never }
  | { readonly socketPath?: never; readonly origin: string; readonly tls?: TlsSettings | undefined }
);

/** @throws OciError `CONFIG_INVALID` for an address, a context or a certificate that is none, `UNSUPPORTED` for ssh, `IO` */
export async function engineAddress({ host, env = process.env }: EngineOptions = {}): Promise<EngineAddress> {
  const told = host ?? nonEmpty(env.DOCKER_HOST);
  if (told !== undefined) return addressOf(told, await tlsFromEnvironment(env));
  const context = nonEmpty(env.DOCKER_CONTEXT) ?? (await currentContext(env));
  if (context !== undefined && context !== 'default') return contextAddress(context, env);
  return addressOf(process.platform === 'win32' ? 'npipe:////./pipe/docker_engine' : 'unix:///var/run/docker.sock');
}

function addressOf(text: string, tls?: TlsSettings): EngineAddress {
  const [, scheme = '', rest = ''] = /^(?:([a-z]+):\/\/)?(.*)$/s.exec(text) ?? [];
  const name = withoutLogin(text);
  if (scheme === 'unix') requireConnectable(rest, name);
  if ((scheme === 'unix' || scheme === 'npipe') && rest !== '') return { name, socketPath: rest };
  if (scheme === 'ssh') {
    throw new OciError('UNSUPPORTED', `the docker engine is at ${quote(name)}, and ssh is not spoken here`, {
      hint: 'forward its socket (ssh -L ./docker.sock:/var/run/docker.sock HOST), then --docker-host unix://$PWD/docker.sock',
    });
  }
  const isTls = scheme === 'https' || (tls !== undefined && scheme !== 'http');
  const url = ['tcp', 'http', 'https', ''].includes(scheme) ? originOf(rest, isTls) : undefined;
  if (url !== undefined) return { name, origin: url, tls: isTls ? tls : undefined };
  throw new OciError('CONFIG_INVALID', `${quote(name)} is not the address of a docker engine`, {
    hint: 'it looks like unix:///var/run/docker.sock or tcp://HOST:2376',
  });
}

/** What fits into an address of a socket, in bytes; of longer paths Node takes the beginning, which is another socket. */
const MAX_SOCKET_PATH = process.platform === 'linux' ? 107 : 103;

function requireConnectable(path: string, name: string): void {
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH) return;
  throw new OciError('CONFIG_INVALID', `the path of a socket has at most ${MAX_SOCKET_PATH} bytes: ${quote(name)}`, {
    hint: 'make a link to it in a directory with a short name, such as /tmp',
  });
}

/** Docker's ports are 2375, and 2376 with TLS. */
function originOf(rest: string, isTls: boolean): string | undefined {
  const scheme = isTls ? 'https' : 'http';
  const url = rest === '' ? undefined : parseUrl(`${scheme}://${rest}`);
  if (url === undefined) return undefined;
  const { host, port, pathname, username } = url;
  if (username !== '' || pathname !== '/') return undefined;
  const hasPort = port !== '' || /:\d+\/?$/.test(rest);
  return `${scheme}://${hasPort ? host : `${host}:${isTls ? 2376 : 2375}`}`;
}

/** Certificates in `$DOCKER_CERT_PATH`, else beside docker's settings, when TLS is asked for. */
async function tlsFromEnvironment(env: NonNullable<EngineOptions['env']>): Promise<TlsSettings | undefined> {
  const folder = nonEmpty(env.DOCKER_CERT_PATH);
  if (folder === undefined && nonEmpty(env.DOCKER_TLS_VERIFY) === undefined) return undefined;
  return tlsIn(folder ?? configFolder(env));
}

async function tlsIn(folder: string): Promise<TlsSettings> {
  const [caFile, certFile, keyFile] = ['ca.pem', 'cert.pem', 'key.pem'].map((file) => join(folder, file));
  return readTlsFiles({ caFile, certFile, keyFile });
}

function configFolder({ DOCKER_CONFIG, HOME, USERPROFILE }: NonNullable<EngineOptions['env']>): string {
  return nonEmpty(DOCKER_CONFIG) ?? join(HOME ?? USERPROFILE ?? homedir(), '.docker');
}

async function currentContext(env: NonNullable<EngineOptions['env']>): Promise<string | undefined> {
  const document = await readDocument(join(configFolder(env), 'config.json'));
  const name = document?.currentContext;
  return typeof name === 'string' ? nonEmpty(name) : undefined;
}

/** Docker keeps contexts in folders that are called by the hash of their names. */
async function contextAddress(name: string, env: NonNullable<EngineOptions['env']>): Promise<EngineAddress> {
  const hasher = createHasher('sha256');
  hasher.update(new TextEncoder().encode(name));
  const id = digestHex(hasher.digest());
  const contexts = join(configFolder(env), 'contexts');
  const meta = await readDocument(join(contexts, 'meta', id, 'meta.json'));
  const endpoint = isObject(meta?.Endpoints) ? meta.Endpoints.docker : undefined;
  if (!isObject(endpoint) || typeof endpoint.Host !== 'string') {
    throw new OciError('CONFIG_INVALID', `there is no docker context ${quote(name)} with an engine`, {
      hint: 'docker context ls lists those that there are; --docker-host names an engine itself',
    });
  }
  const folder = join(contexts, 'tls', id, 'docker');
  const hasFiles = (await readIfThere(join(folder, 'cert.pem'))) !== undefined;
  const tls = hasFiles ? await tlsIn(folder) : undefined;
  return addressOf(endpoint.Host, endpoint.SkipTLSVerify === true ? { ...tls, insecure: true } : tls);
}

async function readDocument(file: string): Promise<Record<string, unknown> | undefined> {
  const text = await readIfThere(file);
  if (text === undefined) return undefined;
  const document = parseStrictJson(new TextEncoder().encode(text));
  return isObject(document) ? document : undefined;
}

function readIfThere(file: string): Promise<string | undefined> {
  return onDisk(`read ${file}`, () => unless(['ENOENT', 'ENOTDIR'], readConfigFile(file)));
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

/** TLS settings of hosts, and where they are read from: files that were named, `$SSL_CERT_FILE`, and docker's `certs.d`. */
import type { SecureContext } from 'node:tls';
import { OciError } from '../../errors.ts';
import { isDomain } from '../../model/domain.ts';

/** All PEM. */
export interface TlsSettings {
  /** Authorities to trust beside the runtime's own. */
  readonly ca?: readonly string[] | undefined;
  /** Client certificate, with its chain. It is shown to this host only. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** Take any certificate. */
  readonly insecure?: boolean | undefined;
}

/** Files that hold them. */
export interface TlsFiles {
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly insecure?: boolean | undefined;
}

/** @throws OciError `CONFIG_INVALID` when a file cannot be read, or one of certificate and key is missing */
export async function readTlsFiles({ caFile, certFile, keyFile, insecure }: TlsFiles): Promise<TlsSettings> {
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw new OciError('CONFIG_INVALID', 'a client certificate needs its key, and a key its certificate', {
      hint: 'give both --cert-file and --key-file',
    });
  }
  const read = async (file: string | undefined): Promise<string | undefined> =>
    file === undefined ? undefined : readPem(file);
  const [ca, cert, key] = [await read(caFile), await read(certFile), await read(keyFile)];
  return { ...(ca === undefined ? {} : { ca: [ca] }), cert, key, insecure };
}

async function readPem(file: string): Promise<string> {
  const { readFile } = process.getBuiltinModule('node:fs/promises');
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new OciError('CONFIG_INVALID', `cannot read ${file}: ${(cause as NodeJS.ErrnoException).code}`, { cause });
  }
  if (!text.includes('-----BEGIN ')) throw new OciError('CONFIG_INVALID', `${file} is not a PEM file`);
  return text;
}

/** Where docker, podman and containerd keep certificates of registries. */
export function certificateDirectories(env: NodeJS.ProcessEnv = process.env): readonly string[] {
  const home = env.HOME === undefined ? [] : [`${env.HOME}/.config/containers/certs.d`, `${env.HOME}/.docker/certs.d`];
  return [...home, '/etc/containers/certs.d', '/etc/docker/certs.d'];
}

/**
 * What stands for a host in `certs.d/<host[:port]>/`: `*.crt` are authorities, `*.cert` with `*.key` is a client's.
 * The first directory that has the host is taken. @throws OciError `CONFIG_INVALID`
 */
export async function readCertificates(directories: readonly string[], host: string): Promise<TlsSettings | undefined> {
  if (!isDomain(host)) return undefined; // a URL's host may be `..`
  const { readdir } = process.getBuiltinModule('node:fs/promises');
  for (const directory of directories.map((parent) => `${parent}/${host}`)) {
    const files = await readdir(directory).catch(() => undefined);
    if (files !== undefined) return readDirectory(directory, files.sort());
  }
  return undefined;
}

async function readDirectory(directory: string, files: readonly string[]): Promise<TlsSettings> {
  const authorities = files.filter((file) => file.endsWith('.crt'));
  const ca = await Promise.all(authorities.map((file) => readPem(`${directory}/${file}`)));
  const pair = files.find((file) => file.endsWith('.cert'));
  if (pair === undefined) return { ca };
  const name = `${directory}/${pair.slice(0, -'.cert'.length)}`;
  return { ca, ...(await readTlsFiles({ certFile: `${name}.cert`, keyFile: `${name}.key` })) };
}

/** One context for equal settings: reading the runtime's authorities takes tens of milliseconds. */
export function secureContext({ ca = [], cert, key }: TlsSettings): SecureContext {
  const tls = process.getBuiltinModule('node:tls');
  try {
    return tls.createSecureContext({ ...(ca.length === 0 ? {} : { ca: [...trusted(), ...ca] }), cert, key });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new OciError('CONFIG_INVALID', `a certificate or key cannot be used (${code})`, { cause });
  }
}

/** Node 22.15. */
interface NewerTls {
  readonly getCACertificates?: (type: 'default') => string[];
}

/** What the runtime trusts; naming authorities would replace it. */
function trusted(): readonly string[] {
  const tls = process.getBuiltinModule('node:tls');
  const { getCACertificates } = tls as NewerTls;
  if (getCACertificates !== undefined) return getCACertificates('default');
  return [...tls.rootCertificates, ...readNow(process.env.NODE_EXTRA_CA_CERTS)];
}

/** The PEM in a file, if there is one. */
export function readNow(file: string | undefined): readonly string[] {
  if (file === undefined || file === '') return [];
  try {
    return [process.getBuiltinModule('node:fs').readFileSync(file, 'utf8')];
  } catch (cause) {
    throw new OciError('CONFIG_INVALID', `cannot read ${file}: ${(cause as NodeJS.ErrnoException).code}`, { cause });
  }
}

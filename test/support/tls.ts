/** Certificates of a test's own authority, made by openssl; without openssl, tests that need them are skipped. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** All PEM. */
export interface Certificates {
  readonly ca: string;
  /** For 127.0.0.1, localhost, `registry.test`, and the names that hostile hosts have in tests. */
  readonly server: { readonly cert: string; readonly key: string };
  /** The same, but it ended yesterday. */
  readonly expired: { readonly cert: string; readonly key: string };
  /** For `other.test` only. */
  readonly other: { readonly cert: string; readonly key: string };
  /** For the same names as `server`, and signed by nobody else. */
  readonly selfSigned: { readonly cert: string; readonly key: string };
  readonly client: { readonly cert: string; readonly key: string };
}

/** Why TLS tests cannot run here; false: they can. For the `skip` of a test. */
export const withoutTls: string | false = hasOpenssl() ? false : 'openssl is not installed: no certificates';

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** A wildcard right under a top level (`*.test`) is for nobody, as node sees it: each name stands for itself. */
const hosts = ['*.test', 'registry.test', 'reg.test', 'auth.reg.test', 'cdn.test', 'evil.test', 'meta.test', 'own.test']
  .concat(['victim.test', 'auth.docker.io', 'registry-1.docker.io', 'r1.test', 'r2.test', 'r3.test', 'r4.test'])
  .concat(['r5.test', 'r6.test', 'r7.test', 'r8.test']);
const names = ['IP:127.0.0.1', 'DNS:localhost', ...hosts.map((host) => `DNS:${host}`)].join();
const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

export function makeCertificates(): Certificates {
  const cwd = mkdtempSync(join(tmpdir(), 'lading-tls-'));
  const run = (...args: readonly string[]): void => void execFileSync('openssl', args, { cwd, stdio: 'ignore' });
  const read = (file: string): string => readFileSync(join(cwd, file), 'utf8');
  const leaf = (name: string, altNames: string, days: string) => {
    writeFileSync(join(cwd, `${name}.ext`), `subjectAltName=${altNames}\nbasicConstraints=CA:FALSE\n`);
    run('req', ...curve, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`);
    const sign = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', days, '-extfile', `${name}.ext`];
    run('x509', '-req', '-in', `${name}.csr`, ...sign, '-out', `${name}.crt`);
    return { cert: read(`${name}.crt`), key: read(`${name}.key`) };
  };
  try {
    const self = (name: string, subject: string, ...more: readonly string[]): void => {
      const files = ['-keyout', `${name}.key`, '-out', `${name}.crt`];
      run('req', '-x509', ...curve, '-days', '2', '-subj', subject, ...files, ...more);
    };
    self('ca', '/CN=Authority of one test');
    self('self', '/CN=self', '-addext', `subjectAltName=${names}`);
    return {
      ca: read('ca.crt'),
      server: leaf('server', names, '1'),
      expired: leaf('expired', names, '-1'),
      selfSigned: { cert: read('self.crt'), key: read('self.key') },
      other: leaf('other', 'DNS:other.test', '1'),
      client: leaf('client', 'DNS:client.test', '1'),
    };
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}

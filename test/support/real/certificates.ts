/** A certificate authority of the test's own, made by openssl, and what it signs. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './run.ts';

export interface Authority {
  /** PEM. */
  readonly ca: string;
  /** A directory in the form that skopeo's `--cert-dir` wants: it holds `ca.crt` alone. */
  readonly directory: string;
  /** Paths of a certificate for 127.0.0.1 and localhost, and of its key. */
  readonly certificate: string;
  readonly key: string;
}

const newKey = ['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
const server = [
  'subjectAltName=IP:127.0.0.1,DNS:localhost',
  'basicConstraints=CA:FALSE',
  'extendedKeyUsage=serverAuth',
].flatMap((extension) => ['-addext', extension]);

/** @param cwd an empty directory to write to. */
export async function makeAuthority(cwd: string): Promise<Authority> {
  const directory = join(cwd, 'trusted');
  const authority = [
    '-x509',
    '-days',
    '2',
    '-subj',
    '/CN=Authority of one test',
    '-keyout',
    'ca.key',
    '-out',
    'ca.crt',
  ];
  await run('openssl', [...newKey, ...authority], { cwd });
  const request = ['-subj', '/CN=127.0.0.1', ...server, '-keyout', 'server.key', '-out', 'server.csr'];
  await run('openssl', [...newKey, ...request], { cwd });
  const sign = [
    '-in',
    'server.csr',
    '-CA',
    'ca.crt',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
    '-copy_extensions',
    'copy',
  ];
  await run('openssl', ['x509', '-req', ...sign, '-days', '2', '-out', 'server.crt'], { cwd });
  const ca = await readFile(join(cwd, 'ca.crt'), 'utf8');
  await mkdir(directory);
  await writeFile(join(directory, 'ca.crt'), ca);
  return { ca, directory, certificate: join(cwd, 'server.crt'), key: join(cwd, 'server.key') };
}

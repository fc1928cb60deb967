/** docker-registry that wants a password (htpasswd), over TLS with a certificate of an unknown authority. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hash } from 'bcryptjs';
import { makeAuthority } from './certificates.ts';
import { opening, type Running } from './cleanup.ts';
import { type DockerRegistry, startDockerRegistry } from './docker-registry.ts';
import { temporaryDirectory } from './temporary.ts';

export interface Account {
  readonly username: string;
  readonly password: string;
}

export interface BasicTlsRegistry extends DockerRegistry, Running {
  readonly account: Account;
  /** PEM of the authority, and skopeo's `--cert-dir`. */
  readonly ca: string;
  readonly certificates: string;
}

export function startBasicTlsRegistry(): Promise<BasicTlsRegistry> {
  return opening(async (closeLater) => {
    const account = { username: 'quartermaster', password: 'pass:word with a colon' };
    const directory = await temporaryDirectory('tls');
    closeLater(directory.remove);
    const path = await writeHtpasswd(directory.path, account);
    const authority = await makeAuthority(directory.path);
    const registry = await startDockerRegistry({
      auth: { htpasswd: { realm: 'Hold 3, "aft"', path } },
      tls: authority,
    });
    closeLater(registry.stop);
    return { ...registry, account, ca: authority.ca, certificates: authority.directory };
  });
}

/** Writes the file that Apache's htpasswd would (bcrypt, the one form that distribution takes). */
export async function writeHtpasswd(directory: string, { username, password }: Account): Promise<string> {
  const path = join(directory, 'htpasswd');
  await writeFile(path, `${username}:${await hash(password, 4)}\n`);
  return path;
}

/** Signs the tokens that a docker-registry trusts: RS256, with the certificate in the header (`x5c`), as distribution 2.8 wants it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { importPKCS8, SignJWT } from 'jose';
import { run } from './run.ts';
import type { Access } from './scopes.ts';

export interface Claims {
  readonly subject: string;
  readonly service: string;
  readonly access: readonly Access[];
  readonly lifetimeSeconds: number;
}

export type SignToken = (claims: Claims) => Promise<string>;

export interface TokenSigner {
  readonly issuer: string;
  /** Path of the certificate: distribution's `rootcertbundle`. */
  readonly certificate: string;
  readonly sign: SignToken;
}

/** distribution takes a token for this long after it has expired. */
const LEEWAY_SECONDS = 60;

/** @param cwd a directory to write to. */
export async function makeTokenSigner(cwd: string): Promise<TokenSigner> {
  const issuer = 'token server of one test';
  const files = ['-keyout', 'token.key', '-out', 'token.crt'];
  await run(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=tokens', ...files],
    { cwd },
  );
  const certificate = join(cwd, 'token.crt');
  const key = await importPKCS8(await readFile(join(cwd, 'token.key'), 'utf8'), 'RS256');
  const x5c = [(await readFile(certificate, 'utf8')).replace(/-----[^-]+-----|\s/g, '')];
  const sign: SignToken = ({ subject, service, access, lifetimeSeconds }) => {
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({ access })
      .setProtectedHeader({ typ: 'JWT', alg: 'RS256', x5c })
      .setIssuer(issuer)
      .setSubject(subject)
      .setAudience(service)
      .setJti(crypto.randomUUID())
      .setIssuedAt(now - LEEWAY_SECONDS)
      .setNotBefore(now - LEEWAY_SECONDS)
      .setExpirationTime(now + lifetimeSeconds - LEEWAY_SECONDS)
      .sign(key);
  };
  return { issuer, certificate, sign };
}

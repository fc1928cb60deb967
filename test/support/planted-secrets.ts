/**
 * Secrets that can be told from all else, one of each kind, and a look for them. Whatever of a test's own client, command or error is seen
 * by the helpers of this folder is looked through for them.
 */
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import type { Credential, Credentials } from '../../src/http/types.ts';

type CanaryName = 'password' | 'token' | 'identity' | 'issued' | 'signature' | 'state' | 'cookie' | 'header';

const run = Math.random().toString(36).slice(2, 10);

/** Other ones in every run: nothing else can look like them. */
export const canary: Readonly<Record<CanaryName, string>> = {
  password: `canary-password-${run}`,
  token: `canary-own-token-${run}`,
  identity: `canary-identity-token-${run}`,
  issued: `canary-issued-token-${run}`,
  signature: `canary-signature-${run}`,
  state: `canary-state-${run}`,
  cookie: `canary-cookie-${run}`,
  header: `canary-header-${run}`,
};

export const credentials: Readonly<Record<string, Credential>> = {
  'a password': { username: 'me', password: canary.password },
  'a token': { registryToken: canary.token },
  'an identity token': { identityToken: canary.identity },
};

/** Shown to whoever asks for it in a way that a client may answer. */
export const plantedCredentials: Credentials = () => Promise.resolve(credentials['a password']);

/** How a canary may look on the wire. */
const forms = Object.values(canary).flatMap((text) => [text, btoa(`me:${text}`), btoa(text)]);

/** All that can be seen of an error: message, hint, stack, JSON, what inspection shows, and all of that of its causes. */
export function everythingOf(error: unknown): string {
  const causes: unknown[] = [];
  for (let at = error; at !== undefined && causes.length < 10; at = (at as Error).cause) causes.push(at);
  const shown = causes.map((one) => [String(one), (one as Error).stack, jsonOf(one)].join('\n'));
  return [...shown, inspect(error, { depth: 20, showHidden: true })].join('\n');
}

/** What Node adds to an error of TLS is circular. */
function jsonOf(one: unknown): string {
  try {
    return JSON.stringify(one);
  } catch {
    return '';
  }
}

/** Fails with what stands around the first secret. */
export function assertNoCanary(told: string, what: string): void {
  for (const form of forms) {
    const at = told.indexOf(form);
    assert.ok(at < 0, `${what} tells ${form}: …${told.slice(Math.max(0, at - 200), at + 100)}…`);
  }
}

/**
 * The look-up of credentials as docker's and podman's users expect it. Places in their order; in each, `credHelpers`
 * before `credsStore` before `auths`, and narrower keys before wider ones. What is configured decides: a helper that fails
 * is an error, never a reason to try another entry (CVE-2021-41092 sent credentials to Docker Hub that way).
 */
import { homedir } from 'node:os';
import { isOciError } from '../../errors.ts';
import type { Credential, Credentials } from '../../http/types.ts';
import type { Call } from '../../model/call.ts';
import { credentialOfEntry } from './auth-entry.ts';
import {
  type AuthDocument,
  type AuthEnvironment,
  type AuthPlace,
  authPlaces,
  configuredHelper,
  parseAuthDocument,
} from './auth-files.ts';
import { matchingKeys, serverKey } from './auth-keys.ts';
import { getFromHelper } from './credential-helper.ts';
import { createFlights } from '../http/flights.ts';

export interface DockerCredentialsOptions extends Partial<AuthEnvironment> {
  /** How long a helper's answer is used, in milliseconds; 10 minutes unless told, since some give tokens of an hour. */
  readonly keepMs?: number | undefined;
  /** How long a helper may take, in milliseconds; 30 s unless told. */
  readonly helperTimeoutMs?: number | undefined;
  /** Milliseconds, monotonic. */
  readonly now?: (() => number) | undefined;
}

/** One step of a look-up; it holds no secret. */
export interface CredentialStep {
  /** The file, or `$DOCKER_AUTH_CONFIG`. */
  readonly place: string;
  /** What was looked at there. */
  readonly rule: 'file' | 'credHelpers' | 'credsStore' | 'auths';
  /** The key of the entry. */
  readonly key?: string;
  readonly helper?: string;
  readonly outcome: 'missing' | 'no entry' | 'empty' | 'not found' | 'found' | 'failed';
  /** What went wrong. */
  readonly problem?: string;
}

export interface CredentialExplanation {
  readonly host: string;
  readonly repository?: string;
  readonly steps: readonly CredentialStep[];
  /** What was found; without it the registry is asked anonymously. */
  readonly found?: { readonly kind: 'password' | 'identity token' | 'registry token'; readonly username?: string };
}

/** How a helper is asked. */
type AskHelper = (name: string, server: string, call: Call) => Promise<Credential | undefined>;

/**
 * Credentials of the files and helpers that docker and podman use. They are read for each look-up, helpers are asked once
 * for a host and then remembered for a while.
 * @example createClient({ credentials: dockerCredentials() })
 * @returns a function that throws OciError `CREDENTIALS`, `CONFIG_INVALID`, `IO`, `ABORTED`
 */
export function dockerCredentials(options: DockerCredentialsOptions = {}): Credentials {
  const { keepMs = 600_000, now = () => performance.now() } = options;
  const environment = environmentOf(options);
  const flights = createFlights<Credential | undefined>({ keepMs, now });
  const ask = askHelper(environment, options);
  const askOnce: AskHelper = (name, server, { signal }) =>
    flights(`${name} ${server}`, (shared) => ask(name, server, { signal: shared }), signal);
  return async (host, { repository, ...call } = {}) => {
    const lookUp = lookUpCredential(environment, host, repository, askOnce, call);
    for (;;) {
      const step = await lookUp.next();
      if (step.done === true) return step.value;
    }
  };
}

/** Tells each step of a look-up, and asks the helpers anew. A failure is a step, too. */
export async function explainCredentials(
  host: string,
  options: DockerCredentialsOptions & Call & { readonly repository?: string | undefined } = {},
): Promise<CredentialExplanation> {
  const { repository, signal } = options;
  const environment = environmentOf(options);
  const lookUp = lookUpCredential(environment, host, repository, askHelper(environment, options), { signal });
  const steps: CredentialStep[] = [];
  const run = async (): Promise<Credential | undefined> => {
    for (;;) {
      const step = await lookUp.next();
      if (step.done === true) return step.value;
      steps.push(step.value);
    }
  };
  const found = await run().catch((error: unknown) => {
    if (steps.at(-1)?.outcome !== 'failed') throw error;
    return undefined;
  });
  return {
    host,
    ...(repository === undefined ? {} : { repository }),
    steps,
    ...(found === undefined ? {} : { found: describe(found) }),
  };
}

async function* lookUpCredential(
  environment: AuthEnvironment,
  host: string,
  repository: string | undefined,
  ask: AskHelper,
  call: Call,
): AsyncGenerator<CredentialStep, Credential | undefined> {
  for (const place of authPlaces(environment)) {
    const found = yield* lookUpIn(place, host, repository, ask, call);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function* lookUpIn(
  { name: place, read }: AuthPlace,
  host: string,
  repository: string | undefined,
  ask: AskHelper,
  call: Call,
): AsyncGenerator<CredentialStep, Credential | undefined> {
  let step: Omit<CredentialStep, 'outcome'> = { place, rule: 'file' };
  try {
    const text = await read();
    if (text === undefined) return yield* told(step, 'missing');
    const document = parseAuthDocument(text, place);
    const configured = configuredHelper(document, host, repository, place);
    if (configured === undefined) return yield* lookUpAuths(document, host, repository, place);
    step = { place, ...configured };
    const found = await ask(configured.helper, serverKey(host), call);
    return yield* told(step, found === undefined ? 'not found' : 'found', found);
  } catch (error) {
    if (isOciError(error) && error.code !== 'ABORTED') yield { ...step, outcome: 'failed', problem: error.message };
    throw error;
  }
}

async function* lookUpAuths(
  { auths }: AuthDocument,
  host: string,
  repository: string | undefined,
  place: string,
): AsyncGenerator<CredentialStep, Credential | undefined> {
  const keys = matchingKeys(auths.keys(), host, repository);
  if (keys.length === 0) yield { place, rule: 'auths', outcome: 'no entry' };
  for (const key of keys) {
    const found = credentialOfEntry(auths.get(key), key, place);
    yield { place, rule: 'auths', key, outcome: found === undefined ? 'empty' : 'found' };
    if (found !== undefined) return found;
  }
  return undefined;
}

async function* told(
  step: Omit<CredentialStep, 'outcome'>,
  outcome: CredentialStep['outcome'],
  found?: Credential,
): AsyncGenerator<CredentialStep, Credential | undefined> {
  yield { ...step, outcome };
  return found;
}

function askHelper({ env }: AuthEnvironment, { helperTimeoutMs }: DockerCredentialsOptions): AskHelper {
  return (name, server, { signal }) => getFromHelper(name, server, { env, timeoutMs: helperTimeoutMs, signal });
}

/** The process's own, where none is given. */
export function environmentOf({ env = process.env, home }: Partial<AuthEnvironment>): AuthEnvironment {
  const own = process.platform === 'win32' ? env.USERPROFILE : env.HOME;
  return { env, home: home ?? own ?? homedir() };
}

function describe(found: Credential): NonNullable<CredentialExplanation['found']> {
  if ('registryToken' in found) return { kind: 'registry token' };
  const username = found.username ? { username: found.username } : {};
  return { kind: 'password' in found ? 'password' : 'identity token', ...username };
}

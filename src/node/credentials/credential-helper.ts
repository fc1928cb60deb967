/**
 * Credential helpers, `docker-credential-<name>`: programs that keep secrets for docker and its kin (the protocol of
 * docker/docker-credential-helpers). This runs one and judges its answer; which one to ask is decided elsewhere.
 * Neither what a helper prints nor what it is given stands in an error.
 */
import { isOciError, OciError } from '../../errors.ts';
import type { Credential } from '../../http/types.ts';
import { isObject } from '../../model/descriptor.ts';
import { quote } from '../../model/quote.ts';
import { findProgram, type ProgramOptions, runProgram } from './program.ts';

export type HelperOptions = ProgramOptions;

/** The user name by which a helper says that its secret is a refresh token. */
const TOKEN_USER = '<token>';
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const NOT_FOUND = /^\s*credentials not found/i;

/**
 * Asks a helper; undefined when it knows no credential.
 * @param server the key, e.g. `ghcr.io` or `https://index.docker.io/v1/`
 * @throws OciError `CREDENTIALS`; `ABORTED` or `TIMEOUT` by the caller's signal
 */
export async function getFromHelper(
  name: string,
  server: string,
  options: HelperOptions,
): Promise<Credential | undefined> {
  return readHelperAnswer(name, server, await run(name, 'get', server, server, options));
}

/** What a helper has said. */
interface Said {
  readonly code: number | string;
  readonly stdout: string;
}

/**
 * Judges what a helper said to `get`.
 * @throws OciError `CREDENTIALS`
 */
export function readHelperAnswer(name: string, server: string, { code, stdout }: Said): Credential | undefined {
  if (code !== 0 && NOT_FOUND.test(stdout)) return undefined;
  if (code !== 0) throw failed(name, 'get', server, `it ended with ${code}`);
  const answer = readAnswer(stdout);
  if (answer === undefined) throw failed(name, 'get', server, 'it printed something that is not a credential');
  // some helpers answer an empty pair where they know none
  return answer.Username === '' && answer.Secret === '' ? undefined : credentialOf(answer);
}

/**
 * Hands a credential to a helper.
 * @throws OciError `CREDENTIALS`, `ABORTED`, `UNSUPPORTED` for a bearer token, which no helper keeps
 */
export async function storeInHelper(
  name: string,
  server: string,
  credential: Credential,
  options: HelperOptions,
): Promise<void> {
  if ('registryToken' in credential) {
    throw new OciError('UNSUPPORTED', `docker-credential-${quote(name)} cannot keep a bearer token`, {
      hint: 'log in with a password or an identity token',
    });
  }
  const isToken = 'identityToken' in credential;
  const secret = isToken ? credential.identityToken : credential.password;
  const entry = { ServerURL: server, Username: isToken ? TOKEN_USER : credential.username, Secret: secret };
  const { code } = await run(name, 'store', server, JSON.stringify(entry), options);
  if (code !== 0) throw failed(name, 'store', server, `it ended with ${code}`);
}

/**
 * Makes a helper forget a credential; that it knows none is no error.
 * @throws OciError `CREDENTIALS`; `ABORTED` or `TIMEOUT` by the caller's signal
 */
export async function eraseFromHelper(name: string, server: string, options: HelperOptions): Promise<void> {
  const { code, stdout } = await run(name, 'erase', server, server, options);
  if (code !== 0 && !NOT_FOUND.test(stdout)) throw failed(name, 'erase', server, `it ended with ${code}`);
}

async function run(
  name: string,
  action: 'get' | 'store' | 'erase',
  server: string,
  input: string,
  options: HelperOptions,
): Promise<Said> {
  if (!NAME.test(name)) {
    throw new OciError('CREDENTIALS', `${quote(name, 80)} is not the name of a credential helper`, {
      hint: 'a helper is named by what follows docker-credential- in the name of its program',
    });
  }
  // a second line would be a second request to some helpers (CVE-2020-5260 was this in git)
  if (!/^[\x21-\x7e]+$/.test(server)) throw failed(name, action, server, 'the host is not one to ask for');
  const program = await findProgram(`docker-credential-${name}`, options.env);
  if (program === undefined) {
    throw failed(
      name,
      action,
      server,
      'there is no such program on the PATH',
      'install it, or remove it from the configuration',
    );
  }
  try {
    return await runProgram(program, [action], input, options);
  } catch (error) {
    if (options.signal?.aborted === true) throw error;
    throw failed(name, action, server, isOciError(error) ? error.message : 'it could not be started');
  }
}

interface Answer {
  readonly Username: string;
  readonly Secret: string;
}

function readAnswer(stdout: string): Answer | undefined {
  try {
    const json: unknown = JSON.parse(stdout);
    if (!isObject(json) || typeof json.Username !== 'string' || typeof json.Secret !== 'string') return undefined;
    return { Username: json.Username, Secret: json.Secret };
  } catch {
    return undefined;
  }
}

function credentialOf({ Username: username, Secret: secret }: Answer): Credential {
  return username === TOKEN_USER ? { identityToken: secret } : { username, password: secret };
}

function failed(name: string, action: string, server: string, problem: string, hint?: string): OciError {
  return new OciError('CREDENTIALS', `docker-credential-${name} ${action} for ${quote(server)} failed: ${problem}`, {
    hint: hint ?? `run it by hand to see why: docker-credential-${name} ${action}`,
  });
}

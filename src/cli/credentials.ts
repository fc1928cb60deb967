/** Credentials of the command line over those of the files. What is given in a flag goes to the registries that the user named, and to no other. */
import { homedir } from 'node:os';
import { OciError } from '../errors.ts';
import type { Credential, Credentials } from '../http/types.ts';
import { dockerCredentials } from '../node/docker-config.ts';
import type { Context } from './context.ts';
import type { Flags } from './frame.ts';
import { stdinSecret } from './input.ts';
import type { End } from './session.ts';

/** Where the files of docker and podman are looked for. */
export function authEnvironment({ env }: Context): { readonly env: Context['env']; readonly home: string } {
  return { env, home: env.HOME ?? homedir() };
}

/** Who may be told the flags' credential: the registries named so far. */
export type Named = ReadonlySet<string>;

/**
 * The credentials for one end of a command.
 * @throws OciError `USAGE`
 */
export async function credentialsFor(
  context: Context,
  flags: Flags,
  end: End,
  named: Named,
): Promise<Credentials | undefined> {
  if (flags.creds === false) return undefined;
  const given = await givenCredential(context, flags, end);
  const files = dockerCredentials(authEnvironment(context));
  return given === undefined ? files : async (host, options) => (named.has(host) ? given : files(host, options));
}

async function givenCredential(context: Context, flags: Flags, end: End): Promise<Credential | undefined> {
  if (flags.token !== undefined) return { registryToken: flags.token };
  const own = end === 'to' ? flags.toCreds : flags.fromCreds;
  const creds = own ?? (typeof flags.creds === 'string' ? flags.creds : undefined);
  if (creds === undefined) {
    if (flags.passwordStdin === true)
      throw new OciError('USAGE', '--password-stdin needs a user name', { hint: 'add --creds USER' });
    return undefined;
  }
  const colon = creds.indexOf(':');
  if (colon >= 0) return { username: creds.slice(0, colon), password: creds.slice(colon + 1) };
  if (flags.passwordStdin === true) return { username: creds, password: await stdinSecret(context) };
  throw new OciError('USAGE', 'there is no password with the user name', {
    hint: 'write USER:PASSWORD, or add --password-stdin',
  });
}

/** Credentials of the command line over those of the files. What is given in a flag goes to the registries that the user named, and to no other. */
import { homedir } from 'node:os';
import { OciError } from '../../errors.ts';
import type { Credential, Credentials } from '../../http/types.ts';
import type { Context } from '../context.ts';
import type { End, Flags } from '../options/shared.ts';

/** Where the files of docker and podman are looked for. */
export function authEnvironment({ env }: Context): { readonly env: Context['env']; readonly home: string } {
  return { env, home: env.HOME ?? homedir() };
}

export interface CredentialChoice {
  readonly context: Context;
  readonly flags: Flags;
  readonly end: End;
  /** In place of what the flags and files give. */
  readonly credential?: Credential | undefined;
  /** The registries named so far; it grows. */
  readonly named: ReadonlySet<string>;
}

/**
 * The credentials for one end of a command; undefined: anonymous.
 * @throws OciError `USAGE`
 */
export async function credentialsFor(choice: CredentialChoice): Promise<Credentials | undefined> {
  const { context, flags, end, named } = choice;
  const given = choice.credential ?? (await givenCredential(context, flags, end));
  if (given === undefined && flags.creds === false) return undefined;
  const files = fileCredentials(context);
  return given === undefined ? files : async (host, options) => (named.has(host) ? given : files(host, options));
}

/** Loaded when a registry wants a proof: many ask for none. */
function fileCredentials(context: Context): Credentials {
  let opened: Promise<Credentials> | undefined;
  const open = async (): Promise<Credentials> => {
    const { dockerCredentials } = await import('../../node/credentials/docker-config.ts');
    return dockerCredentials({ ...authEnvironment(context), now: () => context.now() });
  };
  return async (host, options) => {
    opened ??= open();
    return (await opened)(host, options);
  };
}

async function givenCredential(context: Context, flags: Flags, end: End): Promise<Credential | undefined> {
  if (flags.token !== undefined) return { registryToken: flags.token };
  const own = end === 'to' ? flags.toCreds : flags.fromCreds;
  const creds = own ?? (flags.creds === false ? undefined : flags.creds);
  if (creds === undefined) return undefined;
  const colon = creds.indexOf(':');
  if (colon >= 0) return { username: creds.slice(0, colon), password: creds.slice(colon + 1) };
  if (flags.passwordStdin === true) {
    const { stdinSecret } = await import('../terminal/input.ts');
    return { username: creds, password: await stdinSecret(context) };
  }
  throw new OciError('USAGE', 'there is no password with the user name', {
    hint: 'write USER:PASSWORD, or add --password-stdin',
  });
}

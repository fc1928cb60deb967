/** `login`: proves a user name and password to a registry, then keeps them where docker would. */
import { Command, type CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { OciError } from '../../errors.ts';
import { parseRegistryName } from '../../model/domain.ts';
import { authEnvironment } from '../connection/credentials.ts';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { ask, stdinSecret } from '../terminal/input.ts';
import { outputOptions, registryOptions } from '../options/shared.ts';
import type { Session } from '../session.ts';

export function build(frame: Frame): CommandUnknownOpts {
  const command = registryOptions(outputOptions(new Command()))
    .description(
      'Log in to a registry. The password is tried before it is kept: in a credential helper where one is configured, else in the file that docker uses.',
    )
    .argument('[registry]', 'e.g. ghcr.io; Docker Hub unless told', 'docker.io')
    .addOption(new Option('-u, --username <user>', 'who you are; it is asked for when it is not given'))
    .option('--skip-check', 'keep it without trying it')
    .action((name, flags) =>
      frame.run(flags, async (session) => {
        const { context, output, call } = session;
        const registry = parseRegistryName(name);
        const [user, told] = splitCreds(flags.creds);
        const username =
          flags.username ?? user ?? (await ask(context, `User name for ${registry}: `, { signal: call.signal }));
        const password = told ?? (await readPassword(session, username, flags.passwordStdin === true));
        const credential = { username, password };
        if (flags.skipCheck !== true) await (await session.clientAs(registry, credential)).ping(registry, call);
        const { storeCredential } = await import('../../node/credentials/login.ts');
        const place = await storeCredential(registry, credential, { ...call, ...authEnvironment(context) });
        if (place.helper === undefined) {
          output.note(`the password stands unencrypted in ${place.file}; a credential helper would keep it safer`);
        }
        if (output.isJson) return output.json({ registry, username, ...place });
        return output.line(`logged in to ${registry} as ${username}`);
      }),
    );
  return withExamples(
    command,
    'lading login ghcr.io',
    'echo "$TOKEN" | lading login -u robot --password-stdin registry.example',
  );
}

function splitCreds(creds: string | false | undefined): readonly [string?, string?] {
  if (creds === undefined || creds === false) return [];
  const colon = creds.indexOf(':');
  return colon < 0 ? [creds] : [creds.slice(0, colon), creds.slice(colon + 1)];
}

async function readPassword({ context, call }: Session, username: string, isPiped: boolean): Promise<string> {
  if (isPiped) return stdinSecret(context);
  if (context.stdin.isTTY !== true)
    throw new OciError('USAGE', 'there is no terminal to ask for the password', { hint: 'use --password-stdin' });
  const password = await ask(context, `Password for ${username}: `, { secret: true, signal: call.signal });
  if (password === '') throw new OciError('USAGE', 'the password is empty');
  return password;
}

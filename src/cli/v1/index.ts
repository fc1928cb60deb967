/** `v1 ping`, `v1 search`, `v1 login`: what an index of the v1 protocol is asked. */
import { Command, type CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { OciError } from '../../errors.ts';
import { collect, take } from '../../graph/collect.ts';
import { parseRegistryName } from '../../model/domain.ts';
import type { V1Account } from '../../v1/login.ts';
import { formatDuration } from '../terminal/bytes.ts';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { ask, stdinSecret } from '../terminal/input.ts';
import { count, outputOptions, registryOptions } from '../options/shared.ts';
import type { Session } from '../session.ts';
import { openV1 } from './session.ts';

export function pingCommand(frame: Frame): CommandUnknownOpts {
  const command = registryOptions(outputOptions(new Command('ping')))
    .summary('ask a registry whether it speaks v1')
    .description('Ask a registry whether it speaks v1. Ends with 7 when it does not, also when it speaks v2 only.')
    .argument('<registry>', 'e.g. registry.example.com')
    .action((name, flags) =>
      frame.run({ retry: 0, ...flags }, async (session) => {
        const { context, output, call } = session;
        const registry = parseRegistryName(name);
        const client = await openV1(session, registry);
        const startedMs = context.now();
        const { origin, version, standalone } = await client.ping(registry, call);
        const durationMs = Math.round(context.now() - startedMs);
        if (output.isJson) return output.json({ registry, origin, version, standalone, durationMs });
        const parts = [version === undefined ? [] : `version ${version}`, standalone ? 'standalone' : []].flat();
        const more = parts.map((part) => `, ${part}`).join('');
        return output.line(`${registry} is a v1 registry at ${origin}${more} (${formatDuration(durationMs)})`);
      }),
    );
  return withExamples(command, 'lading v1 ping registry.example.com', 'lading v1 ping --json localhost:5000');
}

export function searchCommand(frame: Frame): CommandUnknownOpts {
  const command = registryOptions(outputOptions(new Command('search')))
    .summary('search an index for repositories')
    .description('Search an index for repositories, all pages. What matches is for the index to say.')
    .argument('<registry>', 'e.g. registry.example.com')
    .argument('<text>', 'what to search for')
    .addOption(new Option('--limit <n>', 'only so many').argParser(count))
    .action((name, text, flags) =>
      frame.run(flags, async (session) => {
        const { output, call } = session;
        const registry = parseRegistryName(name);
        const client = await openV1(session, registry);
        const results = await collect(take(client.search(registry, text, call), flags.limit));
        if (output.isJson) return output.json({ registry, query: text, results });
        const rows = results.map(({ name: found, description = '' }) => [found, description]);
        return output.table([{}, {}], rows);
      }),
    );
  return withExamples(
    command,
    'lading v1 search registry.example.com redis',
    'lading v1 search --json --limit 10 localhost:5000 team',
  );
}

export function loginCommand(frame: Frame): CommandUnknownOpts {
  const command = registryOptions(outputOptions(new Command('login')))
    .summary('prove a user name and password, and keep nothing')
    .description(
      'Prove a user name and password to an index. No account is ever made, and nothing is kept: for that there is lading login --skip-check.',
    )
    .argument('[registry]', 'e.g. registry.example.com; Docker Hub unless told', 'docker.io')
    .addOption(new Option('-u, --username <user>', 'who you are; it is asked for when it is not given'))
    .action((name, flags) =>
      frame.run(flags, async (session) => {
        const { output, call } = session;
        const registry = parseRegistryName(name);
        const account = await accountFor(session, registry, flags);
        await (await openV1(session, registry)).login(registry, account, call);
        if (output.isJson) return output.json({ registry, username: account.username });
        return output.line(`${registry} knows ${account.username}`);
      }),
    );
  return withExamples(
    command,
    'lading v1 login registry.example.com',
    'echo "$TOKEN" | lading v1 login -u robot --password-stdin registry.example.com',
  );
}

interface AccountFlags {
  readonly username?: string | undefined;
  readonly passwordStdin?: true | undefined;
}

/** That of `--creds`, else that which is asked for, else that which is kept. */
async function accountFor(session: Session, registry: string, flags: AccountFlags): Promise<V1Account> {
  const { context, call } = session;
  const isAsked = flags.username !== undefined || flags.passwordStdin === true || context.stdin.isTTY === true;
  if (session.flags.creds === undefined && isAsked) return askedAccount(session, registry, flags);
  const { credentials } = await session.sendOptions(registry);
  const credential = await credentials?.(registry, call);
  if (credential !== undefined && 'password' in credential) return credential;
  throw new OciError('USAGE', `there is no user name and password for ${registry}`, {
    hint: 'use --creds USER:PASSWORD, or -u USER and --password-stdin',
  });
}

async function askedAccount({ context, call }: Session, registry: string, flags: AccountFlags): Promise<V1Account> {
  const { signal } = call;
  const username = flags.username ?? (await ask(context, `User name for ${registry}: `, { signal }));
  if (flags.passwordStdin === true) return { username, password: await stdinSecret(context) };
  return { username, password: await ask(context, `Password for ${username}: `, { secret: true, signal }) };
}

/** `auth explain` and `auth token`: where credentials come from, and what a registry gives for them. */
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { OciError } from '../../errors.ts';
import { parseReference } from '../../model/reference.ts';
import type { CredentialStep } from '../../node/credentials/docker-config.ts';
import { authEnvironment } from '../connection/credentials.ts';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { outputOptions, registryOptions } from '../options/shared.ts';
import { type Piece, styled } from '../terminal/style.ts';

export function build(frame: Frame): CommandUnknownOpts {
  return new Command()
    .description('Explain the look-up of credentials, or print the token that a registry gives for them.')
    .addCommand(explainCommand(frame))
    .addCommand(tokenCommand(frame));
}

function explainCommand(frame: Frame): CommandUnknownOpts {
  const command = outputOptions(new Command('explain'))
    .description(
      'Show each step of the look-up of credentials for a repository or registry. No secret is shown, no request is sent.',
    )
    .argument('<reference>', 'a repository, or a registry')
    .action((name, flags) =>
      frame.run(flags, async ({ context, call, output }) => {
        const { domain, path } = repositoryOrRegistry(name);
        const { explainCredentials } = await import('../../node/credentials/docker-config.ts');
        const told = await explainCredentials(domain, { ...call, ...authEnvironment(context), repository: path });
        if (output.isJson) return output.json(told);
        await output.table(
          [{ title: 'PLACE' }, { title: 'RULE' }, { title: 'ENTRY' }, { title: 'OUTCOME' }],
          told.steps.map(rowOf),
        );
        const { found } = told;
        const who = found?.username === undefined ? '' : ` of ${found.username}`;
        const verdict = found === undefined ? 'nothing found: requests are anonymous' : `found the ${found.kind}${who}`;
        return output.line('', styled(verdict, found === undefined ? 'yellow' : 'green'));
      }),
    );
  return withExamples(command, 'lading auth explain ghcr.io/o/app', 'lading auth explain --json docker.io');
}

function rowOf({ place, rule, key, helper, outcome, problem }: CredentialStep): Piece[] {
  const entry = [key, helper === undefined ? undefined : `docker-credential-${helper}`]
    .filter((part) => part !== undefined)
    .join(' by ');
  const told = problem === undefined ? outcome : `${outcome}: ${problem}`;
  const color = outcome === 'found' ? 'green' : outcome === 'failed' ? 'red' : 'dim';
  return [place, rule, entry === '' ? '-' : entry, styled(told, color)];
}

function repositoryOrRegistry(name: string): { domain: string; path?: string | undefined } {
  const hasPath = name
    .replace(/^https?:\/\//, '')
    .replace(/\/$/, '')
    .includes('/');
  const isHost = !hasPath && /[.:]|^localhost$/.test(name);
  return isHost ? { domain: parseReference(`${name}/x`).domain } : parseReference(name);
}

function tokenCommand(frame: Frame): CommandUnknownOpts {
  const command = registryOptions(outputOptions(new Command('token')))
    .description(
      'Print the bearer token that the registry gives for a repository: a secret, for use in another program.',
    )
    .argument('<reference>', 'the repository')
    .option('--push', 'a token that may push, too')
    .option('-H, --header', 'print the whole Authorization header')
    .action((name, flags) =>
      frame.run(flags, async (session) => {
        const { output } = session;
        const { domain, path } = parseReference(name);
        const { fetchAuthorization } = await import('../connection/authorization.ts');
        const actions = flags.push === true ? 'pull,push' : 'pull';
        const authorization = await fetchAuthorization(session, { domain, path }, actions);
        const token = /^bearer (.+)$/i.exec(authorization ?? '')?.[1];
        if (token === undefined) {
          const problem =
            authorization === undefined ? 'asks for no login' : 'wants a password with each request, not a token';
          throw new OciError('UNSUPPORTED', `${domain} ${problem}`);
        }
        if (output.isJson) return output.json({ registry: domain, repository: path, token });
        return output.line(flags.header === true ? `Authorization: Bearer ${token}` : token);
      }),
    );
  return withExamples(
    command,
    'lading auth token alpine',
    'curl -H "$(lading auth token -H alpine)" https://registry-1.docker.io/v2/library/alpine/tags/list',
  );
}

/** `logout`: forgets what a login kept, and the tokens that it was good for. */
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { parseRegistryName } from '../../model/domain.ts';
import { authEnvironment } from '../connection/credentials.ts';
import { keptTokens } from '../connection/kept-tokens.ts';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { outputOptions } from '../options/shared.ts';

export function build(frame: Frame): CommandUnknownOpts {
  const command = outputOptions(new Command())
    .description('Forget the login of a registry.')
    .argument('[registry]', 'e.g. ghcr.io; Docker Hub unless told', 'docker.io')
    .action((name, flags) =>
      frame.run(flags, async ({ context, call, output }) => {
        const registry = parseRegistryName(name);
        const { eraseCredential } = await import('../../node/credentials/login.ts');
        const { erased, ...place } = await eraseCredential(registry, { ...call, ...authEnvironment(context) });
        const tokens = await keptTokens(context, (problem) => output.warn(problem));
        await tokens.drop(({ host }) => host === registry);
        const done = erased || place.helper !== undefined;
        if (output.isJson) return output.json({ registry, outcome: done ? 'erased' : 'absent', ...place });
        return output.line(done ? `logged out of ${registry}` : `there was no login for ${registry}`);
      }),
    );
  return withExamples(command, 'lading logout ghcr.io');
}

/** `whoami`: the user name that a registry would be shown. No request is sent. */
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { OciError } from '../../errors.ts';
import { parseRegistryName } from '../../model/domain.ts';
import { authEnvironment } from '../connection/credentials.ts';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { outputOptions } from '../options/shared.ts';

export function build(frame: Frame): CommandUnknownOpts {
  const command = outputOptions(new Command())
    .description(
      'Show the user that you are to a registry, from the credentials that are kept. Ends with 4 when there are none.',
    )
    .argument('[registry]', 'e.g. ghcr.io; Docker Hub unless told', 'docker.io')
    .action((name, flags) =>
      frame.run(flags, async ({ context, call, output }) => {
        const registry = parseRegistryName(name);
        const { explainCredentials } = await import('../../node/credentials/docker-config.ts');
        const { found, steps } = await explainCredentials(registry, { ...call, ...authEnvironment(context) });
        const failed = steps.find(({ outcome }) => outcome === 'failed');
        if (failed !== undefined)
          throw new OciError('CREDENTIALS', failed.problem ?? `${failed.place} could not be read`);
        if (found === undefined)
          throw new OciError('UNAUTHORIZED', `not logged in to ${registry}`, {
            hint: `try "lading login ${registry}"`,
          });
        const place = steps.findLast(({ outcome }) => outcome === 'found')?.place;
        if (output.isJson) return output.json({ registry, username: found.username, kind: found.kind, place });
        return output.line(found.username ?? `(${found.kind})`);
      }),
    );
  return withExamples(command, 'lading whoami ghcr.io', 'lading whoami --json');
}

/** `ping`: is there a registry, and does it let us in? Each way to fail has its own exit code. */
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { parseRegistryName } from '../../model/domain.ts';
import type { Ping } from '../../registry/ping.ts';
import { formatDuration } from '../terminal/bytes.ts';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { outputOptions, registryOptions } from '../options/shared.ts';

export function build(frame: Frame): CommandUnknownOpts {
  const command = registryOptions(outputOptions(new Command()))
    .description(
      'Ask a registry whether it is there and lets you in. Ends with 4 when it wants a login, with 6 when it cannot be reached, with 7 when it is no registry.',
    )
    .argument('<registry>', 'e.g. ghcr.io or localhost:5000')
    .action((name, flags) =>
      // Whoever asks whether it is there wants the answer, not patience.
      frame.run({ retry: 0, ...flags }, async ({ context, output, call, client }) => {
        const registry = parseRegistryName(name);
        const startedMs = context.now();
        const ping = await (await client(registry)).ping(registry, call);
        const { origin, apiVersion, authRequired, challenges } = ping;
        const durationMs = Math.round(context.now() - startedMs);
        if (output.isJson) return output.json({ registry, origin, apiVersion, authRequired, challenges, durationMs });
        const told = [`${registry} is a registry at ${origin}`, apiVersion, authenticationOf(ping)];
        return output.line(`${told.filter(Boolean).join(', ')} (${formatDuration(durationMs)})`);
      }),
    );
  return withExamples(command, 'lading ping docker.io', 'lading ping --json localhost:5000');
}

function authenticationOf({ authRequired, challenges }: Ping): string {
  if (!authRequired) return 'no authentication';
  const schemes = new Set(challenges.map(({ scheme }) => scheme));
  return `authentication: ${schemes.size === 0 ? 'it does not say how' : [...schemes].join(' or ')}`;
}

/** `serve`: the embedded registry in the foreground, over memory or a directory. */
import { Command, type CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { asArgument, outputOptions } from '../options/shared.ts';
import { OciError } from '../../errors.ts';
import { serveUntilEnd } from '../serving.ts';

export function build(frame: Frame): CommandUnknownOpts {
  const command = outputOptions(new Command())
    .description(
      'Run a registry in the foreground, until it is interrupted. Without a directory it keeps all in memory, and forgets it at the end.',
    )
    .argument('[dir]', 'every repository is an OCI layout below it')
    .addOption(new Option('--port <n>', 'where to listen; 0 takes any that is free').argParser(port).default(5000))
    .addOption(new Option('--host <address>', 'the address to listen on').default('127.0.0.1'))
    .addOption(new Option('--tls-cert <file>', 'serve https with this certificate'))
    .addOption(new Option('--tls-key <file>', 'its key'))
    .addOption(new Option('--htpasswd <file>', 'let in only the users of this file (bcrypt, as of htpasswd -B)'))
    .option('--read-only', 'refuse pushes and deletions')
    .option('--no-delete', 'refuse deletions')
    .action((dir, flags) => {
      const { json, template, quiet, progress, debug } = flags;
      return frame.run({ json, template, quiet, progress, debug }, (session) => serveUntilEnd(session, dir, flags));
    });
  return withExamples(
    command,
    'lading serve',
    'lading serve --port 5000 ./registry',
    'lading serve --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem --htpasswd users ./registry',
  );
}

function port(text: string): number {
  return asArgument(() => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number <= 65_535) return number;
    throw new OciError('USAGE', 'a port is a number from 0 to 65535');
  });
}

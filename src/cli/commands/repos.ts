/** `repos`: the repositories of a registry, all pages, filtered by substring or pattern. */
import { Command, type CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { OciError } from '../../errors.ts';
import { parseRegistryName } from '../../model/domain.ts';
import { collect, take } from '../../graph/collect.ts';
import { search } from '../../graph/search.ts';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { count, outputOptions, registryOptions } from '../options/shared.ts';

export function build(frame: Frame): CommandUnknownOpts {
  const command = registryOptions(outputOptions(new Command()))
    .description(
      'List the repositories of a registry, or search them. Docker Hub and many hosted registries list none.',
    )
    .argument('<registry>', 'e.g. localhost:5000')
    .argument('[text]', 'only names that hold this text')
    .option('--regex', 'the text is a regular expression')
    .addOption(new Option('--limit <n>', 'only so many').argParser(count))
    .option('--full-ref', 'print the registry with each name')
    .action((name, text, flags) =>
      frame.run(flags, async ({ client, call, output }) => {
        const wanted = flags.regex === true ? patternOf(text ?? '') : text;
        const registry = parseRegistryName(name);
        const names = take(search((await client(registry)).registry(registry), wanted, call), flags.limit);
        if (output.isJson) return output.json({ registry, repositories: await collect(names) });
        return output.lines(names, (one) => (flags.fullRef === true ? `${registry}/${one}` : one));
      }),
    );
  return withExamples(
    command,
    'lading repos localhost:5000',
    'lading search localhost:5000 team/',
    'lading repos --regex localhost:5000 "^team/(web|api)$"',
  );
}

function patternOf(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    throw new OciError('USAGE', error instanceof Error ? error.message : 'not a regular expression');
  }
}

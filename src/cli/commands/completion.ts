/** `completion`: the script for a shell, and the hidden command that the script asks for completions. */
import { Argument, Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { wholeProgram } from '../program.ts';

const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const;

export function completionCommand(frame: Frame): CommandUnknownOpts {
  const command = new Command()
    .description(
      'Print a completion script. The shell reads it at its start, e.g. from ~/.bashrc: source <(lading completion bash)',
    )
    .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
    .action((shell) =>
      frame.run({}, async ({ output }) => {
        const { script } = await import('@bomb.sh/tab');
        for (const text of printed(() => script(shell, 'lading', 'lading'))) await output.raw(`${text}\n`);
      }),
    );
  return withExamples(command, 'lading completion bash', 'lading completion fish');
}

export function completeCommand(frame: Frame): CommandUnknownOpts {
  return new Command().argument('[words...]').action((words) =>
    frame.run({}, async ({ output }) => {
      const { default: tab } = await import('@bomb.sh/tab/commander');
      const completion = tab((await wholeProgram(frame)) as never, { completionCommandName: 'completions' });
      for (const line of printed(() => completion.parse([...words]))) await output.raw(`${line}\n`);
    }),
  );
}

/** What a library prints with `console.log`, which is all that this one can do. */
function printed(print: () => void): string[] {
  const { log } = console;
  const lines: string[] = [];
  console.log = (line: string) => void lines.push(line);
  try {
    print();
  } finally {
    console.log = log;
  }
  return lines;
}

/** `completion`: the script for a shell, and the hidden command that the script asks for completions. */
import { Argument, Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { withExamples } from '../examples.ts';
import type { CommandBuilder, Frame } from '../frame.ts';

const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const;

export function build(frame: Frame): CommandUnknownOpts {
  const command = new Command()
    .description(
      'Print a completion script. The shell reads it at its start, e.g. from ~/.bashrc: source <(lading completion bash)',
    )
    .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
    .action((shell) =>
      frame.run({}, async ({ output }) => {
        const { script } = await import('@bomb.sh/tab');
        const [text = ''] = printed(() => script(shell, 'lading', 'lading'));
        await output.raw(`${forBash(text)}\n`);
      }),
    );
  return withExamples(command, 'lading completion bash', 'lading completion fish');
}

/** What the library's script for bash lacks. */
function forBash(text: string): string {
  const reply = /^ *COMPREPLY=\( \$\(compgen -W .*$/m;
  return (
    text
      // It falls back to the names of files only when it is told at the registration.
      .replace(/^complete -F /m, 'complete -o default -F ')
      // Its line editor takes a colon for the end of a word, and a tag for another one.
      .replace(reply, (line) => `${line}\n    __ltrim_colon_completions "$cur"`)
  );
}

/** Makes the program with the commands that are wanted. */
export type WholeProgram = (
  frame: Frame,
  isWanted: (entry: { readonly name: string }) => boolean,
) => Promise<CommandUnknownOpts>;

export function buildComplete(wholeProgram: WholeProgram): CommandBuilder {
  return (frame) =>
    new Command().argument('[words...]').action((words) =>
      frame.run(PATIENCE, async (session) => {
        const { output } = session;
        const { default: tab } = await import('@bomb.sh/tab/commander');
        // The library brings its own command for the scripts, and knows commander without its extra typings.
        const program = await wholeProgram(frame, ({ name }) => name !== 'completion');
        for (const command of program.commands) command.description(command.summary());
        const completion = tab(program as never, { completionCommandName: 'completion' });
        const lines = printed(() => completion.parse([...words]));
        const last = words.at(-1) ?? '';
        if (lines.length > 1 || last.startsWith('-')) return output.raw(`${lines.join('\n')}\n`);
        // Where nothing of ours fits, a name may be meant, or a path.
        const { completeName } = await import('../complete-names.ts');
        const names = await completeName(session, last);
        const directive = names === undefined ? DEFAULT : names.isOpen ? NO_FILES + NO_SPACE : NO_FILES;
        await output.raw([...(names?.words ?? []), `:${directive}\n`].join('\n'));
      }),
    );
}

/** The shell's own completion: the names of files. */
const DEFAULT = 0;
const NO_SPACE = 2;
const NO_FILES = 4;

/** Somebody waits at a prompt. */
const PATIENCE = { timeout: 3000, retry: 0, progress: 'none' } as const;

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

/** The program as commander sees it: all commands by name and summary, and the one that was asked for in full. */
import { Command, CommanderError, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { type CommandEntry, COMMANDS } from './commands.ts';
import type { Context } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { createFrame, type Frame } from './frame.ts';
import { helpStyle, usageErrors } from './help.ts';
import { outputOptions, registryOptions } from './options/shared.ts';
import { hasColors, widthOf } from './terminal/style.ts';
import { VERSION } from './version.ts';

/** What the shells' completion scripts call; nobody types it. */
const COMPLETE: CommandEntry = {
  name: 'complete',
  aliases: [],
  summary: '',
  group: '',
  load: async () => ({ build: (await import('./commands/completion.ts')).buildComplete(wholeProgram) }),
};

/**
 * Runs the command that the arguments name.
 * @param argv what stands after the program's name.
 * @returns the exit code; see `EXIT`.
 */
export async function run(argv: readonly string[], context: Context): Promise<number> {
  const frame = createFrame(context);
  try {
    const { program, args } = await programFor(argv, frame);
    await program.parseAsync(args, { from: 'user' });
    return frame.exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  }
}

/** The program with every command that is wanted in full, for completion. */
export async function wholeProgram(
  frame: Frame,
  isWanted: (entry: CommandEntry) => boolean = () => true,
): Promise<CommandUnknownOpts> {
  const program = emptyProgram(frame.context);
  for (const entry of COMMANDS.filter(isWanted)) program.addCommand(await fullCommand(program, entry, frame));
  return program;
}

async function programFor(
  argv: readonly string[],
  frame: Frame,
): Promise<{ program: CommandUnknownOpts; args: string[] }> {
  const program = emptyProgram(frame.context);
  const { name, args } = commandFirst(argv, frame.context);
  const all = [...COMMANDS, COMPLETE];
  const wanted = all.find((entry) => isNamed(entry, name));
  if (wanted !== undefined) program.addCommand(await fullCommand(program, wanted, frame));
  // All others are for the list of commands, and for what a slip of the hand may have meant.
  else
    for (const entry of all) program.addCommand(named(program.createCommand(), entry), { hidden: entry === COMPLETE });
  return { program, args: args.length === 0 ? ['--help'] : args };
}

/**
 * The arguments with the command's name in front: options may stand before it, and belong to it all the same.
 * `help copy` is `copy --help`.
 */
function commandFirst(argv: readonly string[], context: Context): { name: string; args: string[] } {
  const [first = ''] = argv;
  if (isCommand(first)) return { name: first, args: [...argv] };
  const flags = registryOptions(outputOptions(emptyProgram(context)))
    .enablePositionalOptions()
    .passThroughOptions();
  const { operands, unknown } = flags.parseOptions([...argv]);
  const rest = [...operands, ...unknown];
  const [name = '', ...after] = rest;
  const before = argv.slice(0, argv.length - rest.length);
  if (name.startsWith('-') || name === '') return { name: '', args: [...argv] };
  if (name === 'help') return { name: after[0] ?? '', args: isCommand(after[0]) ? [...after, '--help'] : after };
  return { name, args: [name, ...before, ...after] };
}

function isCommand(name: string | undefined): boolean {
  return name !== undefined && COMMANDS.some((entry) => isNamed(entry, name));
}

function isNamed({ name, aliases }: CommandEntry, wanted: string): boolean {
  return wanted === name || aliases.includes(wanted);
}

function emptyProgram(context: Context): Command {
  const colors = hasColors(context.stderr, context.env);
  return new Command('lading')
    .description('Read, write, copy, check and serve container images and OCI artifacts.')
    .version(VERSION, '-V, --version', 'print the version')
    .usage('<command> [options]')
    .helpOption('-h, --help', 'show help')
    .helpCommand(false)
    .addHelpText('after', '\nSee "lading <command> --help" for examples of each.')
    .configureHelp(helpStyle(hasColors(context.stdout, context.env)))
    .configureOutput({
      writeOut: (text) => void context.stdout.write(text),
      writeErr: (text) => void context.stderr.write(text),
      getOutHelpWidth: () => Math.min(100, widthOf(context.stdout, context.env)),
      getErrHelpWidth: () => Math.min(100, widthOf(context.stderr, context.env)),
      getOutHasColors: () => hasColors(context.stdout, context.env),
      getErrHasColors: () => colors,
    })
    .configureOutput(usageErrors('lading', context))
    .exitOverride();
}

async function fullCommand(
  program: CommandUnknownOpts,
  entry: CommandEntry,
  frame: Frame,
): Promise<CommandUnknownOpts> {
  const { build } = await entry.load();
  const command = named(build(frame), entry);
  inherit(command, program, entry.name, frame.context);
  return command;
}

function inherit(command: CommandUnknownOpts, from: CommandUnknownOpts, name: string, context: Context): void {
  command.copyInheritedSettings(from).helpOption('-h, --help', 'show help').helpCommand(false);
  command.configureOutput(usageErrors(`lading ${name}`, context));
  for (const child of command.commands) inherit(child, from, `${name} ${child.name()}`, context);
}

function named(command: CommandUnknownOpts, entry: CommandEntry): CommandUnknownOpts {
  command.name(entry.name).summary(entry.summary).helpGroup(entry.group);
  for (const alias of entry.aliases) command.alias(alias);
  if (command.description() === '')
    command.description(`${entry.summary.charAt(0).toUpperCase()}${entry.summary.slice(1)}.`);
  return command;
}

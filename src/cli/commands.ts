/** The table of commands: what the top-level help tells of each, and where the rest of it is loaded from when it is asked for. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Frame } from './frame.ts';

/** Makes a command: its arguments, options, help and action. */
export type CommandBuilder = (frame: Frame) => CommandUnknownOpts;

export interface CommandEntry {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** One line for the list of commands. */
  readonly summary: string;
  readonly group: string;
  load(): Promise<CommandBuilder>;
}

const COPY = 'Copy images:';
const READ = 'Look at registries and images:';
const CHANGE = 'Change a registry:';
const ACCESS = 'Log in:';
const LOCAL = 'Local:';

export const COMMANDS: readonly CommandEntry[] = [
  entry(
    COPY,
    'copy',
    'copy an image from anywhere to anywhere',
    () => import('./commands/copy.ts').then((m) => m.copyCommand),
    'cp',
  ),
  entry(COPY, 'pull', 'copy an image to a directory or a tar file', () =>
    import('./commands/pull.ts').then((m) => m.pullCommand),
  ),
  entry(COPY, 'push', 'copy an image from a directory or a tar file', () =>
    import('./commands/push.ts').then((m) => m.pushCommand),
  ),
  entry(
    READ,
    'repos',
    'list the repositories of a registry',
    () => import('./commands/repos.ts').then((m) => m.reposCommand),
    'search',
    'catalog',
  ),
  entry(
    READ,
    'tags',
    'list the tags of a repository',
    () => import('./commands/tags.ts').then((m) => m.tagsCommand),
    'ls',
  ),
  entry(READ, 'inspect', 'show an image on one page', () =>
    import('./commands/inspect.ts').then((m) => m.inspectCommand),
  ),
  entry(READ, 'manifest', 'print a manifest, byte for byte', () =>
    import('./commands/manifest.ts').then((m) => m.manifestCommand),
  ),
  entry(READ, 'config', 'print the config of an image', () =>
    import('./commands/config.ts').then((m) => m.configCommand),
  ),
  entry(READ, 'digest', 'print the digest of an image', () =>
    import('./commands/digest.ts').then((m) => m.digestCommand),
  ),
  entry(READ, 'size', 'add up the sizes of images', () => import('./commands/size.ts').then((m) => m.sizeCommand)),
  entry(READ, 'blob', 'get, push or delete a blob', () => import('./commands/blob.ts').then((m) => m.blobCommand)),
  entry(READ, 'validate', 'check every digest, size and link of an image', () =>
    import('./commands/validate.ts').then((m) => m.validateCommand),
  ),
  entry(READ, 'ping', 'ask a registry what it is', () => import('./commands/ping.ts').then((m) => m.pingCommand)),
  entry(CHANGE, 'tag', 'give an image more tags', () => import('./commands/tag.ts').then((m) => m.tagCommand)),
  entry(CHANGE, 'untag', 'remove a tag, and only the tag', () =>
    import('./commands/untag.ts').then((m) => m.untagCommand),
  ),
  entry(
    CHANGE,
    'delete',
    'delete a tag, or a manifest by its digest',
    () => import('./commands/delete.ts').then((m) => m.deleteCommand),
    'rm',
  ),
  entry(ACCESS, 'login', 'log in to a registry', () => import('./commands/login.ts').then((m) => m.loginCommand)),
  entry(ACCESS, 'logout', 'forget the login of a registry', () =>
    import('./commands/logout.ts').then((m) => m.logoutCommand),
  ),
  entry(ACCESS, 'whoami', 'show who you are to a registry', () =>
    import('./commands/whoami.ts').then((m) => m.whoamiCommand),
  ),
  entry(ACCESS, 'auth', 'explain the look-up of credentials, or print a token', () =>
    import('./commands/auth.ts').then((m) => m.authCommand),
  ),
  entry(LOCAL, 'serve', 'run a registry', () => import('./commands/serve.ts').then((m) => m.serveCommand)),
  entry(LOCAL, 'gc', 'remove what nothing refers to from an OCI layout', () =>
    import('./commands/gc.ts').then((m) => m.gcCommand),
  ),
  entry(LOCAL, 'parse', 'show the parts of a name', () => import('./commands/parse.ts').then((m) => m.parseCommand)),
  entry(LOCAL, 'completion', 'print a completion script for a shell', () =>
    import('./commands/completion.ts').then((m) => m.completionCommand),
  ),
];

/** What the shells' completion scripts call; nobody types it. */
export const HIDDEN_COMMANDS: readonly CommandEntry[] = [
  entry(LOCAL, 'complete', '', () => import('./commands/completion.ts').then((m) => m.completeCommand)),
];

function entry(
  group: string,
  name: string,
  summary: string,
  load: () => Promise<CommandBuilder>,
  ...aliases: readonly string[]
): CommandEntry {
  return { name, aliases, summary, group, load };
}

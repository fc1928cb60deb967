/** The table of commands: what the top-level help tells of each, and where the rest of it is loaded from when it is asked for. */
import type { CommandBuilder } from './frame.ts';

export interface CommandEntry {
  readonly name: string;
  readonly aliases: readonly string[];
  /** One line for the list of commands. */
  readonly summary: string;
  readonly group: string;
  readonly load: Load;
}

/** A file of `commands/`: each has one command. */
type Load = () => Promise<{ readonly build: CommandBuilder }>;

type Row = readonly [names: string, summary: string, load: Load];

export const COMMANDS: readonly CommandEntry[] = [
  ...group('Copy images:', [
    ['copy, cp', 'copy an image from anywhere to anywhere', () => import('./commands/copy.ts')],
    ['pull', 'copy an image to a directory or a tar file', () => import('./commands/pull.ts')],
    ['push', 'copy an image from a directory or a tar file', () => import('./commands/push.ts')],
    ['backup', 'copy repositories to a directory', () => import('./commands/backup.ts')],
    ['restore', 'copy repositories back from a directory', () => import('./commands/restore.ts')],
  ]),
  ...group('Look at registries and images:', [
    ['repos, search, catalog', 'list the repositories of a registry', () => import('./commands/repos.ts')],
    ['tags, ls', 'list the tags of a repository', () => import('./commands/tags.ts')],
    ['inspect', 'show an image on one page', () => import('./commands/inspect.ts')],
    ['manifest', 'print a manifest, byte for byte, or push one', () => import('./commands/manifest.ts')],
    ['config', 'print the config of an image', () => import('./commands/config.ts')],
    ['digest', 'print the digest of an image', () => import('./commands/digest.ts')],
    ['size', 'add up the sizes of images', () => import('./commands/size.ts')],
    ['blob', 'get, push or delete a blob', () => import('./commands/blob.ts')],
    ['validate', 'check every digest, size and link of an image', () => import('./commands/validate.ts')],
    ['ping', 'ask a registry what it is', () => import('./commands/ping.ts')],
  ]),
  ...group('Change images:', [
    ['append', 'add layers to an image, under a new tag', () => import('./commands/append.ts')],
    ['mutate', 'change the settings of an image', () => import('./commands/mutate.ts')],
    ['rebase', 'put an image on another base', () => import('./commands/rebase.ts')],
    ['check-base', 'ask whether the base of an image is newer', () => import('./commands/check-base.ts')],
    ['flatten', 'make one layer of all', () => import('./commands/flatten.ts')],
    ['convert', 'change media types and compression', () => import('./commands/convert.ts')],
    ['index', 'make and change multi-platform images', () => import('./commands/index.ts')],
  ]),
  ...group('Look into images:', [
    ['files', 'list the files of an image', () => import('./commands/files.ts')],
    ['cat', 'print a file of an image', () => import('./commands/cat.ts')],
    ['extract', 'write files of an image to a directory', () => import('./commands/extract.ts')],
    ['export', 'write the files of an image as a tar archive', () => import('./commands/export.ts')],
    ['diff', 'compare two images', () => import('./commands/diff.ts')],
  ]),
  ...group('Artifacts:', [
    ['artifact', 'push and pull files as artifacts', () => import('./commands/artifact.ts')],
    ['attach', 'attach files to an image', () => import('./commands/attach.ts')],
    ['referrers, tree, discover', 'show what is attached to an image', () => import('./commands/referrers.ts')],
    ['verify', 'verify signatures and attestations of an image', () => import('./commands/verify.ts')],
  ]),
  ...group('Change a registry:', [
    ['tag', 'give an image more tags', () => import('./commands/tag.ts')],
    ['untag', 'remove a tag, and only the tag', () => import('./commands/untag.ts')],
    ['delete, rm', 'delete a tag, or a manifest by its digest', () => import('./commands/delete.ts')],
    ['delete-repo', 'delete all that a repository holds', () => import('./commands/delete-repo.ts')],
  ]),
  ...group('Log in:', [
    ['login', 'log in to a registry', () => import('./commands/login.ts')],
    ['logout', 'forget the login of a registry', () => import('./commands/logout.ts')],
    ['whoami', 'show who you are to a registry', () => import('./commands/whoami.ts')],
    ['auth', 'explain the look-up of credentials, or print a token', () => import('./commands/auth.ts')],
  ]),
  ...group('Local:', [
    ['serve', 'run a registry', () => import('./commands/serve.ts')],
    ['gc', 'remove what nothing refers to from an OCI layout', () => import('./commands/gc.ts')],
    ['parse', 'show the parts of a name', () => import('./commands/parse.ts')],
    ['completion', 'print a completion script for a shell', () => import('./commands/completion.ts')],
  ]),
  ...group('Retired protocol:', [['v1', 'read from a registry of the v1 protocol', () => import('./commands/v1.ts')]]),
];

function group(title: string, rows: readonly Row[]): CommandEntry[] {
  return rows.map(([names, summary, load]) => {
    const [name = '', ...aliases] = names.split(', ');
    return { name, aliases, summary, group: title, load };
  });
}

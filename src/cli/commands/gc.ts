/** `gc`: removes from an OCI layout what nothing in its index leads to. */
import path from 'node:path';
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { collectGarbage } from '../../layout/collect.ts';
import { directoryTree } from '../../node/directory/directory-tree.ts';
import { formatSize } from '../terminal/bytes.ts';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { outputOptions } from '../options/shared.ts';
import { styled } from '../terminal/style.ts';

export function build(frame: Frame): CommandUnknownOpts {
  const command = outputOptions(new Command())
    .description(
      'Remove from an OCI layout what nothing in its index leads to, and what interrupted writers left a day ago.',
    )
    .argument('<layout>', 'oci:DIR, or the directory alone')
    .option('--dry-run', 'only tell what would be removed')
    .action((name, flags) =>
      frame.run(flags, async ({ context, output, call }) => {
        const folder = path.resolve(context.cwd, name.replace(/^oci:/, ''));
        const dryRun = flags.dryRun === true;
        const { removed, bytes, kept } = await collectGarbage(directoryTree(folder), { ...call, dryRun });
        if (output.isJson)
          return output.json({ layout: folder, removed, bytes, kept, outcome: dryRun ? 'planned' : 'removed' });
        for (const digest of removed) await output.line(digest);
        const would = dryRun ? 'it would remove' : 'removed';
        return output.note(styled(`${would} ${removed.length} blobs, ${formatSize(bytes)}; ${kept} stay`, 'dim'));
      }),
    );
  return withExamples(command, 'lading gc oci:./images', 'lading gc --dry-run ./images');
}

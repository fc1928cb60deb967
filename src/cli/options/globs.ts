/** Names by globs: `3.*` takes names in, `!x` takes names out. */

/** The globs are read only when there are any; without any that take names in, all are in. */
export async function globFilter(globs: readonly string[] | undefined): Promise<(name: string) => boolean> {
  if (globs === undefined || globs.length === 0) return () => true;
  const { default: picomatch } = await import('picomatch');
  const out = globs.filter((glob) => glob.startsWith('!')).map((glob) => glob.slice(1));
  const into = globs.filter((glob) => !glob.startsWith('!'));
  const leaves = picomatch(out);
  const takes = into.length === 0 ? () => true : picomatch(into);
  return (name) => takes(name) && !(out.length > 0 && leaves(name));
}

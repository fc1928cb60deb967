/** A name as it is, or a glob. The library picomatch does it; the build puts it into this file, which imports nothing else of the package. */
import picomatch from 'picomatch';

/** Is it the name, or does the glob match it? `*` stays within a part between slashes, `**` does not. */
export function matchesPattern(pattern: string, name: string): boolean {
  return pattern === name || picomatch.isMatch(name, pattern, { dot: true, nonegate: true });
}

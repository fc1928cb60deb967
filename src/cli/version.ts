/** The version of the package: written in by the build, read from the package where the source runs. */

declare const __LADING_VERSION__: string | undefined;

export const VERSION: string = typeof __LADING_VERSION__ === 'string' ? __LADING_VERSION__ : sourceVersion();

function sourceVersion(): string {
  // Not imported: the built program would load it for nothing.
  const { readFileSync } = process.getBuiltinModule('node:fs');
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return (manifest as { version: string }).version;
}

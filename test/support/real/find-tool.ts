/** Which real programs are there. A test that needs one says so, and is skipped, loudly or not at all, where it is missing. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The Debian package of each program that the tests use. */
const packages = {
  'docker-registry': 'docker-registry',
  skopeo: 'skopeo',
  umoci: 'umoci',
  nginx: 'nginx-light',
  openssl: 'openssl',
  busybox: 'busybox-static',
  tar: 'tar',
} as const;

export type Tool = keyof typeof packages;

/** The path of a program. `sbin` is looked into as well: it is not on everybody's PATH. */
export function findTool(tool: Tool): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return folders.map((folder) => join(folder, tool)).find(isExecutable);
}

/** The programs that are not here. */
export function missingTools(): readonly Tool[] {
  return (Object.keys(packages) as Tool[]).filter((tool) => findTool(tool) === undefined);
}

/** The path of a program that `needs` has found. */
export function toolPath(tool: Tool): string {
  const path = findTool(tool);
  if (path === undefined) throw new Error(missing([tool]));
  return path;
}

/**
 * Options for a test or suite that needs real programs: `describe('…', needs('skopeo'), () => …)`.
 * Where one is missing it is skipped, with one line that tells how to get it; with `LADING_REQUIRE_TOOLS=1` that is a failure.
 */
export function needs(...tools: readonly Tool[]): { readonly skip?: string } {
  const absent = tools.filter((tool) => findTool(tool) === undefined);
  if (absent.length === 0) return {};
  if (process.env.LADING_REQUIRE_TOOLS === '1') throw new Error(missing(absent));
  return { skip: `skipped: ${missing(absent)}` };
}

function missing(tools: readonly Tool[]): string {
  const verb = tools.length === 1 ? 'is' : 'are';
  return `${tools.join(', ')} ${verb} not installed (apt-get install ${tools.map((tool) => packages[tool]).join(' ')})`;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

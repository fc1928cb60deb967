/** What the files of package managers say, which may be anything: what makes no sense tells of no package. */
import { isObject } from '../../model/descriptor.ts';

export type PackageManager = 'dpkg' | 'apk' | 'npm' | 'python';

/** A package, as a file tells of it. */
export interface Package {
  readonly manager: PackageManager;
  readonly name: string;
  /** Undefined: it is not known. */
  readonly version?: string | undefined;
}

/** Names and versions are shorter in every registry. */
const MAX_TEXT = 256;

/** `/var/lib/dpkg/status`, and the files of `status.d`, where distroless images keep a paragraph each. */
export function dpkgPackages(text: string): readonly Package[] {
  const seen = new Set<string>();
  return paragraphs(text).flatMap((paragraph): readonly Package[] => {
    const { Package: name, Version: version, Status: status, Architecture: architecture } = fieldsOf(paragraph, /: ?/);
    if (!name || !version || (status !== undefined && !status.endsWith(' installed'))) return [];
    // Of several architectures, the first one has the name alone.
    const own = seen.has(name) ? `${name}:${architecture}` : name;
    seen.add(own);
    return [packageOf('dpkg', own, version)];
  });
}

/** `/lib/apk/db/installed` */
export function apkPackages(text: string): readonly Package[] {
  return paragraphs(text).flatMap((paragraph): readonly Package[] => {
    const { P: name, V: version } = fieldsOf(paragraph, /:/);
    return name && version ? [packageOf('apk', name, version)] : [];
  });
}

/** `package.json` in the folder of a package. */
export function npmPackages(text: string): readonly Package[] {
  const document = jsonOf(text);
  if (!isObject(document)) return [];
  const { name, version } = document;
  if (typeof name !== 'string' || typeof version !== 'string' || name === '') return [];
  return [packageOf('npm', name, version)];
}

/** `METADATA` of a `.dist-info`, `PKG-INFO` of an `.egg-info` (PEP 566): headers, and after an empty line prose. */
export function pythonPackages(text: string): readonly Package[] {
  const { Name: name, Version: version } = fieldsOf(paragraphs(text)[0] ?? '', /: ?/);
  return name && version ? [packageOf('python', pythonName(name), version)] : [];
}

/** `Foo.Bar`, `foo_bar` and `foo-bar` are one package (PEP 503). */
export function pythonName(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-');
}

function packageOf(manager: PackageManager, name: string, version: string): Package {
  return { manager, name: name.slice(0, MAX_TEXT), version: version.slice(0, MAX_TEXT) };
}

function paragraphs(text: string): readonly string[] {
  return text.split(/\r?\n[ \t]*\r?\n/);
}

/** The fields of a paragraph by their names; of the lines that go on with a field nothing is needed. */
function fieldsOf(paragraph: string, colon: RegExp): Readonly<Record<string, string | undefined>> {
  const fields = new Map<string, string>();
  for (const line of paragraph.split('\n')) {
    const at = line.search(colon);
    const name = line.slice(0, at);
    if (at > 0 && !/^\s/.test(line) && !fields.has(name)) fields.set(name, line.slice(at + 1).trim());
  }
  return Object.fromEntries(fields);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

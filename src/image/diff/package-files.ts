/** Where package managers keep what they tell of packages. */
import { splitPath } from '../files/layer-entries.ts';
import { apkPackages, dpkgPackages, npmPackages, type Package, pythonName, pythonPackages } from './package-formats.ts';

/** A file that tells of packages. */
export interface PackageFile {
  readonly packagesIn: (text: string) => readonly Package[];
  /** The folder that its package is installed in, where there may be many. */
  readonly place?: string | undefined;
}

/** A file in which a package manager keeps all of its packages. */
export interface PackageDatabase extends PackageFile {
  readonly path: string;
}

/** Alpine's was moved with `/lib` to `/usr/lib`. */
export const DATABASES: readonly PackageDatabase[] = [
  { path: 'var/lib/dpkg/status', packagesIn: dpkgPackages },
  { path: 'lib/apk/db/installed', packagesIn: apkPackages },
  { path: 'usr/lib/apk/db/installed', packagesIn: apkPackages },
];

const DISTROLESS = /^var\/lib\/dpkg\/status\.d\/[^/]+$/;
const NPM = /(?:^|\/)node_modules\/(?:@[^/]+\/)?[^/@.][^/]*$/;
const PYTHON = /(?:^|\/)[^/]+\.(?:dist-info|egg-info)$/;

/** The file of one package that stands at a path. */
export function packageFileAt(path: string): PackageFile | undefined {
  if (DISTROLESS.test(path)) return path.endsWith('.md5sums') ? undefined : { packagesIn: dpkgPackages };
  const { folder, name } = splitPath(path);
  if (name === 'package.json' && NPM.test(folder)) return { packagesIn: npmPackages, place: folder };
  const isIn = PYTHON.test(folder) && (name === 'METADATA' || name === 'PKG-INFO');
  const told = isIn ? folder : path;
  return PYTHON.test(told) ? { packagesIn: pythonPackages, place: splitPath(told).folder } : undefined;
}

/** A package, and where it is installed. */
export interface PlacedPackage extends Package {
  readonly place?: string | undefined;
}

/** What the name of a folder tells of the package in it: a layer may hide it without saying more. */
export function packageFolderAt(path: string): PlacedPackage | undefined {
  if (NPM.test(path)) return { manager: 'npm', name: path.replace(/^.*node_modules\//, ''), place: path };
  if (!PYTHON.test(path)) return undefined;
  const { folder, name } = splitPath(path);
  const [, told = '', version] = /^(.+?)(?:-([^-]+)(?:-py[\d.]+)?)?\.[a-z]+-info$/.exec(name) ?? [];
  return { manager: 'python', name: pythonName(told), version, place: folder };
}

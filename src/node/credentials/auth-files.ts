/**
 * Where credentials stand: docker's and podman's files and variables, in the order in which they count. This finds and
 * reads them; which entry is meant, and what it holds, is decided elsewhere. No secret stands in an error.
 */
import { join } from 'node:path';
import { OciError } from '../../errors.ts';
import { isObject } from '../../model/descriptor.ts';
import { matchingKeys } from './auth-keys.ts';
import { readConfigFile } from './config-file.ts';

/** What the look-up knows of its process: nothing ambient. */
export interface AuthEnvironment {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The home directory. */
  readonly home: string;
}

/** One place to look. */
export interface AuthPlace {
  /** For people: the file, or `$DOCKER_AUTH_CONFIG`. */
  readonly name: string;
  readonly read: () => Promise<string | undefined>;
}

export interface AuthDocument {
  /** Entries as they stand; only the one that is meant is read. */
  readonly auths: ReadonlyMap<string, unknown>;
  readonly credHelpers: ReadonlyMap<string, unknown>;
  readonly credsStore: unknown;
}

/** All places, the first that counts first. */
export function authPlaces({ env, home }: AuthEnvironment): readonly AuthPlace[] {
  const runtime = env.XDG_RUNTIME_DIR;
  const files = [
    dockerConfigFile({ env, home }),
    runtime ? join(runtime, 'containers', 'auth.json') : undefined,
    join(env.XDG_CONFIG_HOME || join(home, '.config'), 'containers', 'auth.json'),
  ];
  const places = [env.REGISTRY_AUTH_FILE || undefined, ...files].map((file) =>
    file === undefined ? undefined : filePlace(file),
  );
  const inline = env.DOCKER_AUTH_CONFIG;
  if (inline) places.splice(1, 0, { name: '$DOCKER_AUTH_CONFIG', read: () => Promise.resolve(inline) });
  return places.filter((place) => place !== undefined);
}

/** The file that a login goes to. */
export function loginFile({ env, home }: AuthEnvironment): string {
  return env.REGISTRY_AUTH_FILE || dockerConfigFile({ env, home });
}

function dockerConfigFile({ env, home }: AuthEnvironment): string {
  return join(env.DOCKER_CONFIG || join(home, '.docker'), 'config.json');
}

function filePlace(file: string): AuthPlace {
  return { name: file, read: () => readConfigFile(file) };
}

/**
 * Reads the text of a credential file.
 * @param name names it in errors
 * @throws OciError `CONFIG_INVALID`
 */
export function parseAuthDocument(text: string, name: string): AuthDocument {
  const json = text.trim() === '' ? {} : parseJson(text, name);
  if (!isObject(json)) throw invalid(name, 'it is not a JSON object');
  return {
    auths: mapOf(json.auths, 'auths', name),
    credHelpers: mapOf(json.credHelpers, 'credHelpers', name),
    credsStore: json.credsStore ?? undefined,
  };
}

/** The helper that keeps the credentials of a host, and by which rule. */
export interface ConfiguredHelper {
  readonly rule: 'credHelpers' | 'credsStore';
  /** The key in `credHelpers`. */
  readonly key?: string;
  readonly helper: string;
}

/**
 * The helper that a document names for a host; undefined when its own `auths` count. An empty name in `credHelpers` means
 * that, too, for one host.
 * @throws OciError `CONFIG_INVALID`
 */
export function configuredHelper(
  { credHelpers, credsStore }: AuthDocument,
  host: string,
  repository: string | undefined,
  name: string,
): ConfiguredHelper | undefined {
  const key = matchingKeys(credHelpers.keys(), host, repository)[0];
  const helper = key === undefined ? credsStore : credHelpers.get(key);
  if (helper === undefined || helper === null || helper === '') return undefined;
  const rule = key === undefined ? 'credsStore' : 'credHelpers';
  if (typeof helper !== 'string') throw invalid(name, `${rule} names a helper that is not a string`);
  return { rule, ...(key === undefined ? {} : { key }), helper };
}

/** The error for a credential file that makes no sense. */
export function invalid(name: string, problem: string): OciError {
  return new OciError('CONFIG_INVALID', `cannot read credentials from ${name}: ${problem}`, {
    hint: 'correct it, or log in again',
  });
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // the engine's own message repeats the text, and with it the secrets
    throw invalid(name, 'it is not JSON');
  }
}

function mapOf(value: unknown, field: string, name: string): ReadonlyMap<string, unknown> {
  if (value === undefined || value === null) return new Map();
  if (!isObject(value)) throw invalid(name, `${field} is not an object`);
  return new Map(Object.entries(value));
}

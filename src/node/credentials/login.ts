/**
 * Logging in and out: a credential is written where docker would write it, into the helper that is configured for the
 * host, else into the file. Whether the credential is any good is for the caller to find out first.
 */
import { OciError } from '../../errors.ts';
import type { Credential } from '../../http/types.ts';
import type { Call } from '../../model/call.ts';
import { isObject } from '../../model/descriptor.ts';
import { parseRegistryName } from '../../model/domain.ts';
import { entryOfCredential, SECRET_FIELDS } from './auth-entry.ts';
import {
  type AuthDocument,
  type AuthEnvironment,
  configuredHelper,
  loginFile,
  parseAuthDocument,
} from './auth-files.ts';
import { scopeOfKey, serverKey } from './auth-keys.ts';
import { editConfigFile, readConfigFile } from './config-file.ts';
import { eraseFromHelper, storeInHelper } from './credential-helper.ts';
import { environmentOf } from './docker-config.ts';
import { setMember } from './json-splice.ts';

export interface LoginOptions extends Call, Partial<AuthEnvironment> {
  /** How long a helper may take, in milliseconds; 30 s unless told. */
  readonly helperTimeoutMs?: number | undefined;
}

/** Where a credential is kept. */
export interface CredentialPlace {
  readonly file: string;
  /** Without a helper the file holds the secret itself, which is worth a warning. */
  readonly helper?: string;
}

/**
 * Keeps a credential for a registry.
 * @param host as people write it: `ghcr.io`, `https://index.docker.io/v1/`
 * @throws OciError `REFERENCE_INVALID`, `USAGE`, `CREDENTIALS`, `CONFIG_INVALID`, `CONFLICT`, `IO`, `DISK_FULL`, `UNSUPPORTED`
 */
export async function storeCredential(
  host: string,
  credential: Credential,
  options: LoginOptions = {},
): Promise<CredentialPlace> {
  const name = parseRegistryName(host);
  if ('username' in credential && credential.username?.includes(':')) {
    throw new OciError('USAGE', `the user name for ${name} holds a colon`, { hint: 'a colon ends the user name' });
  }
  const place = await placeOf(name, options);
  const { signal } = options;
  if (place.helper !== undefined)
    await storeInHelper(place.helper, serverKey(name), credential, helperOptions(options));
  const fields = place.helper === undefined ? entryOfCredential(credential) : {};
  await editConfigFile(place.file, (text) => withEntry(text, serverKey(name), fields, place.file), { signal });
  return place;
}

/**
 * Forgets the credential of a registry, whatever form its key has; those of parts of it stay.
 * @returns where it was kept; `erased` is false when the file had none
 * @throws OciError as {@link storeCredential}
 */
export async function eraseCredential(
  host: string,
  options: LoginOptions = {},
): Promise<CredentialPlace & { readonly erased: boolean }> {
  const name = parseRegistryName(host);
  const place = await placeOf(name, options);
  if (place.helper !== undefined) await eraseFromHelper(place.helper, serverKey(name), helperOptions(options));
  if ((await readConfigFile(place.file)) === undefined) return { ...place, erased: false };
  let erased = false;
  const edit = (text: string | undefined): string | undefined => {
    const keys = [...readDocument(text, place.file).auths.keys()].filter((key) => scopeOfKey(key) === scopeOfKey(name));
    erased = keys.length > 0;
    return keys.reduce((rest: string | undefined, key) => rest && setMember(rest, ['auths', key], undefined), text);
  };
  await editConfigFile(place.file, edit, { signal: options.signal });
  return { ...place, erased };
}

async function placeOf(host: string, options: LoginOptions): Promise<CredentialPlace> {
  const file = loginFile(environmentOf(options));
  const configured = configuredHelper(readDocument(await readConfigFile(file), file), host, undefined, file);
  return configured === undefined ? { file } : { file, helper: configured.helper };
}

/** Other fields of the entry stay; so do older keys for the same host, which count less. */
function withEntry(text: string | undefined, key: string, fields: object, file: string): string {
  const old = readDocument(text, file).auths.get(key);
  const kept = Object.entries(isObject(old) ? old : {}).filter(
    ([field]) => !SECRET_FIELDS.some((secret) => secret === field),
  );
  const whole = text === undefined || text.trim() === '' ? '{}' : text;
  return setMember(whole, ['auths', key], { ...Object.fromEntries(kept), ...fields });
}

function readDocument(text: string | undefined, file: string): AuthDocument {
  return parseAuthDocument(text ?? '', file);
}

function helperOptions(options: LoginOptions): Parameters<typeof storeInHelper>[3] {
  const { env } = environmentOf(options);
  return { env, timeoutMs: options.helperTimeoutMs, signal: options.signal };
}

/** One entry of a credential file's `auths`: what stands in it, and how it is written. */
import type { Credential } from '../../http/types.ts';
import { isObject } from '../../model/descriptor.ts';
import { quote } from '../../model/quote.ts';
import { invalid } from './auth-files.ts';

/** The fields that hold a credential; all others are left alone. */
export const SECRET_FIELDS = ['auth', 'username', 'password', 'identitytoken', 'registrytoken'] as const;

type Fields = Partial<Record<(typeof SECRET_FIELDS)[number], string>>;

/**
 * The credential in an entry; undefined when there is none, as docker writes for a host whose secret a helper keeps.
 * @param name names the file in errors
 * @throws OciError `CONFIG_INVALID`
 */
export function credentialOfEntry(entry: unknown, key: string, name: string): Credential | undefined {
  const where = `auths[${quote(key, 100)}]`;
  const fields = fieldsOf(entry, where, name);
  const basic = fields.auth ? decodeBasic(fields.auth, where, name) : basicOf(fields);
  if (fields.registrytoken) return { registryToken: fields.registrytoken };
  if (!fields.identitytoken) return basic;
  return { identityToken: fields.identitytoken, ...(basic?.username ? { username: basic.username } : {}) };
}

/** An entry's fields for a credential. */
export function entryOfCredential(credential: Credential): Fields {
  if ('registryToken' in credential) return { registrytoken: credential.registryToken };
  if ('password' in credential) return { auth: encodeBasic(credential.username, credential.password) };
  const { username, identityToken } = credential;
  return { ...(username ? { auth: encodeBasic(username, '') } : {}), identitytoken: identityToken };
}

function fieldsOf(entry: unknown, where: string, name: string): Fields {
  if (entry === null || entry === undefined) return {};
  if (!isObject(entry)) throw invalid(name, `${where} is not an object`);
  for (const field of SECRET_FIELDS) {
    const value = entry[field];
    if (value !== undefined && value !== null && typeof value !== 'string')
      throw invalid(name, `${where}.${field} is not a string`);
  }
  return entry;
}

function basicOf({ username, password }: Fields): { readonly username: string; readonly password: string } | undefined {
  return username && password ? { username, password } : undefined;
}

/** `user:password`; the password may hold colons, the user none. */
function decodeBasic(
  auth: string,
  where: string,
  name: string,
): { readonly username: string; readonly password: string } {
  const text = /^[A-Za-z0-9+/]+={0,2}$/.test(auth) ? Buffer.from(auth, 'base64').toString('utf8') : '';
  const colon = text.indexOf(':');
  if (colon < 0) throw invalid(name, `${where}.auth is not the base64 of user:password`);
  // docker pads what it encrypted on some systems
  return { username: text.slice(0, colon), password: withoutPadding(text.slice(colon + 1)) };
}

/** One pass: a pattern for the end of a text would begin anew at each NUL. */
function withoutPadding(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && text[start] === '\0') start++;
  while (end > start && text[end - 1] === '\0') end--;
  return text.slice(start, end);
}

function encodeBasic(username: string, password: string): string {
  return Buffer.from(`${username}:${password}`).toString('base64');
}

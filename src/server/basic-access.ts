/** Access by user name and password (RFC 7617). Keeping and comparing the passwords is the caller's. */
import { type Access, type AccessRoute, type Challenge, quoted } from './access.ts';

export interface BasicAccessOptions {
  /** Is this the password of this user? Compare in constant time, or a hash. */
  readonly check: (username: string, password: string) => boolean | Promise<boolean>;
  /**
   * May this user do this? `undefined` is somebody without credentials.
   * @default every user may do everything, nobody else anything
   */
  readonly allow?: (username: string | undefined, route: AccessRoute) => boolean | Promise<boolean>;
  /** What users are shown. @default 'registry' */
  readonly realm?: string;
}

/**
 * @example
 * const access = basicAccess({
 *   check: (username, password) => bcrypt.compare(password, hashes[username] ?? ''),
 *   allow: (username, { action }) => username !== undefined || action === 'pull',
 * });
 */
export function basicAccess(options: BasicAccessOptions): Access {
  const { check, allow = (username) => username !== undefined, realm = 'registry' } = options;
  const challenge: Challenge = {
    outcome: 'challenge',
    challenges: [`Basic realm=${quoted(realm)}, charset="UTF-8"`],
  };
  return async (request, route) => {
    const header = request.headers.get('authorization');
    if (header === null) return (await allow(undefined, route)) ? { outcome: 'allowed' } : challenge;
    const credential = parseBasic(header);
    // a wrong password is never taken for no password
    if (credential === undefined || !(await check(...credential))) return challenge;
    const [user] = credential;
    return (await allow(user, route)) ? { outcome: 'allowed', user } : { outcome: 'denied' };
  };
}

function parseBasic(header: string): readonly [username: string, password: string] | undefined {
  const [, encoded] = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(header) ?? [];
  if (encoded === undefined) return undefined;
  try {
    const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const colon = text.indexOf(':');
    return colon < 0 ? undefined : [text.slice(0, colon), text.slice(colon + 1)];
  } catch {
    return undefined;
  }
}

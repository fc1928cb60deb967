/** Passwords as `htpasswd -B` keeps them: a user and a bcrypt hash a line. */
import { compare } from 'bcryptjs';
import { OciError } from '../../errors.ts';
import { digestOf } from '../../bytes/hash.ts';

/** Compared with when there is no such user, so that the answer takes as long. */
const NOBODY = `$2b$10$${'.'.repeat(22)}${'a'.repeat(31)}`;
const MAX_REMEMBERED = 1000;

/**
 * @param text of the file
 * @param name of the file, for messages
 * @returns a check of a user's password; a right one is remembered, because bcrypt is slow and every request brings it
 * @throws OciError `CONFIG_INVALID`
 */
export function readHtpasswd(text: string, name: string): (user: string, password: string) => Promise<boolean> {
  const hashes = new Map<string, string>();
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [, user, hash] = /^([^:]+):(\$2[aby]\$\d\d\$[./A-Za-z0-9]{53})\s*$/.exec(line) ?? [];
    if (user === undefined || hash === undefined) {
      throw new OciError('CONFIG_INVALID', `${name} line ${at + 1} is not a user and a bcrypt hash`, {
        hint: 'make it with htpasswd -B',
      });
    }
    hashes.set(user, hash);
  }
  const right = new Set<string>();
  return async (user, password) => {
    const key = digestOf(new TextEncoder().encode(JSON.stringify([user, password])));
    if (right.has(key)) return true;
    const matches = await compare(password, hashes.get(user) ?? NOBODY);
    if (!matches || !hashes.has(user)) return false;
    if (right.size >= MAX_REMEMBERED) right.clear();
    right.add(key);
    return true;
  };
}

/** Which secrets a command has left on the disk, and where. One file may hold one kind: tokens that a user wanted to be kept. */
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { canary } from './planted-secrets.ts';

/** @returns lines such as `lading/tokens.json: issued`, in order */
export async function secretsBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries.filter((one) => one.isFile())) {
    const file = join(entry.parentPath, entry.name);
    const text = await readFile(file, 'utf8');
    for (const [name, secret] of Object.entries(canary)) {
      const forms = [secret, btoa(secret), btoa(`me:${secret}`)];
      if (forms.some((form) => text.includes(form))) found.push(`${relative(folder, file)}: ${name}`);
    }
  }
  return found.sort();
}

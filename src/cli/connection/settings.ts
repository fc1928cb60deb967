/**
 * The settings: those of the file `$XDG_CONFIG_HOME/lading/config.yaml`, or none. What stands in it is weaker than the environment
 * and the flags.
 */
import { homedir } from 'node:os';
import path from 'node:path';
import type { Context } from '../context.ts';
import type { Settings } from './settings-file.ts';

/** Where it stands. */
export function settingsFile({ env }: Context): string {
  const base = env.XDG_CONFIG_HOME ?? path.join(env.HOME ?? homedir(), '.config');
  return path.join(base, 'lading', 'config.yaml');
}

/** Reads the settings; without a file there are none. @throws OciError `CONFIG_INVALID`, `IO` */
export async function readSettings(context: Context): Promise<Settings> {
  const file = settingsFile(context);
  if (!isThere(file)) return { hosts: new Map() };
  const { readSettingsFile } = await import('./settings-file.ts');
  return (await readSettingsFile(file)) ?? { hosts: new Map() };
}

/** Whoever reads it tells why it cannot be looked at. */
function isThere(file: string): boolean {
  try {
    return process.getBuiltinModule('node:fs').statSync(file, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true;
  }
}

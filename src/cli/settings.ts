/**
 * The settings file, `$XDG_CONFIG_HOME/lading/config.yaml`. What stands in it is weaker than the environment and the flags.
 *
 *     hosts:
 *       ghcr.io: { mirrors: [mirror.example], headers: { X-Team: web } }
 *     concurrency: 8
 *     retry: 5
 *     timeout: 10m
 */
import { homedir } from 'node:os';
import path from 'node:path';
import { isOciError, OciError } from '../errors.ts';
import { isObject } from '../model/descriptor.ts';
import { readConfigFile } from '../node/config-file.ts';
import { parseDuration } from './bytes.ts';
import type { Context } from './context.ts';
import { type HostChoice, readHostChoice } from './host-settings.ts';

export interface Settings {
  readonly hosts: ReadonlyMap<string, HostChoice>;
  readonly concurrency?: number | undefined;
  readonly retry?: number | undefined;
  readonly timeout?: number | undefined;
}

/** Where it stands. */
export function settingsFile({ env }: Context): string {
  const base = env.XDG_CONFIG_HOME ?? path.join(env.HOME ?? homedir(), '.config');
  return path.join(base, 'lading', 'config.yaml');
}

/** Reads the settings; without a file there are none. @throws OciError `CONFIG_INVALID`, `IO` */
export async function readSettings(context: Context): Promise<Settings> {
  const file = settingsFile(context);
  const source = await readConfigFile(file);
  if (source === undefined) return { hosts: new Map() };
  const { parse } = await import('yaml');
  return settingsOf(
    attempt(() => parse(source, { maxAliasCount: 0 }) as unknown, file),
    file,
  );
}

function settingsOf(document: unknown, file: string): Settings {
  if (document === null || document === undefined) return { hosts: new Map() };
  if (!isObject(document)) throw invalid(file, 'is not a map');
  const { hosts = {}, concurrency, retry, timeout, ...others } = document;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw invalid(file, `has no setting ${JSON.stringify(unknown.slice(0, 40))}`);
  if (!isObject(hosts)) throw invalid(`${file}: hosts`, 'is not a map');
  return {
    hosts: new Map(
      Object.entries(hosts).map(([name, value]) => [name, readHostChoice(value, `${file}: hosts.${name}`)]),
    ),
    concurrency: count(concurrency, `${file}: concurrency`),
    retry: retry === 0 ? 0 : count(retry, `${file}: retry`),
    timeout: timeout === undefined ? undefined : attempt(() => parseDuration(String(timeout)), `${file}: timeout`),
  };
}

function count(value: unknown, name: string): number | undefined {
  if (value === undefined || (Number.isSafeInteger(value) && Number(value) > 0)) return value as number | undefined;
  throw invalid(name, 'is not a number from 1 up');
}

function attempt<T>(read: () => T, name: string): T {
  try {
    return read();
  } catch (error) {
    const problem =
      isOciError(error) || error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : 'cannot be read';
    throw new OciError('CONFIG_INVALID', `${name}: ${problem}`, { cause: error });
  }
}

function invalid(name: string, problem: string): OciError {
  return new OciError('CONFIG_INVALID', `${name} ${problem}`);
}

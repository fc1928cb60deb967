/**
 * What stands in the settings file. Loaded only where there is one: YAML takes longer to load than a short command to run.
 *
 *     hosts:
 *       ghcr.io: { mirrors: [mirror.example], headers: { X-Team: web } }
 *     concurrency: 8
 *     retry: 5
 *     timeout: 10m
 *     timeouts: { idle: 1m }
 *     keepTokens: true
 */
import path from 'node:path';
import { parse } from 'yaml';
import { isOciError, OciError } from '../../errors.ts';
import { isObject } from '../../model/descriptor.ts';
import { quote } from '../../model/quote.ts';
import { readConfigFile } from '../../node/credentials/config-file.ts';
import type { Timeouts } from '../../node/http/timeouts.ts';
import { parseDuration } from '../terminal/bytes.ts';
import { type HostChoice, readHostChoice } from './host-settings.ts';

export interface Settings {
  readonly hosts: ReadonlyMap<string, HostChoice>;
  readonly concurrency?: number | undefined;
  readonly retry?: number | undefined;
  /** Milliseconds, for a whole command. */
  readonly timeout?: number | undefined;
  /** For the steps of a request. */
  readonly timeouts?: Partial<Timeouts> | undefined;
  /** Tokens of registries outlive the command. */
  readonly keepTokens?: boolean | undefined;
}

const timeoutKeys = {
  connect: 'connectMs',
  resolve: 'resolveMs',
  head: 'headMs',
  written: 'writtenMs',
  idle: 'idleMs',
  slow: 'slowMs',
} as const satisfies Record<string, keyof Timeouts>;

/** Reads the settings; undefined: there are none. @throws OciError `CONFIG_INVALID`, `IO` */
export async function readSettingsFile(file: string): Promise<Settings | undefined> {
  const source = await readConfigFile(file);
  if (source === undefined) return undefined;
  return settingsOf(
    attempt(() => parse(source, { maxAliasCount: 0 }) as unknown, file),
    file,
  );
}

function settingsOf(document: unknown, file: string): Settings | undefined {
  if (document === null || document === undefined) return undefined;
  if (!isObject(document)) throw invalid(file, 'is not a map');
  const { hosts = {}, concurrency, retry, timeout, timeouts = {}, keepTokens = false, ...others } = document;
  refuseOthers(others, file);
  if (!isObject(hosts)) throw invalid(`${file}: hosts`, 'is not a map');
  if (typeof keepTokens !== 'boolean') throw invalid(`${file}: keepTokens`, 'is not true or false');
  return {
    hosts: new Map(
      Object.entries(hosts).map(([name, value]) => [
        name,
        inFolder(readHostChoice(value, `${file}: hosts.${name}`), path.dirname(file)),
      ]),
    ),
    concurrency: count(concurrency, `${file}: concurrency`),
    retry: retry === 0 ? 0 : count(retry, `${file}: retry`),
    timeout: duration(timeout, `${file}: timeout`),
    timeouts: timeoutsOf(timeouts, `${file}: timeouts`),
    keepTokens,
  };
}

function timeoutsOf(value: unknown, name: string): Partial<Timeouts> {
  if (!isObject(value)) throw invalid(name, 'is not a map');
  const known = Object.entries(timeoutKeys);
  refuseOthers(Object.fromEntries(Object.entries(value).filter(([key]) => !Object.hasOwn(timeoutKeys, key))), name);
  return Object.fromEntries(
    known.flatMap(([key, field]) =>
      value[key] === undefined ? [] : [[field, duration(value[key], `${name}.${key}`)]],
    ),
  );
}

function duration(value: unknown, name: string): number | undefined {
  return value === undefined
    ? undefined
    : attempt(() => parseDuration(typeof value === 'number' ? String(value) : text(value)), name);
}

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new OciError('CONFIG_INVALID', 'is not a time');
}

function refuseOthers(others: object, name: string): void {
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw invalid(name, `has no setting ${quote(unknown, 40)}`);
}

/** Files that the settings name stand beside the settings. */
function inFolder({ host, tls }: HostChoice, folder: string): HostChoice {
  const place = (file: string | undefined): string | undefined => file && path.resolve(folder, file);
  const { caFile, certFile, keyFile, ...rest } = tls;
  return { host, tls: { ...rest, caFile: place(caFile), certFile: place(certFile), keyFile: place(keyFile) } };
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

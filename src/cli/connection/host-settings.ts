/**
 * Settings of a host, as the user writes them in `--host NAME,key=value,…` and in the settings file: the same keys in both.
 * It reads and checks; what the settings do is decided by those who get them.
 */
import { OciError } from '../../errors.ts';
import type { HostSettings } from '../../http/hosts.ts';
import { isObject } from '../../model/descriptor.ts';
import { quote } from '../../model/quote.ts';

/** How TLS is done with a host. Files are relative to the working directory. */
export interface TlsChoice {
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly unverified?: boolean | undefined;
}

export interface HostChoice {
  readonly host: HostSettings;
  readonly tls: TlsChoice;
}

type Reader = (value: unknown, name: string) => HostChoice;

const readers: Readonly<Record<string, Reader>> = {
  origin: (value, name) => host({ origin: text(value, name) }),
  prefix: (value, name) => host({ pathPrefix: text(value, name) }),
  tls: (value, name) => tlsMode(value, name),
  ca: (value, name) => tls({ caFile: text(value, name) }),
  cert: (value, name) => tls({ certFile: text(value, name) }),
  key: (value, name) => tls({ keyFile: text(value, name) }),
  mirrors: (value, name) => host({ mirrors: texts(value, name) }),
  'mirror-tags': (value, name) => host({ mirrorTags: flag(value, name) }),
  headers: (value, name) => host({ headers: headers(value, name) }),
  realms: (value, name) => host({ realms: texts(value, name) }),
  'repository-tokens': (value, name) => host({ repositoryTokens: flag(value, name) }),
  'chunk-size': (value, name) => host({ chunkSize: size(value, name) }),
  referrers: (value, name) => host({ referrers: oneOf(['api', 'tag'] as const, value, name) }),
};

/** Keys that stand for one of several values, in a flag. */
const singular: ReadonlyMap<string, string> = new Map([
  ['mirror', 'mirrors'],
  ['header', 'headers'],
  ['realm', 'realms'],
]);

/** The keys that there are. */
export const HOST_KEYS: readonly string[] = Object.keys(readers);

/**
 * Reads one host's settings from the settings file.
 * @throws OciError `CONFIG_INVALID`
 */
export function readHostChoice(value: unknown, where: string): HostChoice {
  if (!isObject(value)) throw invalid(where, 'is not a map of settings');
  return mergeChoices(Object.entries(value).map(([key, setting]) => readerOf(key, where)(setting, `${where}.${key}`)));
}

/**
 * Reads the value of `--host`: `NAME,key=value,…`, a key of several values repeated.
 * @throws OciError `CONFIG_INVALID`
 */
export function parseHostFlag(flag: string): { readonly name: string; readonly choice: HostChoice } {
  const [name = '', ...settings] = flag.split(',');
  const choices = settings.map((setting) => {
    const [, key = '', value = ''] = /^([^=]*)=?(.*)$/s.exec(setting) ?? [];
    return readerOf(singular.get(key) ?? key, `--host ${name}`)(value, key);
  });
  return { name, choice: mergeChoices(choices) };
}

/** The later wins; lists and headers add up. */
export function mergeChoices(choices: readonly HostChoice[]): HostChoice {
  return choices.reduce((all, next) => ({ host: mergeHosts(all.host, next.host), tls: { ...all.tls, ...next.tls } }), {
    host: {},
    tls: {},
  });
}

function mergeHosts(before: HostSettings, next: HostSettings): HostSettings {
  const both = <T>(a: readonly T[] | undefined, b: readonly T[] | undefined): readonly T[] | undefined =>
    a && b ? [...a, ...b] : (b ?? a);
  const headers =
    before.headers && next.headers ? { ...before.headers, ...next.headers } : (next.headers ?? before.headers);
  const lists = { mirrors: both(before.mirrors, next.mirrors), realms: both(before.realms, next.realms), headers };
  return {
    ...before,
    ...next,
    ...Object.fromEntries(Object.entries(lists).filter(([, value]) => value !== undefined)),
  };
}

function readerOf(key: string, where: string): Reader {
  const reader = Object.hasOwn(readers, key) ? readers[key] : undefined;
  if (reader === undefined)
    throw invalid(where, `has no setting ${quote(key, 40)}`, `there are ${HOST_KEYS.join(', ')}`);
  return reader;
}

function host(settings: HostSettings): HostChoice {
  return { host: settings, tls: {} };
}

function tls(choice: TlsChoice): HostChoice {
  return { host: {}, tls: choice };
}

/** `off` is plain http; `insecure` is https with any certificate. */
function tlsMode(value: unknown, name: string): HostChoice {
  if (value === 'on' || value === true) return { host: { plainHttp: false }, tls: { unverified: false } };
  if (value === 'off' || value === false) return host({ plainHttp: true });
  if (value === 'insecure') return tls({ unverified: true });
  throw invalid(name, 'is not one of on, off, insecure');
}

function text(value: unknown, name: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw invalid(name, 'is not a string');
}

function texts(value: unknown, name: string): readonly string[] {
  const list = Array.isArray(value) ? value : [value];
  return list.map((one) => text(one, name));
}

function flag(value: unknown, name: string): boolean {
  if (value === true || value === 'true' || value === '') return true;
  if (value === false || value === 'false') return false;
  throw invalid(name, 'is not true or false');
}

function oneOf<T extends string>(choices: readonly T[], value: unknown, name: string): T {
  const choice = choices.find((one) => one === value);
  if (choice !== undefined) return choice;
  throw invalid(name, `is not one of ${choices.join(', ')}`);
}

/** A map in the file, `Name:value` in a flag. */
function headers(value: unknown, name: string): Readonly<Record<string, string>> {
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, text(one, `${name}.${key}`)]));
  return parseHeader(text(value, name), name);
}

/** `Name: value` @throws OciError `CONFIG_INVALID` */
export function parseHeader(line: string, name: string): Readonly<Record<string, string>> {
  const [, key, value] = /^([\w!#$%&'*+.^`|~-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/.exec(line) ?? [];
  if (key === undefined || value === undefined) throw invalid(name, 'is not a header: write Name:value');
  return { [key]: value };
}

const sizeUnits: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  ki: 1024,
  mi: 1024 ** 2,
  gi: 1024 ** 3,
};

function size(value: unknown, name: string): number {
  const [, count, unit = ''] = /^(\d+)\s*([kmg]i?)?b?$/i.exec(String(value)) ?? [];
  const bytes = Number(count) * (sizeUnits[unit.toLowerCase()] ?? Number.NaN);
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw invalid(name, 'is not a size: write 5MiB, 10MB or a number of bytes');
}

function invalid(name: string, problem: string, hint?: string): OciError {
  return new OciError('CONFIG_INVALID', `${name} ${problem}`, { hint });
}

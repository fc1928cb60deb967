/**
 * Tokens kept between runs, in a file that is its owner's alone. It is no place for a user's own secrets: only what a token server gave,
 * which ends by itself. A file that others could have read or written is not believed, a damaged one holds nothing, and what fails here
 * is told once and is in nobody's way: then tokens are asked for anew.
 */
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isOciError, OciError } from '../../errors.ts';
import type { KeptToken, TokenStore } from '../../http/token-store.ts';
import { isObject } from '../../model/descriptor.ts';
import { fsError, unless } from '../files/fs-errors.ts';
import { editConfigFile, readConfigFile } from './config-file.ts';

export interface FileTokenStoreOptions {
  /** Told why tokens are not kept, once. */
  readonly onProblem?: ((problem: OciError) => void) | undefined;
  /** Milliseconds since 1970. */
  readonly now?: (() => number) | undefined;
}

/** A token in the file: when it ends stands there in the time of the world. */
type Entry = Omit<KeptToken, 'lifetimeMs'> & { readonly until: number };

/** The newest are kept. */
const MAX_TOKENS = 200;
/** Some grow with the groups of their user. */
const MAX_TOKEN_LENGTH = 16 * 1024;
/** No token is taken for good any longer: a clock may have been wrong. */
const MAX_LIFETIME_MS = 24 * 60 * 60 * 1000;

/**
 * A store of tokens in a file, which is made with the first of them, for its owner alone (0600, in a directory of 0700).
 * @example
 * const client = createClient({ tokens: fileTokenStore('/home/me/.cache/lading/tokens.json') });
 */
export function fileTokenStore(file: string, options: FileTokenStoreOptions = {}): TokenStore {
  const { onProblem, now = Date.now } = options;
  let isTold = false;
  const orNothing = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      const problem = fsError(error, `keep tokens in ${file}`);
      if (!isOciError(problem)) throw error;
      if (!isTold) onProblem?.(problem);
      isTold = true;
      return undefined;
    }
  };
  const edit = (change: (tokens: readonly Entry[]) => readonly Entry[]): Promise<void> =>
    editConfigFile(file, (text) => {
      const after = change(entriesIn(text, now()));
      return after.length === 0 && text === undefined ? undefined : formatted(after);
    });
  return {
    read: async (registry) => {
      const text = await orNothing(async () => ((await isSafe(file)) ? readConfigFile(file) : undefined));
      const time = now();
      const own = entriesIn(text, time).filter((entry) => entry.registry === registry);
      return own.map(({ until, ...entry }) => ({ ...entry, lifetimeMs: until - time }));
    },
    keep: async ({ lifetimeMs, ...token }) => {
      if (token.value.length > MAX_TOKEN_LENGTH) return;
      const entry: Entry = { ...token, until: now() + Math.min(lifetimeMs, MAX_LIFETIME_MS) };
      await orNothing(async () => {
        await isSafe(file);
        await edit((tokens) => [entry, ...tokens.filter((one) => !isSameIssue(one, entry))].slice(0, MAX_TOKENS));
      });
    },
    drop: async (isDropped) => {
      await orNothing(async () => {
        if (!(await isSafe(file))) return;
        await edit((tokens) => tokens.filter((one) => !isDropped({ ...one, lifetimeMs: one.until - now() })));
      });
    },
  };
}

/** @returns false when it is not there. @throws OciError `CONFIG_INVALID` when somebody else could have read or written it */
async function isSafe(file: string): Promise<boolean> {
  const stats = await unless(['ENOENT', 'ENOTDIR'], stat(file));
  const folder = await unless(['ENOENT', 'ENOTDIR'], stat(dirname(file)));
  // Windows knows neither.
  const own = process.getuid?.();
  const isPlain = stats?.isFile() ?? true;
  const isOwn = stats === undefined || own === undefined || (stats.uid === own && (stats.mode & 0o077) === 0);
  const isInOwn = folder === undefined || own === undefined || (folder.mode & 0o022) === 0;
  if (isPlain && isOwn && isInOwn) return stats !== undefined;
  throw new OciError('CONFIG_INVALID', `the tokens in ${file} are not used: others could have read or changed them`, {
    hint: 'remove the file, or name one in a directory of your own',
  });
}

/** Those that are still good, the newest first. */
function entriesIn(text: string | undefined, now: number): readonly Entry[] {
  const document = parsed(text);
  const tokens = isObject(document) && Array.isArray(document.tokens) ? (document.tokens as unknown[]) : [];
  return tokens.filter(isEntry).filter(({ until }) => until > now && until <= now + MAX_LIFETIME_MS);
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '') as unknown;
  } catch {
    return undefined;
  }
}

function isEntry(value: unknown): value is Entry {
  if (!isObject(value)) return false;
  const { service, scopes, value: token, until } = value;
  const texts = ['host', 'registry', 'realm', 'from', 'account'].map((key) => value[key]);
  return (
    texts.every((text) => typeof text === 'string') &&
    (service === undefined || typeof service === 'string') &&
    Array.isArray(scopes) &&
    scopes.every((scope) => typeof scope === 'string') &&
    typeof token === 'string' &&
    /^[\x21-\x7e]+$/.test(token) &&
    typeof until === 'number'
  );
}

function isSameIssue(one: Entry, other: Entry): boolean {
  const keys = ['registry', 'realm', 'service', 'account'] as const;
  return keys.every((key) => one[key] === other[key]) && one.scopes.join(' ') === other.scopes.join(' ');
}

function formatted(tokens: readonly Entry[]): string {
  const about =
    'Tokens that registries gave for a short time, kept between runs of lading. They are secrets; the file may be removed.';
  return `${JSON.stringify({ about, tokens }, undefined, 1)}\n`;
}

/**
 * Completions that a registry or a layout tells: repositories behind a host, tags behind a name. Whoever waits for them sits at a
 * prompt, so what fails or takes long completes nothing, without a word.
 */
import { isOciError } from '../errors.ts';
import type { Call } from '../model/call.ts';
import { parseRegistryName } from '../model/domain.ts';
import { parseLocator } from '../node/locator.ts';
import { openImages } from './places/locators.ts';
import type { Session } from './session.ts';

export interface CompletedNames {
  readonly words: readonly string[];
  /** More may follow a word: a tag that of a repository. */
  readonly isOpen: boolean;
}

/** More than these nobody reads. */
const MOST = 1000;

/** What the word may go on to; none where it is no name that tells its place. */
export async function completeName(session: Session, word: string): Promise<CompletedNames | undefined> {
  try {
    const words = await namesFor(session, word);
    return words.length === 0 ? undefined : { words, isOpen: !word.startsWith('oci:') && !hasTag(word) };
  } catch (error) {
    if (isOciError(error)) return undefined;
    throw error;
  }
}

function namesFor(session: Session, word: string): Promise<string[]> {
  const [, name = '', tag = ''] = tagged.exec(word) ?? [];
  if (hasTag(word)) return tagsOf(session, name, tag);
  const [, host = '', path = ''] = hosted.exec(word) ?? [];
  return host === '' ? Promise.resolve([]) : repositoriesOf(session, host, path);
}

/** `app:1`, `localhost:5000/app:`, `oci:./images:1`; not `localhost:5000`. */
const tagged = /^(.*[^:/@]):([\w.-]*)$/;
/** A host is what docker takes for one: Hub, which needs none, lists no repositories. */
const hosted = /^([a-z0-9][a-z0-9.-]*(?:\.[a-z0-9-]+|:\d+)(?::\d+)?|localhost|\[[0-9a-f:]+\](?::\d+)?)\/(.*)$/i;

function hasTag(word: string): boolean {
  const [, name = ''] = tagged.exec(word) ?? [];
  if (name === '' || name === 'oci' || name.endsWith('-archive')) return false;
  return name.includes('/') || !/\.|^localhost$/.test(name);
}

async function tagsOf(session: Session, name: string, start: string): Promise<string[]> {
  const { kind } = parseLocator(name);
  // An archive would have to be read whole.
  if (kind !== 'registry' && kind !== 'oci') return [];
  const { source } = await openImages(session, name);
  return beginning(source.tags(callOf(session)), start, (tag) => `${name}:${tag}`);
}

async function repositoriesOf(session: Session, host: string, start: string): Promise<string[]> {
  const registry = parseRegistryName(host);
  const client = await session.client(registry);
  return beginning(client.registry(registry).repositories(callOf(session)), start, (path) => `${host}/${path}`);
}

async function beginning(
  names: AsyncIterable<string>,
  start: string,
  whole: (name: string) => string,
): Promise<string[]> {
  const found: string[] = [];
  for await (const name of names) {
    if (name.startsWith(start)) found.push(whole(name));
    if (found.length === MOST) break;
  }
  return found;
}

function callOf({ call: { signal } }: Session): Call {
  return { signal };
}

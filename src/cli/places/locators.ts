/** From what the user wrote to an open place: a repository, a layout, an archive. What is opened closes with the session. */
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Writable } from 'node:stream';
import { OciError } from '../../errors.ts';
import type { Digest } from '../../model/digest.ts';
import { formatReference } from '../../model/reference.ts';
import type { EngineOptions } from '../../node/docker/docker-daemon-host.ts';
import {
  namesOf,
  openPlace,
  type OpenPlace,
  openSource,
  type OpenSource,
  openTarget,
  type OpenTarget,
} from '../../node/locator-open.ts';
import {
  formatLocator,
  isPath,
  isSaved,
  type Locator,
  nameIn,
  parseLocator,
  parseTargetLocator,
  withDefaultName,
  withName,
} from '../../node/locator.ts';
import type { Client } from '../../registry/client.ts';
import type { End } from '../options/shared.ts';
import type { Session } from '../session.ts';
import { streamOf } from '../standard-output.ts';

/** An image to be read. @throws OciError `REFERENCE_INVALID`, `NOT_FOUND`, `LAYOUT_INVALID` */
export async function openImage(session: Session, text: string): Promise<OpenSource> {
  const locator = parseLocator(text);
  const opened = await openSource(inCwd(session, locator), await openOptions(session, locator, 'from'));
  return closing(session, withDefaultName(locator), opened);
}

/** A place with many images. */
export interface ManyImages extends OpenPlace {
  readonly locator: Locator;
  /** How one of them is told of, by its tag or name there. */
  readonly named: (name: string) => Pick<OpenPlace, 'describe' | 'at'>;
}

/** The place of an image, whichever of its images is meant. */
export async function openImages(session: Session, text: string): Promise<ManyImages> {
  const locator = parseLocator(text);
  const opened = await openPlace(inCwd(session, locator), await openOptions(session, locator, 'from'));
  return { ...closing(session, locator, opened), locator, named: (name) => namesOf(withName(locator, name)) };
}

/** Does a name mean what stands on stdin? */
export function readsStdin(text: string): boolean {
  return isStandard(parseLocator(text));
}

/** A place that is written, and the names of what is put there. */
export interface Destination extends OpenTarget {
  readonly locator: Locator;
  /** The image itself goes to stdout: no result can. */
  readonly isStdout: boolean;
  /** The directory whose disk it takes room on; undefined: none of this machine's. */
  readonly spaceIn: string | undefined;
  /** Whole names of what was put, one a tag. */
  readonly named: (digest: Digest, tags: readonly string[]) => readonly string[];
}

/** A place to be written, by its locator or its string, which may list tags. Whoever writes to it commits or aborts it. */
export async function openDestination(session: Session, destination: string | Locator): Promise<Destination> {
  const { locator, moreTags } =
    typeof destination === 'string' ? parseTargetLocator(destination) : { locator: destination, moreTags: [] };
  const opened = await openTarget(inCwd(session, locator), await openOptions(session, locator, 'to'));
  const more = moreTags.flatMap((tag) => nameIn(withName(locator, tag)) ?? []);
  return {
    ...opened,
    locator,
    tags: [...opened.tags, ...more],
    isStdout: isStandard(locator),
    spaceIn: folderOf(session, locator),
    named: (digest, names) =>
      names.length === 0 ? [opened.at(digest)] : names.map((tag) => nameOf(locator, tag, digest)),
  };
}

function folderOf({ context }: Session, locator: Locator): string | undefined {
  // An engine gets what was put into a temporary file before.
  if (locator.kind === 'docker-daemon') return tmpdir();
  if (locator.kind === 'registry' || locator.path === '-') return undefined;
  const place = path.resolve(context.cwd, locator.path);
  return locator.kind === 'oci' ? place : path.dirname(place);
}

/** Docker archives and engines keep no digest that a manifest could be found by. */
function nameOf(locator: Locator, name: string, digest: Digest): string {
  const image = withName(locator, name);
  if (image.kind === 'registry') return formatReference({ ...image.reference, digest });
  return formatLocator(isSaved(image) ? image : { ...image, digest });
}

function closing<T extends OpenPlace>(session: Session, locator: Locator, opened: T): T {
  session.defer(opened.close);
  if (locator.kind === 'registry') session.lookedFor(locator.reference, opened.source);
  return opened;
}

interface OpenOptions {
  readonly client: Client;
  readonly input?: Session['context']['stdin'];
  readonly output?: Writable;
  readonly engine: EngineOptions;
  readonly signal: AbortSignal;
  readonly on: Session['call']['on'];
}

async function openOptions(
  { context, call, client, flags }: Session,
  locator: Locator,
  end: End,
): Promise<OpenOptions> {
  const own = locator.kind === 'registry' ? await client(locator.reference.domain, end) : offline;
  const engine = { host: flags.dockerHost, env: context.env };
  // Who looks at a stream of the process opens it.
  const standard = isStandard(locator) ? { input: context.stdin, output: streamOf(context.stdout) } : {};
  return { client: own, ...standard, engine, signal: call.signal, on: call.on };
}

/** Paths are relative to the context, which in a test is not the process. */
function inCwd({ context }: Session, locator: Locator): Locator {
  if (!isPath(locator) || locator.path === '-' || context.cwd === process.cwd()) return locator;
  return { ...locator, path: path.resolve(context.cwd, locator.path) };
}

/** Does it mean standard input or output? */
function isStandard(locator: Locator): boolean {
  return isPath(locator) && locator.path === '-';
}

/** What is local needs no client, and the client's modules are not loaded for it. */
const offline: Client = {
  registry: refuse,
  repository: refuse,
  ping: refuse,
  close: async () => {},
};

function refuse(): never {
  throw new OciError('USAGE', 'a local image is in no registry');
}

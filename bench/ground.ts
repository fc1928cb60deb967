/** Where the works happen: the corpus, two real registries, one of long lists, and long lines to them. Each is opened when it is needed. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { copy } from '../src/graph/copy.ts';
import { directoryStore } from '../src/node/directory/directory.ts';
import { createClient } from '../src/node/index.ts';
import { type AccessEntry, parseAccessLog } from '../test/support/real/access-log.ts';
import { opening, type Running } from '../test/support/real/cleanup.ts';
import { type Daemon, startDaemon } from '../test/support/real/daemon.ts';
import { startDockerRegistry } from '../test/support/real/docker-registry.ts';
import { rawRequest } from '../test/support/real/raw-request.ts';
import { temporaryDirectory } from '../test/support/real/temporary.ts';
import { buildCorpus } from './corpus.ts';
import { type Image, ROUND_TRIP_MS } from './works.ts';

/** A registry that tells what it was asked. */
export interface Watched {
  readonly host: string;
  /** All that it has answered by now. */
  readonly requests: () => Promise<readonly AccessEntry[]>;
}

export interface Ground extends Running {
  readonly scratch: string;
  /** Of the large image. */
  readonly largeBytes: number;
  readonly layout: (image: Image) => Promise<string>;
  /** Images are read from the one, and written to the other. */
  readonly from: () => Promise<Watched>;
  readonly to: () => Promise<Watched>;
  readonly lists: () => Promise<Watched>;
  /** `bench/image:<image>` is in `from`. */
  readonly putImage: (image: Image) => Promise<void>;
  /** `bench/many` in `from` has tags t1, t2 and so on. */
  readonly putMany: (count: number) => Promise<void>;
  /** The same registry over a long line: another `host:port`. */
  readonly far: (host: string) => Promise<string>;
}

export function openGround(cache: string, largeMib: number): Promise<Ground> {
  return opening(async (closeLater) => {
    const { path: scratch, remove } = await temporaryDirectory('bench');
    closeLater(remove);
    const kept = async <T extends Running>(started: Promise<T>): Promise<T> => {
      const running = await started;
      closeLater(running.stop);
      return running;
    };
    const corpus = once(() => buildCorpus(cache, largeMib));
    const layout = async (image: Image): Promise<string> => join(await corpus(), image);
    const from = once(() => kept(startDockerRegistry()));
    const put = async (image: Image, name: string, tags: readonly string[]): Promise<void> =>
      putTo((await from()).host, await layout(image), image, name, tags);
    return {
      scratch,
      largeBytes: largeMib * 1024 * 1024,
      layout,
      from,
      to: once(() => kept(startDockerRegistry())),
      lists: once(async () => watched(await kept(startOwn('lists-server.ts')))),
      putImage: once((image: Image) => put(image, 'bench/image', [image])),
      putMany: once((count: number) => put('small', 'bench/many', numbered(count))),
      far: once(async (host: string) => hostOf(await kept(startOwn('line/main.ts', host, String(ROUND_TRIP_MS))))),
    };
  });
}

const numbered = (count: number): string[] => Array.from({ length: count }, (_, at) => `t${at + 1}`);

/** What was opened for the same words is opened once. */
function once<Words extends readonly (string | number)[], T>(
  open: (...words: Words) => Promise<T>,
): (...words: Words) => Promise<T> {
  const opened = new Map<string, Promise<T>>();
  return (...words) => {
    const key = words.join(' ');
    const there = opened.get(key) ?? open(...words);
    opened.set(key, there);
    return there;
  };
}

async function putTo(
  host: string,
  layout: string,
  image: string,
  name: string,
  tags: readonly string[],
): Promise<void> {
  const client = createClient({ credentials: async () => undefined });
  try {
    await copy(directoryStore(layout), image, client.repository(`${host}/${name}`), { tags });
  } finally {
    await client.close();
  }
}

/** A program of the bench as a process of its own. */
function startOwn(file: string, ...args: readonly string[]): Promise<Daemon> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  return startDaemon(process.execPath, ['--import', 'tsx', '-C', 'source', path, ...args]);
}

async function hostOf(daemon: Daemon): Promise<string> {
  const [, host = ''] = await daemon.printed(/listening on (127\.0\.0\.1:\d+)/);
  return host;
}

/** An entry is written after the answer: a last request of our own tells that those before it are in. */
async function watched(daemon: Daemon): Promise<Watched> {
  const host = await hostOf(daemon);
  const requests = async (): Promise<readonly AccessEntry[]> => {
    const marker = `/v2/?marker=${crypto.randomUUID()}`;
    await rawRequest({ url: `http://${host}${marker}` });
    await daemon.printed(new RegExp(marker.replace('?', '\\?')));
    return parseAccessLog(daemon.lines).filter(({ path }) => !path.startsWith('/v2/?marker='));
  };
  return { host, requests };
}

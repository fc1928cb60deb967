/**
 * Registries that are far away, without a clock: a round trip passes for all that wait when nothing else happens any more. So what
 * follows one another is told from what happens at once. A body is sent before the round trip of its request begins.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fromArray, readAll } from '../../src/bytes/read.ts';
import type { HttpRequest, Send } from '../../src/http/types.ts';
import { createServer } from '../../src/server/app.ts';
import { createMemoryRegistry } from '../../src/store/memory.ts';
import type { IngestRegistry } from '../../src/store/types.ts';
import { type Client, createClient } from '../../src/registry/client.ts';
import { wireTo } from './handler-wire.ts';

export interface FarRegistries {
  readonly client: Client;
  /** Those behind `from.test` and `to.test`. */
  readonly from: IngestRegistry;
  readonly to: IngestRegistry;
  /** Each round trip until now, with what was answered in it, as `from GET manifests/1`; then they are forgotten. */
  readonly rounds: () => readonly (readonly string[])[];
  /** The most requests that waited at once. */
  readonly most: () => number;
}

/** Turns of the event loop in which nobody asks anything, before all are taken to wait. */
const QUIET = 20;

/** @param newConnections a connection takes a round trip, and is kept */
export function farRegistries({ newConnections = false }: { readonly newConnections?: boolean } = {}): FarRegistries {
  const [from, to] = [createMemoryRegistry(), createMemoryRegistry()];
  const sends = new Map([
    ['from.test', wireTo(createServer({ registry: from })).transport],
    ['to.test', wireTo(createServer({ registry: to })).transport],
  ]);
  const idle = new Map<string, number>();
  const rounds: string[][] = [];
  const waiting = new Map<() => void, string>();
  let asked = 0;
  let most = 0;
  let turning = false;
  const turn = async (): Promise<void> => {
    if (turning) return;
    turning = true;
    while (waiting.size > 0) {
      for (let quiet = 0, seen = asked; quiet < QUIET; quiet++, await nextTurn()) {
        if (seen !== asked) [quiet, seen] = [0, asked];
      }
      most = Math.max(most, waiting.size);
      rounds.push([...waiting.values()].sort());
      const all = [...waiting.keys()];
      waiting.clear();
      for (const answer of all) answer();
      await nextTurn();
    }
    turning = false;
  };
  const roundTrip = (name: string): Promise<void> =>
    new Promise((resolve) => {
      asked++;
      waiting.set(resolve, name);
      void turn();
    });
  const transport: Send = async (request) => {
    const { host } = new URL(request.url);
    const sent = await withBytes(request);
    const free = idle.get(host) ?? 0;
    if (newConnections && free === 0) await roundTrip(`${host.replace('.test', '')} connection`);
    else idle.set(host, free - 1);
    await roundTrip(nameOf(request));
    const answer = await (sends.get(host) as Send)(sent);
    idle.set(host, (idle.get(host) ?? 0) + 1);
    return answer;
  };
  const hosts = { 'from.test': { plainHttp: true }, 'to.test': { plainHttp: true } };
  return { client: createClient({ transport, hosts }), from, to, rounds: () => rounds.splice(0), most: () => most };
}

async function withBytes(request: HttpRequest): Promise<HttpRequest> {
  if (request.body === undefined) return request;
  const bytes = await readAll(request.body.open(), Infinity, 'a body');
  return { ...request, body: { size: request.body.size, open: () => fromArray(bytes) } };
}

function nameOf({ method, url }: HttpRequest): string {
  const { host, pathname } = new URL(url);
  const [, kind = '', what = ''] = /\/(manifests|blobs|tags|referrers)\/(.*)$/.exec(pathname) ?? [];
  const short = what.startsWith('uploads/') ? 'uploads' : what.replace(/^(sha256:.{6}).*/, '$1');
  return `${host.replace('.test', '')} ${method} ${kind}/${short}`;
}

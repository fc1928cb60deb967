/** The pieces of work whose memory is looked at: run by `grown-by`, in a process of its own. It prints what came of one, as JSON. */
import { isOciError } from '../../src/errors.ts';
import { nodeTransport } from '../../src/node/http/transport.ts';
import { createClient } from '../../src/registry/client.ts';
import { askEndless } from './ask-endless.ts';
import { type Endpoint, endpoints } from './endless-registry.ts';
import { json, type Answer } from './scripted-transport.ts';
import { fromArray } from '../../src/bytes/read.ts';
import type { Send } from '../../src/http/types.ts';

const scale = process.env.LADING_WHOLE === '1' ? 1 : 0.1;

/** Pages that are linked to the next one, up to a last one; nothing of them is kept. */
function paged(last: number, tags: (page: number) => readonly string[]): Send {
  return async ({ url }) => {
    const { pathname, searchParams } = new URL(url);
    const page = Number(searchParams.get('page') ?? 0);
    const link = page + 1 < last ? { link: `<${pathname}?page=${page + 1}>; rel="next"` } : {};
    const { headers, body } = json({ name: 'a', tags: tags(page) }) as Required<Answer>;
    const bytes = new TextEncoder().encode(String(body));
    return {
      status: 200,
      headers: { ...headers, ...link },
      url,
      body: fromArray(bytes),
      cancel: async () => undefined,
    };
  };
}

async function counted(send: Send, pages?: number): Promise<number> {
  const client = createClient({ transport: send, ...(pages === undefined ? {} : { limits: { pages } }) });
  let count = 0;
  for await (const _ of client.repository('reg.test/a').tags()) count++;
  return count;
}

/** Everything that a registry without an end has, one after the other. */
async function endless(host: string): Promise<string> {
  const transport = nodeTransport({ proxy: false });
  const outcomes: string[] = [];
  for (const endpoint of Object.keys(endpoints) as Endpoint[]) {
    const client = createClient({ transport, retry: { attempts: 1 } });
    const said = (error: unknown): string => (isOciError(error) ? error.code : String(error));
    outcomes.push(await askEndless(client, host, endpoint).then(() => 'an end', said));
  }
  return outcomes.join();
}

const tasks: Readonly<Record<string, (...words: readonly string[]) => Promise<string>>> = {
  async pages() {
    const cap = 100_000 * scale;
    let asked = 0;
    const send = paged(200_000 * scale, (page) => {
      asked++;
      return [`tag-${page}`];
    });
    return counted(send, cap).catch((error: unknown) => {
      if (isOciError(error)) return `${error.code} after ${asked} pages`;
      throw error;
    }) as Promise<string>;
  },
  async tags() {
    const send = paged(20_000 * scale, (page) => Array.from({ length: 100 }, (_, at) => `tag-${page}-${at}`));
    return `${await counted(send)} tags`;
  },
  endless: (host = '') => endless(host),
};

const [name = '', ...words] = process.argv.slice(2);
const before = process.memoryUsage.rss();
const outcome = await tasks[name]?.(...words);
const growth = process.resourceUsage().maxRSS / 1024 - before / 1024 / 1024;
console.log(JSON.stringify({ outcome, growth: Math.round(growth) }));
process.exit(0);

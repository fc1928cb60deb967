/** Servers of a test file, each closed when its test is over. */
import { afterEach } from 'node:test';
import { serve, type ServeOptions, type Served } from '../../src/node/serve/serve.ts';
import type { ServerOptions } from '../../src/server/app.ts';
import type { Handler } from '../../src/server/handler.ts';

export type Start = (what: Handler | ServerOptions, options?: ServeOptions) => Promise<Served>;

export function serveEach(): Start {
  const open: Served[] = [];
  afterEach(async () => {
    for (let served = open.pop(); served !== undefined; served = open.pop()) await served.close();
  });
  return async (what, options) => {
    const served = await serve(what, options);
    open.push(served);
    return served;
  };
}

/** An answer whose length is told. */
export function textAnswer(value: string): Response {
  return new Response(value, { headers: { 'Content-Length': String(value.length) } });
}

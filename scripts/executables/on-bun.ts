/** Runs on Bun the tests of what is another there: connections over its own sockets. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fetchRuntime } from './fetch-runtime.ts';
import { hostTarget } from './targets.ts';

/** Those of TLS and of proxies need hooks of `node:test` that Bun has not; the command's own tests go over both. */
const TRANSPORT = /^transport(?:-answers|-faults|-lookup|-upload)?\.test\.ts$/;

/** @param runtimes the folder of fetched runtimes */
export function passOnBun(only: string, runtimes: string): boolean {
  const transport = readdirSync('test/node').filter((name) => TRANSPORT.test(name));
  const wire = readdirSync('test/node/wire').map((name) => `wire/${name}`);
  const files = [...transport, ...wire].map((name) => `./test/node/${name}`).filter((file) => file.includes(only));
  if (files.length === 0) return true;
  const bun = fetchRuntime(hostTarget().runtimes.bun, runtimes);
  return spawnSync(bun, ['test', '--conditions=source', ...files], { stdio: 'inherit' }).status === 0;
}

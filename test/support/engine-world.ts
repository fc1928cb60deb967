/** Commands beside a docker engine of their own: a registry, a folder, and lines that are run or refused. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type CliOptions, type CliResult, cli } from './cli.ts';
import { openWorld, type World } from './cli-world.ts';
import { type FakeEngine, type FakeEngineOptions, startFakeEngine } from './fake-engine.ts';
import { temporaryDirectory } from './real/temporary.ts';

export interface EngineWorld {
  readonly world: World;
  /** Where commands run. */
  readonly folder: string;
  /** Runs a line; `REGISTRY` is the registry's name in it, and in what comes back `ENGINE` that of the engine. */
  run(line: string, engine?: FakeEngine, options?: CliOptions): Promise<CliResult>;
  /** @returns what a line printed that has to succeed */
  done(line: string, engine?: FakeEngine, options?: CliOptions): Promise<string>;
  refused(line: string, code: number, says: RegExp, engine?: FakeEngine): Promise<void>;
  close(): Promise<void>;
}

/** An engine that ends with the test. */
export async function engineFor(t: TestContext, options?: FakeEngineOptions): Promise<FakeEngine> {
  const engine = await startFakeEngine(options);
  t.after(() => engine.close());
  return engine;
}

export async function openEngineWorld(): Promise<EngineWorld> {
  const world = await openWorld();
  const folder = await temporaryDirectory('daemon');
  const run: EngineWorld['run'] = async (line, engine, options = {}) => {
    const argv = line.split(' ').map((word) => word.replaceAll('REGISTRY', world.host));
    const env = { ...(engine && { DOCKER_HOST: engine.host }), ...options.env };
    const result = await cli(argv, { cwd: folder.path, ...options, env });
    const neutral = (text: string): string => world.neutral(text).replaceAll(engine?.host ?? 'ENGINE', 'ENGINE');
    return { ...result, stdout: neutral(result.stdout), stderr: neutral(result.stderr) };
  };
  return {
    world,
    folder: folder.path,
    run,
    async done(line, engine, options) {
      const { code, stdout, stderr } = await run(line, engine, options);
      assert.equal(code, 0, `${line}: ${stderr}`);
      return stdout;
    },
    async refused(line, code, says, engine) {
      const result = await run(line, engine);
      assert.match(result.stderr, says);
      assert.equal(result.code, code, result.stderr);
    },
    async close() {
      await world.close();
      await folder.remove();
    },
  };
}

/**
 * Lets threads run the sources, too: on a Node without synchronous hooks tsx loads TypeScript in the main thread only, and a transfer
 * thread that cannot be loaded is done without. To be called before the first one is started.
 */
import module, { syncBuiltinESMExports } from 'node:module';
import type { WorkerOptions } from 'node:worker_threads';

export function loadSourcesInThreads(): void {
  if ('registerHooks' in module) return;
  const threads = process.getBuiltinModule('node:worker_threads');
  const { Worker } = threads;
  const loader = JSON.stringify(import.meta.resolve('tsx/esm/api'));
  threads.Worker = class extends Worker {
    constructor(file: string | URL, options: WorkerOptions = {}) {
      const source = `import { register } from ${loader}; register(); await import(${JSON.stringify(String(file))});`;
      const isSource = String(file).endsWith('.ts');
      super(isSource ? new URL(`data:text/javascript,${encodeURIComponent(source)}`) : file, options);
    }
  };
  syncBuiltinESMExports();
}

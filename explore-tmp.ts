import { cells, noCells } from '/tmp/m5/test/reliability/matrix-cells.ts';
import { runCell } from '/tmp/m5/test/reliability/matrix-run.ts';
import { startWorld } from '/tmp/m5/test/reliability/matrix-world.ts';
import { appendFileSync } from 'node:fs';
const kind = (process.argv[2] ?? 'lading') as 'lading';
const filter = new RegExp(process.argv[3] ?? '.');
const out = process.argv[4] ?? '/tmp/explore.txt';
const list = cells.filter((c) => filter.test(`${c.fault} ${c.name}`));
console.log(cells.length, noCells.length, list.length);
const queue = list.flatMap((cell, at) => (['once', 'persistent'] as const).map((way) => ({ cell, way, at })));
const began = Date.now();
await Promise.all(Array.from({ length: 3 }, async (_, lane) => {
  const world = await startWorld(kind, lane + 1);
  for (let job = queue.shift(); job; job = queue.shift()) {
    const t = Date.now();
    const outcome = await runCell(world, job.cell, job.way, `${job.at}${job.way}`);
    appendFileSync(out, `${job.cell.fault}\t${job.cell.name}\t${job.way}\t${typeof outcome === 'string' ? outcome : JSON.stringify(outcome.wrong.slice(0, 600))}\t${Date.now() - t}\n`);
  }
  await world.stop();
}));
console.log('done', Date.now() - began, process.getActiveResourcesInfo());

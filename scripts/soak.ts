/**
 * npm run soak -- --operations 10000 [--seed S]: mixed operations between registries and layouts while something happens to every
 * twentieth request. Everything that succeeds is looked at byte by byte. It fails on a wrong byte, an error without a type, a leak, or
 * memory that grows.
 */
import { parseArgs } from 'node:util';
import { missingTools } from '../test/support/real/find-tool.ts';
import { soak, type SoakReport } from '../test/support/soak/soak.ts';

const MiB = 1024 * 1024;
/** For a thousand operations. What the allocator keeps of the process comes and goes by some MiB; what is in use does not. */
const maxGrowth = { heap: MiB, rss: 3 * MiB } as const;

const { values } = parseArgs({ options: { operations: { type: 'string' }, seed: { type: 'string' } } });
const operations = numberOf(values.operations ?? '10000', 'operations');
const seed = numberOf(values.seed ?? String(Date.now() % 1_000_000), 'seed');
console.log(
  `${operations} operations, seed ${seed}${missingTools().includes('docker-registry') ? ', without docker-registry' : ''}`,
);

const report = await soak({
  operations,
  seed,
  onRound(done, { descriptors, resources, rss, heap }) {
    const memory = `${(rss / MiB).toFixed(1)} MiB, ${(heap / MiB).toFixed(1)} of them in use`;
    console.log(
      `${String(done).padStart(8)} done, ${descriptors} descriptors, ${resources.length} resources, ${memory}`,
    );
  },
});
print(report);
process.exitCode = problemsOf(report).length === 0 ? 0 : 1;

function print({ counts, codes, wrong, untyped, struck, growth }: SoakReport): void {
  console.log(`\n${'operation'.padEnd(12)}${'done'.padStart(8)}${'with an error'.padStart(16)}`);
  for (const [name, { done, failed }] of [...counts].sort(byName))
    console.log(`${name.padEnd(12)}${String(done).padStart(8)}${String(failed).padStart(16)}`);
  console.log(`\n${struck} requests were spoiled`);
  console.log(
    `errors: ${
      [...codes]
        .sort(byName)
        .map(([code, count]) => `${count} ${code}`)
        .join(', ') || 'none'
    }`,
  );
  if (growth !== undefined) {
    const [heap, rss] = [growth.heap, growth.rss].map((bytes) => `${(bytes / MiB).toFixed(2)} MiB`);
    console.log(`a thousand operations more: ${heap} in use, ${rss} of the process`);
  }
  for (const { operation, detail } of [...wrong, ...untyped].slice(0, 10)) console.log(`\n${operation}: ${detail}`);
  for (const line of problemsOf(report)) console.log(`FAILED: ${line}`);
  if (problemsOf(report).length === 0) console.log('no wrong byte, no error without a type, no leak, no growth');
}

function byName([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one.localeCompare(other);
}

function problemsOf({ wrong, untyped, leaked, growth }: SoakReport): string[] {
  const grown = (['heap', 'rss'] as const).filter((name) => growth !== undefined && growth[name] > maxGrowth[name]);
  return [
    ...(wrong.length === 0 ? [] : [`${wrong.length} times something was wrong`]),
    ...(untyped.length === 0 ? [] : [`${untyped.length} errors without a type`]),
    ...(leaked.length === 0 ? [] : [`left: ${leaked.join(', ')}`]),
    ...grown.map((name) => `${name} grows by ${((growth?.[name] ?? 0) / MiB).toFixed(2)} MiB a thousand operations`),
  ];
}

function numberOf(text: string, what: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0) return number;
  console.error(`--${what} is a number`);
  process.exit(2);
}

/**
 * The tests that an executable does not pass, and why. A test that stands here and passes is an error, as one that does not stand here
 * and fails.
 */
import { MAKERS, type Maker } from './targets.ts';

export interface LeftOut {
  readonly file: string;
  /** The beginning of its title. */
  readonly title: string;
  readonly reason: string;
  /** The executables that do not pass it. */
  readonly of: readonly Maker[];
}

const otherGzip = {
  reason: 'the zlib of Bun makes other gzip data of the same bytes than that of Node.js, and so another digest',
  of: ['bun'],
} as const;
const loaded = {
  reason: 'the test loads code of its own into the process by NODE_OPTIONS, which an executable does not read',
  of: MAKERS,
} as const;
const unread = {
  reason:
    'who reads the archive is at its end before the decoder of zstd that the runtime has unpacks the bomb behind it; so it is on Node.js 24',
  of: MAKERS,
} as const;

const bounded = {
  reason: 'the test bounds the heap by options of Node.js, which an executable does not take',
  of: MAKERS,
} as const;

const threadless = {
  reason:
    'an executable of Node.js is one module, without a file for its threads: it moves large blobs in its main thread',
  of: ['node'],
} as const;

export const LEFT_OUT: readonly LeftOut[] = [
  ...['pull', 'push', 'copy'].map((verb) => ({
    file: 'test/cli/large-blobs.test.ts',
    title: `of a ${verb}`,
    ...threadless,
  })),
  { file: 'test/cli/convert.test.ts', title: 'puts an image in other media types', ...otherGzip },
  { file: 'test/cli/convert.test.ts', title: 'to the disk and from it', ...otherGzip },
  { file: 'test/cli/flatten.test.ts', title: 'does it for every platform, or for one', ...otherGzip },
  ...['artifact', 'change', 'extract', 'read'].map((name) => ({
    file: `test/hostile/${name}.test.ts`,
    title: 'bombs, of zstd, 32 000 to 1',
    ...unread,
  })),
  ...['pull', 'copy', 'login', 'push', 'gc'].map((verb) => ({
    file: 'test/reliability/crash.test.ts',
    title: `G36: ${verb},`,
    ...loaded,
  })),
  ...['--version loads', '-V loads', 'the help loads', 'a digest is asked for'].map((title) => ({
    file: 'test/cli/start.test.ts',
    title,
    ...loaded,
  })),
  ...['a million tags are listed', 'a hundred thousand repositories are'].map((title) => ({
    file: 'test/scale/memory.test.ts',
    title,
    ...bounded,
  })),
];

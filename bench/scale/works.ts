/** What is done in growing sizes: ours alone, because the question is how cost grows, not who is faster. */

export type Kind = 'blob' | 'tags' | 'repositories' | 'layers' | 'children' | 'files';

export interface Series {
  readonly kind: Kind;
  readonly title: string;
  /** What a size counts. */
  readonly unit: 'MiB' | 'tags' | 'repositories' | 'layers' | 'images' | 'files';
  readonly sizes: readonly number[];
  /** May memory grow with the size? Then at most as the documents do, which are read whole. */
  readonly memory: 'flat' | 'as documents';
  /** @param host of a registry that offers so much, see server.ts; @param layout a directory that is not there */
  readonly words: (host: string, layout: string) => readonly string[];
}

const quiet = ['--progress', 'none'] as const;
const pull = (host: string, layout: string): readonly string[] => ['pull', `${host}/scale:1`, layout, ...quiet];

export const allSeries: readonly Series[] = [
  {
    kind: 'blob',
    title: 'Pull of one layer',
    unit: 'MiB',
    sizes: [16, 64, 256, 1024, 4096],
    memory: 'flat',
    words: pull,
  },
  {
    kind: 'tags',
    title: 'List of tags',
    unit: 'tags',
    sizes: [1000, 10_000, 100_000, 1_000_000],
    memory: 'flat',
    words: (host) => ['tags', `${host}/scale`],
  },
  {
    kind: 'repositories',
    title: 'List of repositories',
    unit: 'repositories',
    sizes: [1000, 10_000, 100_000],
    memory: 'flat',
    words: (host) => ['repos', host],
  },
  {
    kind: 'layers',
    title: 'Pull of an image with many layers',
    unit: 'layers',
    sizes: [10, 100, 1000, 10_000],
    memory: 'as documents',
    words: pull,
  },
  {
    kind: 'children',
    title: 'Pull of an index with many images',
    unit: 'images',
    sizes: [10, 100, 1000],
    memory: 'as documents',
    words: pull,
  },
  {
    kind: 'files',
    title: 'List of the files of an image with two layers',
    unit: 'files',
    sizes: [100, 1000, 10_000, 100_000],
    memory: 'as documents',
    words: (host) => ['files', '--recursive', `${host}/scale:1`],
  },
];

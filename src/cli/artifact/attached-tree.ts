/** What is attached to an image as the lines of a tree. What of it is wanted is decided elsewhere; what leads to that is drawn, too. */
import { annotationsOf, type Attached, createdOf } from '../../image/attached/attachment.ts';
import { formatPlatform } from '../../model/platform.ts';
import { type Piece, styled } from '../terminal/style.ts';

export interface TreeOptions {
  /** The image's name, with its digest. */
  readonly name: string;
  readonly root: string;
  readonly wanted: ReadonlySet<Attached>;
  /** Annotations, too. */
  readonly isLong: boolean;
}

interface Node {
  readonly line: readonly Piece[];
  readonly children: readonly Node[];
}

/** The lines: the image, what hangs on it, then its platforms with what hangs on each. */
export function attachedTree(all: readonly Attached[], options: TreeOptions): Piece[][] {
  const { root, name } = options;
  const groups = new Map<string, Attached[]>();
  for (const one of all) groups.set(one.subject, [...(groups.get(one.subject) ?? []), one]);
  const drawn = new Set<string>();
  const nodesOn = (subject: string): Node[] => {
    // What hangs on two things has one tree of its own.
    if (drawn.size === drawn.add(subject).size) return [];
    return (groups.get(subject) ?? []).flatMap((one) => {
      const below = nodesOn(one.descriptor.digest);
      if (below.length === 0 && !options.wanted.has(one)) return [];
      return [{ line: lineOf(one, options), children: [...(options.isLong ? annotationsIn(one) : []), ...below] }];
    });
  };
  const own = nodesOn(root);
  const images = [...platformsIn(all, root)].flatMap(([digest, platform]): Node[] => {
    const children = nodesOn(digest);
    return children.length === 0 ? [] : [{ line: [platform, '  ', styled(digest, 'dim')], children }];
  });
  return [[styled(name, 'bold')], ...drawNodes([...own, ...images], '')];
}

/** The images of an index that something hangs on. */
function platformsIn(all: readonly Attached[], root: string): ReadonlyMap<string, string> {
  return new Map(
    all.flatMap(({ depth, platform, subject }) =>
      depth > 1 || subject === root ? [] : [[subject, platform ? formatPlatform(platform) : 'image'] as const],
    ),
  );
}

function lineOf(one: Attached, { wanted }: TreeOptions): Piece[] {
  const { digest, artifactType = 'of no type' } = one.descriptor;
  const notes = [...(one.predicateTypes ?? []), createdOf(one), schemeOf(one)].filter((note) => note !== undefined);
  return [
    styled(artifactType, wanted.has(one) ? 'cyan' : 'dim'),
    '  ',
    digest,
    ...notes.flatMap((note) => ['  ', styled(note, 'dim')]),
  ];
}

/** How it is known, where that is not by the referrers API. */
export function schemeOf({ scheme, tag }: Attached): string | undefined {
  if (scheme === 'cosign') return `cosign ${tag?.replace(/^.*(?=\.)/, '') ?? ''}`;
  if (scheme === 'buildkit') return 'BuildKit';
  return scheme === 'fallback-tag' ? 'fallback tag' : undefined;
}

function annotationsIn(one: Attached): Node[] {
  return Object.entries(annotationsOf(one)).map(([name, value]) => ({
    line: [styled(`${name}: `, 'dim'), value],
    children: [],
  }));
}

function drawNodes(nodes: readonly Node[], indent: string): Piece[][] {
  return nodes.flatMap(({ line, children }, at) => {
    const isLast = at === nodes.length - 1;
    return [
      [`${indent}${isLast ? '└── ' : '├── '}`, ...line],
      ...drawNodes(children, `${indent}${isLast ? '    ' : '│   '}`),
    ];
  });
}

/**
 * The works: what is asked of every contestant, of which image, and from how far. How a contestant says it is words.ts, where the runs
 * happen is stage.ts. The works of the group `scale` are in scale/.
 */

export const groups = ['pull', 'push', 'copy', 'list', 'latency', 'distance', 'memory', 'scale'] as const;
export type Group = (typeof groups)[number];

/** What a contestant may be able to do. */
export type Action = 'version' | 'digest' | 'digests' | 'pull' | 'copy' | 'push' | 'tags' | 'repos';

/** The images of corpus.ts. */
export type Image = 'small' | 'large' | 'platforms';

/** What it is done with: an image, one repository with many tags of it, or a registry of long lists. */
export type Subject = Image | 'many' | 'lists';

export interface Work {
  readonly group: Group;
  readonly title: string;
  readonly action: Action;
  readonly subject: Subject;
  /** Is what has to be done already done, by the warm-up? Else every run has a target of its own. */
  readonly standing?: true;
  /** Is there a round trip of {@link ROUND_TRIP_MS} to every registry? */
  readonly far?: true;
  /** Only ours: the peers' memory is their own affair. */
  readonly alone?: true;
  /** At most so many rounds. */
  readonly rounds?: number;
}

export const ROUND_TRIP_MS = 50;
export const MANY_TAGS = 500;
export const LISTED_TAGS = 5000;
export const LISTED_REPOSITORIES = 2000;
/** What registries give at most on one page. */
export const PAGE = 1000;

/** Of repository `at` of the long list, and of a tag: as many digits everywhere, so that order is number. */
export const listedName = (at: number): string => `n${String(at).padStart(4, '0')}`;

const heavy = (['pull', 'push', 'copy'] as const).map((action): Work => {
  const titles = { pull: 'Pull to a layout', push: 'Push from a layout', copy: 'Copy from registry to registry' };
  return { group: action, title: titles[action], action, subject: 'large' };
});

const list: readonly Work[] = [
  {
    group: 'list',
    title: `Digests of ${MANY_TAGS} tags (one by one where there is no command for it)`,
    action: 'digests',
    subject: 'many',
  },
  { group: 'list', title: `List of ${LISTED_TAGS} tags`, action: 'tags', subject: 'lists' },
  { group: 'list', title: `List of ${LISTED_REPOSITORIES} repositories`, action: 'repos', subject: 'lists' },
];

const latency: readonly Work[] = [
  { group: 'latency', title: 'Version', action: 'version', subject: 'small' },
  { group: 'latency', title: 'Digest of a tag', action: 'digest', subject: 'small' },
  { group: 'latency', title: 'Copy of what is there already', action: 'copy', subject: 'small', standing: true },
  { group: 'latency', title: 'Pull of what is there already', action: 'pull', subject: 'small', standing: true },
];

const distance = (
  [
    { title: 'Digest of a tag', action: 'digest', subject: 'small' },
    { title: 'Copy of an index of 4 platforms', action: 'copy', subject: 'platforms' },
    { title: 'Copy of what is there already', action: 'copy', subject: 'small', standing: true },
    { title: `List of ${LISTED_TAGS} tags`, action: 'tags', subject: 'lists' },
    { title: `List of ${LISTED_REPOSITORIES} repositories`, action: 'repos', subject: 'lists' },
  ] as const
).map((work): Work => ({ ...work, group: 'distance', title: `${work.title}, ${ROUND_TRIP_MS} ms away`, far: true }));

const memory = (['small', 'large'] as const).flatMap((subject) =>
  heavy.map(
    ({ title, action }): Work => ({
      group: 'memory',
      title: `${title}, ${subject}`,
      action,
      subject,
      alone: true,
      rounds: 5,
    }),
  ),
);

export const works: readonly Work[] = [...heavy, ...list, ...latency, ...distance, ...memory];
